#ifndef FRAMECAP_CLONES_H
#define FRAMECAP_CLONES_H

#include <stdint.h>

/* How loops are fitted to the processor. All ways compute with integers and give the same bytes,
 * so the choice shows in the time and never in the result.
 *
 *   FRAMECAP_CLONES  marks a loop in plain C that is compiled once per generation of processors
 *                    and chosen when loaded
 *   FRAMECAP_X86     is 1 where intrinsics are used: SSE2 everywhere, AVX2 where
 *                    framecap_has_avx2() says so
 *
 * Builds that test one way alone define FRAMECAP_NO_CLONES, FRAMECAP_ONLY_BASELINE (nor AVX2) or
 * FRAMECAP_ONLY_PLAIN (no intrinsics either). */
#if defined(__x86_64__) && defined(__GNUC__) && defined(__GLIBC__) && !defined(FRAMECAP_ONLY_PLAIN)
#define FRAMECAP_X86 1
#include <immintrin.h>
#else
#define FRAMECAP_X86 0
#endif

#if FRAMECAP_X86 && !defined(__clang__) && !defined(FRAMECAP_NO_CLONES) && \
    !defined(FRAMECAP_ONLY_BASELINE)
#define FRAMECAP_CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FRAMECAP_CLONES
#endif

#if FRAMECAP_X86
#define FRAMECAP_AVX2 __attribute__((target("avx2")))

static inline int framecap_has_avx2(void)
{
#if defined(FRAMECAP_ONLY_BASELINE)
    return 0;
#else
    return __builtin_cpu_supports("avx2");
#endif
}
#endif

#endif
