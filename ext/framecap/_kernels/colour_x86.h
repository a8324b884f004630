#ifndef FRAMECAP_COLOUR_X86_H
#define FRAMECAP_COLOUR_X86_H

#include "clones.h"

/* The operations of colour_vector.h that differ between SSE2 and AVX2 by more than names. */

static inline __m128i framecap_wide_u8_sse2(const uint8_t *p)
{
    return _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)p), _mm_setzero_si128());
}

FRAMECAP_AVX2 static inline __m256i framecap_wide_u8_avx2(const uint8_t *p)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)p));
}

static inline __m128i framecap_wide_u16_sse2(const uint16_t *p)
{
    return _mm_xor_si128(_mm_loadu_si128((const __m128i *)p), _mm_set1_epi16(INT16_MIN));
}

FRAMECAP_AVX2 static inline __m256i framecap_wide_u16_avx2(const uint16_t *p)
{
    return _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)p), _mm256_set1_epi16(INT16_MIN));
}

/* Restores the order of the quarters, which AVX2 packs and unpacks per 128 bits. */
static inline __m128i framecap_in_order_sse2(__m128i v)
{
    return v;
}

FRAMECAP_AVX2 static inline __m256i framecap_in_order_avx2(__m256i v)
{
    return _mm256_permute4x64_epi64(v, 0xd8);
}

#define FRAMECAP_BODY "colour_vector.h"
#include "by_vector.h"

#endif
