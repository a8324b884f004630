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
#endif

#define FRAMECAP_TYPED_BODY "colour_rows_body.h"
#include "by_sample.h"

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
        out[x] =
            (uint8_t)((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + 2) >> 2);
    if (n & 1)
        out[n / 2] = (uint8_t)((2 * upper[n - 1] + 2 * lower[n - 1] + 2) >> 2);
}

#endif
