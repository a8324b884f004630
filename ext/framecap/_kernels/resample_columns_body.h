/* Columns mixed by vector for one sample type, see by_sample.h; there are at least 8 results. */

static void SSE2(framecap_mix_columns)(SAMPLE *restrict out, const int16_t *row,
                                       const framecap_taps *taps, int shift, int32_t most)
{
    const __m128i top = _mm_set1_epi16((int16_t)most);
    for (int x = 0; x < taps->count; x += 8) {
        x = x + 8 <= taps->count ? x : taps->count - 8;
        TYPED(framecap_put)(out + x, framecap_eight_sse2(row, taps, x, shift), top);
    }
}

/* Each width has its own loop, so that no iteration tests the width. */
FRAMECAP_AVX2 static void AVX2(framecap_mix_columns)(SAMPLE *restrict out, const int16_t *row,
                                                     const framecap_taps *taps, int shift,
                                                     int32_t most)
{
    const int32_t *starts = taps->starts;
    const int16_t *weights = taps->weights;
    const uint8_t *pairs = taps->pairs;
    const int count = taps->count, width = taps->width;
    const ptrdiff_t step = 8 * (ptrdiff_t)width;
    const __m256i half = _mm256_set1_epi32((1 << shift) >> 1);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    const __m128i top = _mm_set1_epi16((int16_t)most);
    int x = 0;
    if (pairs != NULL)
        for (; x + 8 <= count; x += 8, starts += 8, weights += step) {
            const __m256i sums = framecap_eight_of_pairs(row, starts, weights, pairs + 8 * x);
            TYPED(framecap_put)(out + x, framecap_packed(sums, half, bits, 4), top);
        }
    else if (width == 4)
        for (; x + 8 <= count; x += 8, starts += 8, weights += step) {
            const __m256i sums = framecap_eight_of_4(row, starts, weights);
            TYPED(framecap_put)(out + x, framecap_packed(sums, half, bits, 4), top);
        }
    else if (width == 8)
        for (; x + 8 <= count; x += 8, starts += 8, weights += step) {
            const __m256i sums = framecap_eight_of_8(row, starts, weights);
            TYPED(framecap_put)(out + x, framecap_packed(sums, half, bits, 8), top);
        }
    else if (width == 16)
        for (; x + 8 <= count; x += 8, starts += 8, weights += step) {
            const __m256i sums = framecap_eight_of_16(row, starts, weights, 16);
            TYPED(framecap_put)(out + x, framecap_packed(sums, half, bits, 16), top);
        }
    else
        for (; x + 8 <= count; x += 8, starts += 8, weights += step) {
            const __m256i sums = framecap_eight_of_16(row, starts, weights, width);
            TYPED(framecap_put)(out + x, framecap_packed(sums, half, bits, 16), top);
        }
    if (x < count)
        TYPED(framecap_put)(out + count - 8, framecap_eight_avx2(row, taps, count - 8, shift), top);
}
