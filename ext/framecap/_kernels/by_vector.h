/* Includes the file FRAMECAP_BODY twice: for vectors of 16 bytes (SSE2) and of 32 bytes (AVX2). The
 * body uses these macros:
 *   VECTOR, BYTES      the vector type and its size
 *   OP(x)              an intrinsic for the type, by its name without prefix
 *   ZERO, LOAD, STORE  the zero vector, an unaligned load and an unaligned store
 *   NAME(x)            a function name with the suffix of the instruction set
 *   TARGET             the compiler attribute that enables the instruction set */

#define VECTOR __m128i
#define BYTES 16
#define OP(name) _mm_##name
#define ZERO _mm_setzero_si128()
#define LOAD(p) _mm_loadu_si128((const __m128i *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define NAME(stem) FRAMECAP_JOIN(stem, _sse2)
#define TARGET
#include FRAMECAP_BODY
#undef VECTOR
#undef BYTES
#undef OP
#undef ZERO
#undef LOAD
#undef STORE
#undef NAME
#undef TARGET

#define VECTOR __m256i
#define BYTES 32
#define OP(name) _mm256_##name
#define ZERO _mm256_setzero_si256()
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define NAME(stem) FRAMECAP_JOIN(stem, _avx2)
#define TARGET FRAMECAP_AVX2
#include FRAMECAP_BODY
#undef VECTOR
#undef BYTES
#undef OP
#undef ZERO
#undef LOAD
#undef STORE
#undef NAME
#undef TARGET

#undef FRAMECAP_BODY
