/* Linear combinations of rows of one sample type, see by_sample.h. The bias contains the rounding
 * and the offsets of input and output, so that a result is clamp((sum + bias) >> shift). */

FRAMECAP_CLONES static void PLAIN(framecap_mix1)(uint8_t *restrict out, const SAMPLE *restrict a,
                                                 int n, int32_t ka, int32_t bias, int shift)
{
    for (int x = 0; x < n; x++)
        out[x] = framecap_byte((ka * a[x] + bias) >> shift);
}

FRAMECAP_CLONES static void PLAIN(framecap_mix2)(uint8_t *restrict out, const SAMPLE *restrict a,
                                                 const SAMPLE *restrict b, int n, int32_t ka,
                                                 int32_t kb, int32_t bias, int shift)
{
    for (int x = 0; x < n; x++)
        out[x] = framecap_byte((bias + ka * a[x] + kb * b[x]) >> shift);
}

FRAMECAP_CLONES static void PLAIN(framecap_mix3)(uint8_t *restrict out, const SAMPLE *restrict a,
                                                 const SAMPLE *restrict b, const SAMPLE *restrict c,
                                                 int n, int32_t ka, int32_t kb, int32_t kc,
                                                 int32_t bias, int shift)
{
    for (int x = 0; x < n; x++)
        out[x] = framecap_byte((bias + ka * a[x] + kb * b[x] + kc * c[x]) >> shift);
}

/* Takes b and c at half the columns of a. */
FRAMECAP_CLONES static void PLAIN(framecap_mix3_halved)(
    uint8_t *restrict out, const SAMPLE *restrict a, const SAMPLE *restrict b,
    const SAMPLE *restrict c, int n, int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)
{
    for (int x = 0; x < n / 2; x++) {
        const int32_t shared = bias + kb * b[x] + kc * c[x];
        out[2 * x] = framecap_byte((shared + ka * a[2 * x]) >> shift);
        out[2 * x + 1] = framecap_byte((shared + ka * a[2 * x + 1]) >> shift);
    }
    if (n & 1) {
        const int32_t shared = bias + kb * b[n / 2] + kc * c[n / 2];
        out[n - 1] = framecap_byte((shared + ka * a[n - 1]) >> shift);
    }
}

/* The functions from here on dispatch to the best variant for the processor. */

static inline void TYPED(framecap_mix2)(uint8_t *out, const SAMPLE *a, const SAMPLE *b, int n,
                                        int32_t ka, int32_t kb, int32_t bias, int shift)
{
#if FRAMECAP_X86
    if (n >= 16 && framecap_is_short(ka) && framecap_is_short(kb)) {
        const int32_t raised = framecap_raised(bias, ka + kb, sizeof *a);
        if (n >= 32 && framecap_has_avx2())
            AVX2(framecap_mix2)(out, a, b, n, ka, kb, raised, shift);
        else
            SSE2(framecap_mix2)(out, a, b, n, ka, kb, raised, shift);
        return;
    }
#endif
    PLAIN(framecap_mix2)(out, a, b, n, ka, kb, bias, shift);
}

/* A second plane without weight costs less than products of 32 bits. */
static inline void TYPED(framecap_mix1)(uint8_t *out, const SAMPLE *a, int n, int32_t ka,
                                        int32_t bias, int shift)
{
#if FRAMECAP_X86
    if (n >= 16 && framecap_is_short(ka)) {
        const int32_t raised = framecap_raised(bias, ka, sizeof *a);
        if (n >= 32 && framecap_has_avx2())
            AVX2(framecap_mix2)(out, a, a, n, ka, 0, raised, shift);
        else
            SSE2(framecap_mix2)(out, a, a, n, ka, 0, raised, shift);
        return;
    }
#endif
    PLAIN(framecap_mix1)(out, a, n, ka, bias, shift);
}

static inline void TYPED(framecap_mix3)(uint8_t *out, const SAMPLE *a, const SAMPLE *b,
                                        const SAMPLE *c, int n, int32_t ka, int32_t kb, int32_t kc,
                                        int32_t bias, int shift)
{
#if FRAMECAP_X86
    if (n >= 16 && framecap_is_short(ka) && framecap_is_short(kb) && framecap_is_short(kc)) {
        const int32_t raised = framecap_raised(bias, ka + kb + kc, sizeof *a);
        if (n >= 32 && framecap_has_avx2())
            AVX2(framecap_mix3)(out, a, b, c, n, ka, kb, kc, raised, shift);
        else
            SSE2(framecap_mix3)(out, a, b, c, n, ka, kb, kc, raised, shift);
        return;
    }
#endif
    PLAIN(framecap_mix3)(out, a, b, c, n, ka, kb, kc, bias, shift);
}

static inline void TYPED(framecap_halved)(uint8_t *out, const SAMPLE *a, const SAMPLE *b,
                                          const SAMPLE *c, int n, int32_t ka, int32_t kb,
                                          int32_t kc, int32_t bias, int shift)
{
#if FRAMECAP_X86
    if (n >= 16 && framecap_is_short(ka) && framecap_is_short(kb) && framecap_is_short(kc)) {
        const int32_t raised = framecap_raised(bias, ka + kb + kc, sizeof *a);
        if (n >= 32 && framecap_has_avx2())
            AVX2(framecap_mix3_halved)(out, a, b, c, n, ka, kb, kc, raised, shift);
        else
            SSE2(framecap_mix3_halved)(out, a, b, c, n, ka, kb, kc, raised, shift);
        return;
    }
#endif
    PLAIN(framecap_mix3_halved)(out, a, b, c, n, ka, kb, kc, bias, shift);
}

/* Vectors take pairs of columns; an odd last one goes by itself. */
static inline void TYPED(framecap_mix3_halved)(uint8_t *out, const SAMPLE *a, const SAMPLE *b,
                                               const SAMPLE *c, int n, int32_t ka, int32_t kb,
                                               int32_t kc, int32_t bias, int shift)
{
    const int even = n & ~1;
    TYPED(framecap_halved)(out, a, b, c, even, ka, kb, kc, bias, shift);
    if (n > even)
        PLAIN(framecap_mix3_halved)(out + even, a + even, b + even / 2, c + even / 2, 1, ka, kb, kc,
                                    bias, shift);
}
