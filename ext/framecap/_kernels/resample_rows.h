#ifndef FRAMECAP_RESAMPLE_ROWS_H
#define FRAMECAP_RESAMPLE_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "clones.h"

/* Weights are integers that sum to 2^14. Between the two passes a sample has a few more bits:
 *   uint8_t   6, so that it fits int16_t, overshoot of the cubic included
 *   uint16_t  16 - depth, so that it has 16 bits, and no sum leaves int32_t
 * Sums are exact; each pass rounds once, halves up. */
#define FRAMECAP_WEIGHT_BITS 14

/* How many columns the vertical pass sums at a time: the sums stay in the first cache. */
#define FRAMECAP_BLOCK 1024

/* Defines, for one type of sample:
 *   framecap_sum_rows_*  adds up to four weighted rows to the sums of a block
 *   framecap_round_*     rounds a block's sums to the precision between the passes
 *   framecap_settle_*    rounds a row between the passes to samples, when no column is mixed */
#define FRAMECAP_DEFINE_ROWS(name, sample_t, middle_t)                                           \
    FRAMECAP_CLONES static void framecap_sum_rows_##name(                                        \
        int32_t *restrict sums, const sample_t *const *rows, const int16_t *weights, int count,  \
        ptrdiff_t from, int n, int32_t most)                                                     \
    {                                                                                            \
        const sample_t *p0 = rows[0] + from;                                                     \
        const sample_t *p1 = (count > 1 ? rows[1] : rows[0]) + from;                             \
        const sample_t *p2 = (count > 2 ? rows[2] : rows[0]) + from;                             \
        const sample_t *p3 = (count > 3 ? rows[3] : rows[0]) + from;                             \
        const int32_t w0 = weights[0];                                                           \
        const int32_t w1 = count > 1 ? weights[1] : 0;                                           \
        const int32_t w2 = count > 2 ? weights[2] : 0;                                           \
        const int32_t w3 = count > 3 ? weights[3] : 0;                                           \
        const sample_t top = (sample_t)most;                                                     \
        if (count == 1) {                                                                        \
            for (int x = 0; x < n; x++) {                                                        \
                const sample_t a = p0[x] < top ? p0[x] : top;                                    \
                sums[x] += w0 * a;                                                               \
            }                                                                                    \
            return;                                                                              \
        }                                                                                        \
        for (int x = 0; x < n; x++) {                                                            \
            const sample_t a = p0[x] < top ? p0[x] : top;                                        \
            const sample_t b = p1[x] < top ? p1[x] : top;                                        \
            const sample_t c = p2[x] < top ? p2[x] : top;                                        \
            const sample_t d = p3[x] < top ? p3[x] : top;                                        \
            sums[x] += w0 * a + w1 * b + w2 * c + w3 * d;                                        \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    FRAMECAP_CLONES static void framecap_round_##name(                                           \
        middle_t *restrict out, const int32_t *restrict sums, int n, int shift)                  \
    {                                                                                            \
        const int32_t half = (1 << shift) >> 1;                                                  \
        for (int x = 0; x < n; x++)                                                              \
            out[x] = (middle_t)((sums[x] + half) >> shift);                                      \
    }                                                                                            \
                                                                                                 \
    FRAMECAP_CLONES static void framecap_settle_##name(                                          \
        sample_t *restrict out, const middle_t *restrict row, int n, int shift, int32_t most)    \
    {                                                                                            \
        const int32_t half = (1 << shift) >> 1;                                                  \
        for (int x = 0; x < n; x++) {                                                            \
            const int32_t value = (row[x] + half) >> shift;                                      \
            out[x] = (sample_t)(value < 0 ? 0 : value > most ? most : value);                    \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    /* Computes columns [from, to) of the row between the passes. */                             \
    static void framecap_mix_rows_##name(                                                        \
        middle_t *out, const sample_t *const *rows, const int16_t *weights, int span,            \
        ptrdiff_t from, ptrdiff_t to, int shift, int32_t most)                                   \
    {                                                                                            \
        int32_t sums[FRAMECAP_BLOCK];                                                            \
        for (ptrdiff_t x = from; x < to; x += FRAMECAP_BLOCK) {                                  \
            const int n = (int)(to - x < FRAMECAP_BLOCK ? to - x : FRAMECAP_BLOCK);              \
            memset(sums, 0, (size_t)n * sizeof *sums);                                           \
            for (int k = 0; k < span; k += 4)                                                    \
                framecap_sum_rows_##name(                                                        \
                    sums, rows + k, weights + k, span - k < 4 ? span - k : 4, x, n, most);       \
            framecap_round_##name(out + (x - from), sums, n, shift);                             \
        }                                                                                        \
    }

FRAMECAP_DEFINE_ROWS(u8, uint8_t, int16_t)
FRAMECAP_DEFINE_ROWS(u16, uint16_t, int32_t)

static inline int32_t framecap_settled(int32_t sum, int shift, int32_t most)
{
    const int32_t value = (sum + ((1 << shift) >> 1)) >> shift;
    return value < 0 ? 0 : value > most ? most : value;
}

/* Mixes columns of one row. `weights` has `stride` entries for each result, a multiple of 8 and
 * 0 beyond the first `span`; `row` may be read as far beyond as the weights go. */
FRAMECAP_CLONES static void framecap_mix_columns_u16(
    uint16_t *restrict out, const int32_t *restrict row, const int32_t *starts, int32_t origin,
    const int16_t *weights, int span, int stride, int count, int shift, int32_t most)
{
    for (int x = 0; x < count; x++, weights += stride) {
        const int32_t *p = row + (starts[x] - origin);
        int32_t sum = 0;
        for (int k = 0; k < span; k++)
            sum += p[k] * weights[k];
        out[x] = (uint16_t)framecap_settled(sum, shift, most);
    }
}

#if defined(__SSE2__)
static inline __m128i framecap_dot(const int16_t *row, const int16_t *weights, int stride)
{
    __m128i sum = _mm_madd_epi16(_mm_loadu_si128((const __m128i *)row),
                                 _mm_loadu_si128((const __m128i *)weights));
    for (int k = 8; k < stride; k += 8)
        sum = _mm_add_epi32(sum, _mm_madd_epi16(_mm_loadu_si128((const __m128i *)(row + k)),
                                                _mm_loadu_si128((const __m128i *)(weights + k))));
    return sum;
}

/* Returns the sums of four vectors: their transpose, added up. */
static inline __m128i framecap_sum4(__m128i a, __m128i b, __m128i c, __m128i d)
{
    const __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    const __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
    return _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
}
#endif

static void framecap_mix_columns_u8(
    uint8_t *restrict out, const int16_t *restrict row, const int32_t *starts, int32_t origin,
    const int16_t *weights, int span, int stride, int count, int shift, int32_t most)
{
    int x = 0;
#if defined(__SSE2__)
    const __m128i half = _mm_set1_epi32((1 << shift) >> 1);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    row -= origin;
    for (; x + 4 <= count; x += 4, weights += 4 * (ptrdiff_t)stride) {
        __m128i sums = framecap_sum4(
            framecap_dot(row + starts[x], weights, stride),
            framecap_dot(row + starts[x + 1], weights + stride, stride),
            framecap_dot(row + starts[x + 2], weights + 2 * (ptrdiff_t)stride, stride),
            framecap_dot(row + starts[x + 3], weights + 3 * (ptrdiff_t)stride, stride));
        sums = _mm_sra_epi32(_mm_add_epi32(sums, half), bits);
        sums = _mm_packs_epi32(sums, sums);
        const int32_t four = _mm_cvtsi128_si32(_mm_packus_epi16(sums, sums));
        memcpy(out + x, &four, 4);
    }
    row += origin;
#endif
    for (; x < count; x++, weights += stride) {
        const int16_t *p = row + (starts[x] - origin);
        int32_t sum = 0;
        for (int k = 0; k < span; k++)
            sum += (int32_t)p[k] * weights[k];
        out[x] = (uint8_t)framecap_settled(sum, shift, most);
    }
}

#endif
