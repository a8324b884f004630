/* Linear combinations by one vector type, see by_vector.h, of one sample type, see by_sample.h.
 * Rows have at least BYTES samples. The last vector overlaps the one before. */

TARGET static void NAME(TYPED(framecap_mix3))(uint8_t *restrict out, const SAMPLE *a,
                                              const SAMPLE *b, const SAMPLE *c, int n, int32_t ka,
                                              int32_t kb, int32_t kc, int32_t bias, int shift)
{
    const VECTOR kab = NAME(framecap_both)(ka, kb), kc0 = NAME(framecap_both)(kc, 0);
    const VECTOR start = OP(set1_epi32)(bias);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    for (int x = 0; x < n; x += BYTES) {
        x = x + BYTES <= n ? x : n - BYTES;
        const int y = x + BYTES / 2;
        const VECTOR p = NAME(framecap_mixed)(
            NAME(TYPED(framecap_wide))(a + x), NAME(TYPED(framecap_wide))(b + x),
            NAME(TYPED(framecap_wide))(c + x), kab, kc0, start, bits);
        const VECTOR q = NAME(framecap_mixed)(
            NAME(TYPED(framecap_wide))(a + y), NAME(TYPED(framecap_wide))(b + y),
            NAME(TYPED(framecap_wide))(c + y), kab, kc0, start, bits);
        STORE(out + x, NAME(framecap_in_order)(OP(packus_epi16)(p, q)));
    }
}

TARGET static void NAME(TYPED(framecap_mix2))(uint8_t *restrict out, const SAMPLE *a,
                                              const SAMPLE *b, int n, int32_t ka, int32_t kb,
                                              int32_t bias, int shift)
{
    const VECTOR kab = NAME(framecap_both)(ka, kb), start = OP(set1_epi32)(bias);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    for (int x = 0; x < n; x += BYTES) {
        VECTOR halves[2];
        x = x + BYTES <= n ? x : n - BYTES;
        for (int i = 0; i < 2; i++) {
            const VECTOR p = NAME(TYPED(framecap_wide))(a + x + i * (BYTES / 2));
            const VECTOR q = NAME(TYPED(framecap_wide))(b + x + i * (BYTES / 2));
            halves[i] = NAME(framecap_shifted)(
                OP(add_epi32)(OP(madd_epi16)(OP(unpacklo_epi16)(p, q), kab), start),
                OP(add_epi32)(OP(madd_epi16)(OP(unpackhi_epi16)(p, q), kab), start), bits);
        }
        STORE(out + x, NAME(framecap_in_order)(OP(packus_epi16)(halves[0], halves[1])));
    }
}

/* An even number of samples, b and c at half the columns of a. */
TARGET static void NAME(TYPED(framecap_mix3_halved))(uint8_t *restrict out, const SAMPLE *a,
                                                     const SAMPLE *b, const SAMPLE *c, int n,
                                                     int32_t ka, int32_t kb, int32_t kc,
                                                     int32_t bias, int shift)
{
    const VECTOR kbc = NAME(framecap_both)(kb, kc), ka0 = NAME(framecap_both)(ka, 0);
    const VECTOR start = OP(set1_epi32)(bias), zero = ZERO;
    const __m128i bits = _mm_cvtsi32_si128(shift);
    for (int x = 0; x < n; x += BYTES) {
        VECTOR halves[2], shared[2];
        x = x + BYTES <= n ? x : n - BYTES;
        const VECTOR p = NAME(framecap_in_order)(NAME(TYPED(framecap_wide))(b + x / 2));
        const VECTOR q = NAME(framecap_in_order)(NAME(TYPED(framecap_wide))(c + x / 2));
        shared[0] = OP(add_epi32)(OP(madd_epi16)(OP(unpacklo_epi16)(p, q), kbc), start);
        shared[1] = OP(add_epi32)(OP(madd_epi16)(OP(unpackhi_epi16)(p, q), kbc), start);
        for (int i = 0; i < 2; i++) {
            const VECTOR y = NAME(TYPED(framecap_wide))(a + x + i * (BYTES / 2));
            halves[i] = NAME(framecap_shifted)(
                OP(add_epi32)(OP(madd_epi16)(OP(unpacklo_epi16)(y, zero), ka0),
                              OP(unpacklo_epi32)(shared[i], shared[i])),
                OP(add_epi32)(OP(madd_epi16)(OP(unpackhi_epi16)(y, zero), ka0),
                              OP(unpackhi_epi32)(shared[i], shared[i])),
                bits);
        }
        STORE(out + x, NAME(framecap_in_order)(OP(packus_epi16)(halves[0], halves[1])));
    }
}
