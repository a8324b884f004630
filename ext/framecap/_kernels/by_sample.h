/* Includes the file FRAMECAP_TYPED_BODY twice: for samples of 8 bits and of up to 16 bits. The body
 * uses these macros:
 *   SAMPLE            the sample type
 *   TYPED(x)          a function name with the suffix of the sample type
 *   PLAIN(x)          the same for the variant in plain C
 *   SSE2(x), AVX2(x)  the same for the variants by vector */

#define SAMPLE uint8_t
#define TYPED(stem) stem##_u8
#define PLAIN(stem) stem##_u8_plain
#define SSE2(stem) stem##_u8_sse2
#define AVX2(stem) stem##_u8_avx2
#include FRAMECAP_TYPED_BODY
#undef SAMPLE
#undef TYPED
#undef PLAIN
#undef SSE2
#undef AVX2

#define SAMPLE uint16_t
#define TYPED(stem) stem##_u16
#define PLAIN(stem) stem##_u16_plain
#define SSE2(stem) stem##_u16_sse2
#define AVX2(stem) stem##_u16_avx2
#include FRAMECAP_TYPED_BODY
#undef SAMPLE
#undef TYPED
#undef PLAIN
#undef SSE2
#undef AVX2

#undef FRAMECAP_TYPED_BODY
