/* Resampling by vector, see by_vector.h.
 *
 * Intermediate samples have 16 bits, so that pmaddwd multiplies them and adds pairs of products in
 * 32 bits: of two rows in the first pass, of two columns in the second. */

/* Adds the products of two vectors of pairs and their pairs of weights. */
TARGET static inline VECTOR NAME(framecap_add2)(VECTOR sum, VECTOR ab, VECTOR v, VECTOR cd,
                                                VECTOR w)
{
    return OP(add_epi32)(sum, OP(add_epi32)(OP(madd_epi16)(ab, v), OP(madd_epi16)(cd, w)));
}

/* Adds the weighted sums of four rows, BYTES columns wide; each of `sums` has a quarter of them. */
TARGET static inline void NAME(framecap_add4_u8)(VECTOR sums[4], const uint8_t *const *rows,
                                                 const int16_t *weights, ptrdiff_t x)
{
    const VECTOR zero = ZERO;
    const VECTOR v = OP(set1_epi32)(framecap_pair(weights));
    const VECTOR w = OP(set1_epi32)(framecap_pair(weights + 2));
    const VECTOR a = LOAD(rows[0] + x), b = LOAD(rows[1] + x);
    const VECTOR c = LOAD(rows[2] + x), d = LOAD(rows[3] + x);
    const VECTOR ab0 = OP(unpacklo_epi8)(a, b), ab1 = OP(unpackhi_epi8)(a, b);
    const VECTOR cd0 = OP(unpacklo_epi8)(c, d), cd1 = OP(unpackhi_epi8)(c, d);
    sums[0] = NAME(framecap_add2)(sums[0], OP(unpacklo_epi8)(ab0, zero), v,
                                  OP(unpacklo_epi8)(cd0, zero), w);
    sums[1] = NAME(framecap_add2)(sums[1], OP(unpackhi_epi8)(ab0, zero), v,
                                  OP(unpackhi_epi8)(cd0, zero), w);
    sums[2] = NAME(framecap_add2)(sums[2], OP(unpacklo_epi8)(ab1, zero), v,
                                  OP(unpacklo_epi8)(cd1, zero), w);
    sums[3] = NAME(framecap_add2)(sums[3], OP(unpackhi_epi8)(ab1, zero), v,
                                  OP(unpackhi_epi8)(cd1, zero), w);
}

/* The same for samples above 8 bits, half as many columns wide; samples are clamped to `top`. */
TARGET static inline void NAME(framecap_add4_u16)(VECTOR sums[2], const uint16_t *const *rows,
                                                  const int16_t *weights, ptrdiff_t x, VECTOR top)
{
    const VECTOR v = OP(set1_epi32)(framecap_pair(weights));
    const VECTOR w = OP(set1_epi32)(framecap_pair(weights + 2));
    const VECTOR a = NAME(framecap_least)(LOAD(rows[0] + x), top);
    const VECTOR b = NAME(framecap_least)(LOAD(rows[1] + x), top);
    const VECTOR c = NAME(framecap_least)(LOAD(rows[2] + x), top);
    const VECTOR d = NAME(framecap_least)(LOAD(rows[3] + x), top);
    sums[0] =
        NAME(framecap_add2)(sums[0], OP(unpacklo_epi16)(a, b), v, OP(unpacklo_epi16)(c, d), w);
    sums[1] =
        NAME(framecap_add2)(sums[1], OP(unpackhi_epi16)(a, b), v, OP(unpackhi_epi16)(c, d), w);
}

TARGET static inline void NAME(framecap_sum_u8)(VECTOR sums[4], const uint8_t *const *rows,
                                                const int16_t *weights, int span, ptrdiff_t x,
                                                VECTOR half)
{
    sums[0] = sums[1] = sums[2] = sums[3] = half;
    for (int k = 0; k < span; k += 4)
        NAME(framecap_add4_u8)(sums, rows + k, weights + k, x);
}

TARGET static inline void NAME(framecap_sum_u16)(VECTOR sums[2], const uint16_t *const *rows,
                                                 const int16_t *weights, int span, ptrdiff_t x,
                                                 VECTOR half, VECTOR top)
{
    sums[0] = sums[1] = half;
    for (int k = 0; k < span; k += 4)
        NAME(framecap_add4_u16)(sums, rows + k, weights + k, x, top);
}

TARGET static inline VECTOR NAME(framecap_rounded)(VECTOR a, VECTOR b, __m128i bits)
{
    return OP(packs_epi32)(OP(sra_epi32)(a, bits), OP(sra_epi32)(b, bits));
}

TARGET static inline VECTOR NAME(framecap_third)(VECTOR sum, VECTOR middle)
{
    const VECTOR rest = OP(mullo_epi16)(sum, OP(set1_epi16)(85));
    const VECTOR rounded = OP(add_epi16)(OP(add_epi16)(rest, middle), OP(set1_epi16)(128));
    return OP(add_epi16)(OP(mullo_epi16)(sum, OP(set1_epi16)(21)), OP(srli_epi16)(rounded, 8));
}

/* Mixes rows; `n` is at least BYTES. The last vector overlaps the one before. `rows` is padded to a
 * multiple of four, and `weights` with 0. */
TARGET static void NAME(framecap_mix_rows_u8)(int16_t *restrict out, const uint8_t *const *rows,
                                              const int16_t *weights, int span, ptrdiff_t n,
                                              int shift, int32_t most)
{
    (void)most;
    const VECTOR half = OP(set1_epi32)((1 << shift) >> 1);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    for (ptrdiff_t x = 0; x < n; x += BYTES) {
        VECTOR s[4];
        x = x + BYTES <= n ? x : n - BYTES;
        NAME(framecap_sum_u8)(s, rows, weights, span, x, half);
        NAME(framecap_store_mixed)(out + x, NAME(framecap_rounded)(s[0], s[1], bits),
                                   NAME(framecap_rounded)(s[2], s[3], bits));
    }
}

/* The same for the mean of two, three or four rows, computed in 16 bits. A third is
 * 5461/16384, and 5461 = 21 * 256 + 85; the middle row of three weighs 1 more. */
TARGET static inline void NAME(framecap_mean)(int16_t *restrict out, const uint8_t *const *rows,
                                              const int count, ptrdiff_t n)
{
    const VECTOR zero = ZERO;
    for (ptrdiff_t x = 0; x < n; x += BYTES) {
        VECTOR low = zero, high = zero;
        x = x + BYTES <= n ? x : n - BYTES;
        for (int k = 0; k < count; k++) {
            const VECTOR row = LOAD(rows[k] + x);
            low = OP(add_epi16)(low, OP(unpacklo_epi8)(row, zero));
            high = OP(add_epi16)(high, OP(unpackhi_epi8)(row, zero));
        }
        if (count == 3) {
            const VECTOR middle = LOAD(rows[1] + x);
            low = NAME(framecap_third)(low, OP(unpacklo_epi8)(middle, zero));
            high = NAME(framecap_third)(high, OP(unpackhi_epi8)(middle, zero));
        } else {
            low = OP(slli_epi16)(low, count == 2 ? 5 : 4);
            high = OP(slli_epi16)(high, count == 2 ? 5 : 4);
        }
        NAME(framecap_store_mixed)(out + x, low, high);
    }
}

TARGET static void NAME(framecap_mean_rows)(int16_t *restrict out, const uint8_t *const *rows,
                                            int count, ptrdiff_t n)
{
    if (count == 2)
        NAME(framecap_mean)(out, rows, 2, n);
    else if (count == 3)
        NAME(framecap_mean)(out, rows, 3, n);
    else
        NAME(framecap_mean)(out, rows, 4, n);
}

TARGET static void NAME(framecap_mix_rows_u16)(int16_t *restrict out, const uint16_t *const *rows,
                                               const int16_t *weights, int span, ptrdiff_t n,
                                               int shift, int32_t most)
{
    const VECTOR half = OP(set1_epi32)((1 << shift) >> 1);
    const VECTOR top = OP(set1_epi16)((int16_t)most);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    for (ptrdiff_t x = 0; x < n; x += BYTES / 2) {
        VECTOR s[2];
        x = x + BYTES / 2 <= n ? x : n - BYTES / 2;
        NAME(framecap_sum_u16)(s, rows, weights, span, x, half, top);
        STORE(out + x, NAME(framecap_rounded)(s[0], s[1], bits));
    }
}

/* Mixes rows and rounds to samples: first by `shift` bits, then by `extra`. */
TARGET static void NAME(framecap_settle_rows_u8)(uint8_t *restrict out, const uint8_t *const *rows,
                                                 const int16_t *weights, int span, ptrdiff_t n,
                                                 int shift, int extra, int32_t most)
{
    (void)most;
    const VECTOR half = OP(set1_epi32)((1 << shift) >> 1);
    const VECTOR less = OP(set1_epi16)((int16_t)((1 << extra) >> 1));
    const __m128i bits = _mm_cvtsi32_si128(shift), rest = _mm_cvtsi32_si128(extra);
    for (ptrdiff_t x = 0; x < n; x += BYTES) {
        VECTOR s[4];
        x = x + BYTES <= n ? x : n - BYTES;
        NAME(framecap_sum_u8)(s, rows, weights, span, x, half);
        const VECTOR a = OP(add_epi16)(NAME(framecap_rounded)(s[0], s[1], bits), less);
        const VECTOR b = OP(add_epi16)(NAME(framecap_rounded)(s[2], s[3], bits), less);
        STORE(out + x, OP(packus_epi16)(OP(sra_epi16)(a, rest), OP(sra_epi16)(b, rest)));
    }
}

TARGET static void NAME(framecap_settle_rows_u16)(uint16_t *restrict out,
                                                  const uint16_t *const *rows,
                                                  const int16_t *weights, int span, ptrdiff_t n,
                                                  int shift, int extra, int32_t most)
{
    const VECTOR half = OP(set1_epi32)((1 << shift) >> 1);
    const VECTOR less = OP(set1_epi16)((int16_t)((1 << extra) >> 1));
    const VECTOR zero = ZERO, top = OP(set1_epi16)((int16_t)most);
    const __m128i bits = _mm_cvtsi32_si128(shift), rest = _mm_cvtsi32_si128(extra);
    for (ptrdiff_t x = 0; x < n; x += BYTES / 2) {
        VECTOR s[2];
        x = x + BYTES / 2 <= n ? x : n - BYTES / 2;
        NAME(framecap_sum_u16)(s, rows, weights, span, x, half, top);
        const VECTOR v = OP(add_epi16)(NAME(framecap_rounded)(s[0], s[1], bits), less);
        STORE(out + x, OP(min_epi16)(OP(max_epi16)(OP(sra_epi16)(v, rest), zero), top));
    }
}

/* Returns the horizontal sums of four vectors, within each 128 bits. */
TARGET static inline VECTOR NAME(framecap_sum4)(VECTOR a, VECTOR b, VECTOR c, VECTOR d)
{
    const VECTOR ab = OP(add_epi32)(OP(unpacklo_epi32)(a, b), OP(unpackhi_epi32)(a, b));
    const VECTOR cd = OP(add_epi32)(OP(unpacklo_epi32)(c, d), OP(unpackhi_epi32)(c, d));
    return OP(add_epi32)(OP(unpacklo_epi64)(ab, cd), OP(unpackhi_epi64)(ab, cd));
}
