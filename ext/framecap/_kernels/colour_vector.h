/* Linear combinations by vector, see by_vector.h. pmaddwd multiplies 16-bit numbers and adds pairs
 * of products. framecap_wide_* loads 16-bit numbers: 8-bit samples, or deeper samples minus 32768,
 * which the caller's bias compensates. */

TARGET static inline VECTOR NAME(framecap_both)(int32_t first, int32_t second)
{
    return OP(set1_epi32)((int32_t)(((uint32_t)first & 0xffff) | (uint32_t)second << 16));
}

/* Returns two vectors of 32-bit sums, shifted and packed to 16 bits. */
TARGET static inline VECTOR NAME(framecap_shifted)(VECTOR low, VECTOR high, __m128i bits)
{
    return OP(packs_epi32)(OP(sra_epi32)(low, bits), OP(sra_epi32)(high, bits));
}

TARGET static inline VECTOR NAME(framecap_mixed)(VECTOR a, VECTOR b, VECTOR c, VECTOR kab,
                                                 VECTOR kc, VECTOR bias, __m128i bits)
{
    const VECTOR zero = ZERO;
    VECTOR low = OP(add_epi32)(OP(madd_epi16)(OP(unpacklo_epi16)(a, b), kab), bias);
    VECTOR high = OP(add_epi32)(OP(madd_epi16)(OP(unpackhi_epi16)(a, b), kab), bias);
    low = OP(add_epi32)(low, OP(madd_epi16)(OP(unpacklo_epi16)(c, zero), kc));
    high = OP(add_epi32)(high, OP(madd_epi16)(OP(unpackhi_epi16)(c, zero), kc));
    return NAME(framecap_shifted)(low, high, bits);
}

#define FRAMECAP_TYPED_BODY "colour_vector_body.h"
#include "by_sample.h"
