/* The passes of one sample type, see by_sample.h, by the widest vector that the CPU has and the row
 * fills. */

static inline void TYPED(framecap_mix_rows)(int16_t *out, const SAMPLE *const *rows,
                                            const int16_t *weights, int span, ptrdiff_t n,
                                            int shift, int32_t most)
{
#if FRAMECAP_X86
    if (sizeof(SAMPLE) == 1 && n >= 16 && framecap_is_mean(weights, span)) {
        if (n >= 32 && framecap_has_avx2())
            framecap_mean_rows_avx2(out, (const uint8_t *const *)rows, span, n);
        else
            framecap_mean_rows_sse2(out, (const uint8_t *const *)rows, span, n);
        return;
    }
    if (n >= 16) {
        if (n >= 32 && framecap_has_avx2())
            AVX2(framecap_mix_rows)(out, rows, weights, span, n, shift, most);
        else
            SSE2(framecap_mix_rows)(out, rows, weights, span, n, shift, most);
        return;
    }
#endif
    PLAIN(framecap_mix_rows)(out, rows, weights, span, n, shift, most);
}

static inline void TYPED(framecap_settle_rows)(SAMPLE *out, const SAMPLE *const *rows,
                                               const int16_t *weights, int span, ptrdiff_t n,
                                               int shift, int extra, int32_t most)
{
#if FRAMECAP_X86
    if (n >= 16) {
        if (n >= 32 && framecap_has_avx2())
            AVX2(framecap_settle_rows)(out, rows, weights, span, n, shift, extra, most);
        else
            SSE2(framecap_settle_rows)(out, rows, weights, span, n, shift, extra, most);
        return;
    }
#endif
    PLAIN(framecap_settle_rows)(out, rows, weights, span, n, shift, extra, most);
}

static inline void TYPED(framecap_mix_columns)(SAMPLE *out, const int16_t *row,
                                               const framecap_taps *taps, int shift, int32_t most)
{
#if FRAMECAP_X86
    if (taps->count >= 8) {
        if (taps->count >= 16 && framecap_has_avx2())
            AVX2(framecap_mix_columns)(out, row, taps, shift, most);
        else
            SSE2(framecap_mix_columns)(out, row, taps, shift, most);
        return;
    }
#endif
    PLAIN(framecap_mix_columns)(out, row, taps, shift, most);
}
