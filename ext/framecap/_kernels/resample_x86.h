#ifndef FRAMECAP_RESAMPLE_X86_H
#define FRAMECAP_RESAMPLE_X86_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"
#include "taps.h"

/* The operations of resample_vector.h that differ by more than names, and the column passes. */

static inline int32_t framecap_pair(const int16_t *weights)
{
    int32_t pair;
    memcpy(&pair, weights, sizeof pair);
    return pair;
}

static inline __m128i framecap_least_sse2(__m128i a, __m128i top)
{
    return _mm_sub_epi16(a, _mm_subs_epu16(a, top));
}

/* Stores the 16-bit results of framecap_sum_u8: the first half, then the second. */
static inline void framecap_store_mixed_sse2(int16_t *out, __m128i a, __m128i b)
{
    _mm_storeu_si128((__m128i *)out, a);
    _mm_storeu_si128((__m128i *)(out + 8), b);
}

FRAMECAP_AVX2 static inline __m256i framecap_least_avx2(__m256i a, __m256i top)
{
    return _mm256_min_epu16(a, top);
}

/* AVX2 unpacks per 128 bits, so `a` holds quarters 0 and 2, `b` holds 1 and 3. */
FRAMECAP_AVX2 static inline void framecap_store_mixed_avx2(int16_t *out, __m256i a, __m256i b)
{
    _mm256_storeu_si256((__m256i *)out, _mm256_permute2x128_si256(a, b, 0x20));
    _mm256_storeu_si256((__m256i *)(out + 16), _mm256_permute2x128_si256(a, b, 0x31));
}

#define FRAMECAP_BODY "resample_vector.h"
#include "by_vector.h"

/* Loads two windows of four samples each. */
static inline __m128i framecap_fours(const int16_t *a, const int16_t *b)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)a),
                              _mm_loadl_epi64((const __m128i *)b));
}

static inline __m128i framecap_dot_sse2(const int16_t *row, const int16_t *weights, int width)
{
    __m128i sum = _mm_madd_epi16(_mm_loadu_si128((const __m128i *)row),
                                 _mm_loadu_si128((const __m128i *)weights));
    for (int k = 8; k < width; k += 8)
        sum = _mm_add_epi32(sum, _mm_madd_epi16(_mm_loadu_si128((const __m128i *)(row + k)),
                                                _mm_loadu_si128((const __m128i *)(weights + k))));
    return sum;
}

/* Returns four results in 32 bits, not yet rounded. */
static inline __m128i framecap_four_sse2(const int16_t *row, const int32_t *starts,
                                         const int16_t *weights, int width)
{
    if (width == 4) {
        const __m128i *w = (const __m128i *)weights;
        const __m128 a = _mm_castsi128_ps(
            _mm_madd_epi16(framecap_fours(row + starts[0], row + starts[1]), _mm_loadu_si128(w)));
        const __m128 b = _mm_castsi128_ps(_mm_madd_epi16(
            framecap_fours(row + starts[2], row + starts[3]), _mm_loadu_si128(w + 1)));
        return _mm_add_epi32(_mm_castps_si128(_mm_shuffle_ps(a, b, 0x88)),
                             _mm_castps_si128(_mm_shuffle_ps(a, b, 0xdd)));
    }
    return framecap_sum4_sse2(
        framecap_dot_sse2(row + starts[0], weights, width),
        framecap_dot_sse2(row + starts[1], weights + width, width),
        framecap_dot_sse2(row + starts[2], weights + 2 * (ptrdiff_t)width, width),
        framecap_dot_sse2(row + starts[3], weights + 3 * (ptrdiff_t)width, width));
}

/* Returns results x to x + 8 in 16 bits. */
static inline __m128i framecap_eight_sse2(const int16_t *row, const framecap_taps *taps, int x,
                                          int shift)
{
    const int32_t *starts = taps->starts + x;
    const int16_t *weights = taps->weights + (ptrdiff_t)x * taps->width;
    const __m128i half = _mm_set1_epi32((1 << shift) >> 1);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    const __m128i a = framecap_four_sse2(row, starts, weights, taps->width);
    const __m128i b =
        framecap_four_sse2(row, starts + 4, weights + 4 * (ptrdiff_t)taps->width, taps->width);
    return _mm_packs_epi32(_mm_sra_epi32(_mm_add_epi32(a, half), bits),
                           _mm_sra_epi32(_mm_add_epi32(b, half), bits));
}

FRAMECAP_AVX2 static inline __m256i framecap_join(__m128i low, __m128i high)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

FRAMECAP_AVX2 static inline __m256i framecap_weigh(__m256i samples, const int16_t *weights)
{
    return _mm256_madd_epi16(samples, _mm256_loadu_si256((const __m256i *)weights));
}

/* Adds neighbours; the results of two times four are in the order 0, 1, 4, 5 | 2, 3, 6, 7. */
FRAMECAP_AVX2 static inline __m256i framecap_sum2(__m256i a, __m256i b)
{
    const __m256 p = _mm256_castsi256_ps(a), q = _mm256_castsi256_ps(b);
    return _mm256_add_epi32(_mm256_castps_si256(_mm256_shuffle_ps(p, q, 0x88)),
                            _mm256_castps_si256(_mm256_shuffle_ps(p, q, 0xdd)));
}

/* Results 0, 1, 4, 5 | 2, 3, 6, 7 of windows of four. */
FRAMECAP_AVX2 static inline __m256i framecap_eight_of_4(const int16_t *row, const int32_t *starts,
                                                        const int16_t *weights)
{
    return framecap_sum2(
        framecap_weigh(framecap_join(framecap_fours(row + starts[0], row + starts[1]),
                                     framecap_fours(row + starts[2], row + starts[3])),
                       weights),
        framecap_weigh(framecap_join(framecap_fours(row + starts[4], row + starts[5]),
                                     framecap_fours(row + starts[6], row + starts[7])),
                       weights + 16));
}

/* Loads the samples of four results; each two of them lie within eight samples. */
FRAMECAP_AVX2 static inline __m256i framecap_paired(const int16_t *row, const int32_t *starts,
                                                    const uint8_t *pairs)
{
    return _mm256_shuffle_epi8(framecap_join(_mm_loadu_si128((const __m128i *)(row + starts[0])),
                                             _mm_loadu_si128((const __m128i *)(row + starts[2]))),
                               _mm256_loadu_si256((const __m256i *)pairs));
}

FRAMECAP_AVX2 static inline __m256i framecap_eight_of_pairs(const int16_t *row,
                                                            const int32_t *starts,
                                                            const int16_t *weights,
                                                            const uint8_t *pairs)
{
    return framecap_sum2(
        framecap_weigh(framecap_paired(row, starts, pairs), weights),
        framecap_weigh(framecap_paired(row, starts + 4, pairs + 32), weights + 16));
}

FRAMECAP_AVX2 static inline __m256i framecap_two_of_8(const int16_t *row, const int32_t *starts,
                                                      const int16_t *weights)
{
    return framecap_weigh(framecap_join(_mm_loadu_si128((const __m128i *)(row + starts[0])),
                                        _mm_loadu_si128((const __m128i *)(row + starts[1]))),
                          weights);
}

/* Results 0, 2, 4, 6 | 1, 3, 5, 7 of windows of eight. */
FRAMECAP_AVX2 static inline __m256i framecap_eight_of_8(const int16_t *row, const int32_t *starts,
                                                        const int16_t *weights)
{
    return framecap_sum4_avx2(framecap_two_of_8(row, starts, weights),
                              framecap_two_of_8(row, starts + 2, weights + 16),
                              framecap_two_of_8(row, starts + 4, weights + 32),
                              framecap_two_of_8(row, starts + 6, weights + 48));
}

FRAMECAP_AVX2 static inline __m256i framecap_dot_avx2(const int16_t *row, const int16_t *weights,
                                                      int width)
{
    __m256i sum = framecap_weigh(_mm256_loadu_si256((const __m256i *)row), weights);
    for (int k = 16; k < width; k += 16)
        sum = _mm256_add_epi32(
            sum, framecap_weigh(_mm256_loadu_si256((const __m256i *)(row + k)), weights + k));
    return sum;
}

/* Results 0, 1, 2, 3 of windows of 16 or more, in two halves to be added. */
FRAMECAP_AVX2 static inline __m256i framecap_four_of_16(const int16_t *row, const int32_t *starts,
                                                        const int16_t *weights, int width)
{
    return framecap_sum4_avx2(
        framecap_dot_avx2(row + starts[0], weights, width),
        framecap_dot_avx2(row + starts[1], weights + width, width),
        framecap_dot_avx2(row + starts[2], weights + 2 * (ptrdiff_t)width, width),
        framecap_dot_avx2(row + starts[3], weights + 3 * (ptrdiff_t)width, width));
}

FRAMECAP_AVX2 static inline __m256i framecap_eight_of_16(const int16_t *row, const int32_t *starts,
                                                         const int16_t *weights, int width)
{
    const __m256i a = framecap_four_of_16(row, starts, weights, width);
    const __m256i b = framecap_four_of_16(row, starts + 4, weights + 4 * (ptrdiff_t)width, width);
    return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                            _mm256_permute2x128_si256(a, b, 0x31));
}

/* Rounds eight results and packs them in 16 bits, in the order of their numbers. */
FRAMECAP_AVX2 static inline __m128i framecap_packed(__m256i sums, __m256i half, __m128i bits,
                                                    int width)
{
    const __m256i all = _mm256_sra_epi32(_mm256_add_epi32(sums, half), bits);
    const __m128i packed =
        _mm_packs_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
    if (width == 4)
        return _mm_shuffle_epi32(packed, 0xd8);
    if (width == 8)
        return _mm_unpacklo_epi16(packed, _mm_unpackhi_epi64(packed, packed));
    return packed;
}

/* Returns eight results of one row, from `x` on, for any width. */
FRAMECAP_AVX2 static __m128i framecap_eight_avx2(const int16_t *row, const framecap_taps *taps,
                                                 int x, int shift)
{
    const int32_t *starts = taps->starts + x;
    const int16_t *weights = taps->weights + (ptrdiff_t)x * taps->width;
    const __m256i half = _mm256_set1_epi32((1 << shift) >> 1);
    const __m128i bits = _mm_cvtsi32_si128(shift);
    if (taps->width == 4)
        return framecap_packed(framecap_eight_of_4(row, starts, weights), half, bits, 4);
    if (taps->width == 8)
        return framecap_packed(framecap_eight_of_8(row, starts, weights), half, bits, 8);
    return framecap_packed(framecap_eight_of_16(row, starts, weights, taps->width), half, bits, 16);
}

/* Stores eight results, clamped to samples; saturation clamps those of 8 bits. */
static inline void framecap_put_u8(uint8_t *out, __m128i eight, __m128i most)
{
    (void)most;
    _mm_storel_epi64((__m128i *)out, _mm_packus_epi16(eight, eight));
}

static inline void framecap_put_u16(uint16_t *out, __m128i eight, __m128i most)
{
    const __m128i positive = _mm_max_epi16(eight, _mm_setzero_si128());
    _mm_storeu_si128((__m128i *)out, _mm_min_epi16(positive, most));
}

#define FRAMECAP_TYPED_BODY "resample_columns_body.h"
#include "by_sample.h"

#endif
