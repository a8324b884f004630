#ifndef FRAMECAP_COLOUR_ROWS_H
#define FRAMECAP_COLOUR_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "clones.h"
#if FRAMECAP_X86
#include "colour_x86.h"
#endif

static inline uint8_t framecap_byte(int32_t value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Defines the functions that write one row of linear combinations, for one sample type. The bias
 * contains the rounding and the offsets of input and output, so that a result is
 * clamp((sum + bias) >> shift). */
#define FRAMECAP_DEFINE_COLOUR(name, sample_t)                                                   \
    FRAMECAP_CLONES static void framecap_mix1_##name##_plain(                                            \
        uint8_t *restrict out, const sample_t *restrict a, int n, int32_t ka, int32_t bias,      \
        int shift)                                                                               \
    {                                                                                            \
        for (int x = 0; x < n; x++)                                                              \
            out[x] = framecap_byte((ka * a[x] + bias) >> shift);                                 \
    }                                                                                            \
                                                                                                 \
    FRAMECAP_CLONES static void framecap_mix2_##name##_plain(                                            \
        uint8_t *restrict out, const sample_t *restrict a, const sample_t *restrict b, int n,    \
        int32_t ka, int32_t kb, int32_t bias, int shift)                                         \
    {                                                                                            \
        for (int x = 0; x < n; x++)                                                              \
            out[x] = framecap_byte((bias + ka * a[x] + kb * b[x]) >> shift);                     \
    }                                                                                            \
                                                                                                 \
    FRAMECAP_CLONES static void framecap_mix3_##name##_plain(                                            \
        uint8_t *restrict out, const sample_t *restrict a, const sample_t *restrict b,           \
        const sample_t *restrict c, int n, int32_t ka, int32_t kb, int32_t kc, int32_t bias,     \
        int shift)                                                                               \
    {                                                                                            \
        for (int x = 0; x < n; x++)                                                              \
            out[x] = framecap_byte((bias + ka * a[x] + kb * b[x] + kc * c[x]) >> shift);         \
    }                                                                                            \
                                                                                                 \
    /* Takes b and c at half the columns of a. */                                                \
    FRAMECAP_CLONES static void framecap_mix3_halved_##name##_plain(                                     \
        uint8_t *restrict out, const sample_t *restrict a, const sample_t *restrict b,           \
        const sample_t *restrict c, int n, int32_t ka, int32_t kb, int32_t kc, int32_t bias,     \
        int shift)                                                                               \
    {                                                                                            \
        for (int x = 0; x < n / 2; x++) {                                                        \
            const int32_t shared = bias + kb * b[x] + kc * c[x];                                 \
            out[2 * x] = framecap_byte((shared + ka * a[2 * x]) >> shift);                       \
            out[2 * x + 1] = framecap_byte((shared + ka * a[2 * x + 1]) >> shift);               \
        }                                                                                        \
        if (n & 1) {                                                                             \
            const int32_t shared = bias + kb * b[n / 2] + kc * c[n / 2];                         \
            out[n - 1] = framecap_byte((shared + ka * a[n - 1]) >> shift);                       \
        }                                                                                        \
    }

FRAMECAP_DEFINE_COLOUR(u8, uint8_t)
FRAMECAP_DEFINE_COLOUR(u16, uint16_t)

#if FRAMECAP_X86
static inline int framecap_is_short(int32_t k)
{
    return k == (int16_t)k;
}

/* Returns the bias plus coefficients * 32768, because the vector code subtracts 32768 from 16-bit
 * samples. It wraps as the sums do. */
static inline int32_t framecap_raised(int32_t bias, int32_t coefficients, size_t size)
{
    return size == 1 ? bias : (int32_t)((uint32_t)bias + ((uint32_t)coefficients << 15));
}

#define FRAMECAP_BY_VECTOR_OF(n, fits, wide, narrow)                                             \
    if ((fits) && (n) >= 16) {                                                                   \
        if ((n) >= 32 && framecap_has_avx2())                                                    \
            wide;                                                                                \
        else                                                                                     \
            narrow;                                                                              \
        return;                                                                                  \
    }
#else
#define FRAMECAP_BY_VECTOR_OF(n, fits, wide, narrow)
#endif

/* Defines the row functions that dispatch to the best variant for the processor. */
#define FRAMECAP_DEFINE_COLOUR_CHOICE(name, sample_t)                                            \
    static inline void framecap_mix2_##name(uint8_t *out, const sample_t *a, const sample_t *b,  \
                                            int n, int32_t ka, int32_t kb, int32_t bias,         \
                                            int shift)                                           \
    {                                                                                            \
        FRAMECAP_BY_VECTOR_OF(                                                                   \
            n, framecap_is_short(ka) && framecap_is_short(kb),                                   \
            framecap_mix2_##name##_avx2(out, a, b, n, ka, kb,                                    \
                                        framecap_raised(bias, ka + kb, sizeof *a), shift),       \
            framecap_mix2_##name##_sse2(out, a, b, n, ka, kb,                                    \
                                        framecap_raised(bias, ka + kb, sizeof *a), shift))       \
        framecap_mix2_##name##_plain(out, a, b, n, ka, kb, bias, shift);                         \
    }                                                                                            \
                                                                                                 \
    /* A second plane without weight costs less than products of 32 bits. */                     \
    static inline void framecap_mix1_##name(uint8_t *out, const sample_t *a, int n, int32_t ka,  \
                                            int32_t bias, int shift)                             \
    {                                                                                            \
        FRAMECAP_BY_VECTOR_OF(                                                                   \
            n, framecap_is_short(ka),                                                            \
            framecap_mix2_##name##_avx2(out, a, a, n, ka, 0,                                     \
                                        framecap_raised(bias, ka, sizeof *a), shift),            \
            framecap_mix2_##name##_sse2(out, a, a, n, ka, 0,                                     \
                                        framecap_raised(bias, ka, sizeof *a), shift))            \
        framecap_mix1_##name##_plain(out, a, n, ka, bias, shift);                                \
    }                                                                                            \
                                                                                                 \
    static inline void framecap_mix3_##name(                                                     \
        uint8_t *out, const sample_t *a, const sample_t *b, const sample_t *c, int n,            \
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)                             \
    {                                                                                            \
        FRAMECAP_BY_VECTOR_OF(                                                                   \
            n, framecap_is_short(ka) && framecap_is_short(kb) && framecap_is_short(kc),          \
            framecap_mix3_##name##_avx2(out, a, b, c, n, ka, kb, kc,                             \
                                        framecap_raised(bias, ka + kb + kc, sizeof *a), shift),  \
            framecap_mix3_##name##_sse2(out, a, b, c, n, ka, kb, kc,                             \
                                        framecap_raised(bias, ka + kb + kc, sizeof *a), shift))  \
        framecap_mix3_##name##_plain(out, a, b, c, n, ka, kb, kc, bias, shift);                  \
    }                                                                                            \
                                                                                                 \
    static inline void framecap_halved_##name(                                                   \
        uint8_t *out, const sample_t *a, const sample_t *b, const sample_t *c, int n,            \
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)                             \
    {                                                                                            \
        FRAMECAP_BY_VECTOR_OF(                                                                   \
            n, framecap_is_short(ka) && framecap_is_short(kb) && framecap_is_short(kc),          \
            framecap_mix3_halved_##name##_avx2(                                                  \
                out, a, b, c, n, ka, kb, kc, framecap_raised(bias, ka + kb + kc, sizeof *a),     \
                shift),                                                                          \
            framecap_mix3_halved_##name##_sse2(                                                  \
                out, a, b, c, n, ka, kb, kc, framecap_raised(bias, ka + kb + kc, sizeof *a),     \
                shift))                                                                          \
        framecap_mix3_halved_##name##_plain(out, a, b, c, n, ka, kb, kc, bias, shift);           \
    }                                                                                            \
                                                                                                 \
    /* Vectors take pairs of columns; an odd last one goes by itself. */                         \
    static inline void framecap_mix3_halved_##name(                                              \
        uint8_t *out, const sample_t *a, const sample_t *b, const sample_t *c, int n,            \
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)                             \
    {                                                                                            \
        const int even = n & ~1;                                                                 \
        framecap_halved_##name(out, a, b, c, even, ka, kb, kc, bias, shift);                     \
        if (n > even)                                                                            \
            framecap_mix3_halved_##name##_plain(out + even, a + even, b + even / 2,              \
                                                c + even / 2, 1, ka, kb, kc, bias, shift);       \
    }

FRAMECAP_DEFINE_COLOUR_CHOICE(u8, uint8_t)
FRAMECAP_DEFINE_COLOUR_CHOICE(u16, uint16_t)

/* Writes a row whose samples are `stride` bytes apart. */
static void framecap_spread(uint8_t *restrict out, ptrdiff_t stride, const uint8_t *restrict row,
                            int n)
{
    for (int x = 0; x < n; x++)
        out[x * stride] = row[x];
}

FRAMECAP_CLONES static void framecap_pack3(uint8_t *restrict out, const uint8_t *restrict a,
                                           const uint8_t *restrict b, const uint8_t *restrict c,
                                           int n)
{
    for (int x = 0; x < n; x++) {
        out[3 * x] = a[x];
        out[3 * x + 1] = b[x];
        out[3 * x + 2] = c[x];
    }
}

/* Averages 2x2 samples, halves up; an odd last column counts twice. */
FRAMECAP_CLONES static void framecap_halve(uint8_t *restrict out, const uint8_t *restrict upper,
                                           const uint8_t *restrict lower, int n)
{
    for (int x = 0; x < n / 2; x++)
        out[x] = (uint8_t)((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + 2)
                           >> 2);
    if (n & 1)
        out[n / 2] = (uint8_t)((2 * upper[n - 1] + 2 * lower[n - 1] + 2) >> 2);
}

#endif
