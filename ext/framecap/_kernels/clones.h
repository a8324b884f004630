#ifndef FRAMECAP_CLONES_H
#define FRAMECAP_CLONES_H

#include <stdint.h>

/* CPU dispatch. All variants compute with integers and give the same bytes, so the choice affects
 * the time and never the result.
 *
 *   FRAMECAP_CLONES  the attribute of a loop in plain C that is compiled once per x86-64 level; the
 *                    dynamic loader picks the variant
 *   FRAMECAP_X86     1 if intrinsics are used: SSE2 always, AVX2 if framecap_has_avx2()
 *
 * Builds that test a single variant define FRAMECAP_NO_CLONES, FRAMECAP_ONLY_BASELINE (no AVX2
 * either) or FRAMECAP_ONLY_PLAIN (no intrinsics either). */
#if defined(__x86_64__) && defined(__GNUC__) && defined(__GLIBC__) && !defined(FRAMECAP_ONLY_PLAIN)
#define FRAMECAP_X86 1
#include <immintrin.h>
#else
#define FRAMECAP_X86 0
#endif

/* Joins two names after expanding them. */
#define FRAMECAP_JOIN(stem, suffix) FRAMECAP_JOIN_EXPANDED(stem, suffix)
#define FRAMECAP_JOIN_EXPANDED(stem, suffix) stem##suffix

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
