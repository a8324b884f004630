#ifndef FRAMECAP_TONEMAP_ROWS_H
#define FRAMECAP_TONEMAP_ROWS_H

#include <stdint.h>

#include "clones.h"

/* Fixed-point scales: a signal of 1 is 1 << 24, a light of 1 is 1 << 23 (light may be up to 255), a
 * factor of 1 between primaries is 1 << 28. All fit 32 bits, so that compilers use products of 32
 * by 32 bits. pixels/light.py and pixels/gamut.py make the tables to these scales. */
#define FRAMECAP_STEP_BITS 12
#define FRAMECAP_GAMUT_BITS 28

/* Light is looked up by the position of its leading bit and the 10 bits that follow. */
#define FRAMECAP_MANTISSA_BITS 10

/* The fractional bits of the product of a display entry and a dimming entry. */
#define FRAMECAP_LEVEL_BITS 28

#define FRAMECAP_TYPED_BODY "tonemap_rows_body.h"
#include "by_sample.h"

static inline int32_t framecap_moved(int32_t r, int32_t g, int32_t b, int32_t kr, int32_t kg,
                                     int32_t kb)
{
    const int64_t half = (int64_t)1 << (FRAMECAP_GAMUT_BITS - 1);
    const int64_t sum = half + (int64_t)kr * r + (int64_t)kg * g + (int64_t)kb * b;
    const int32_t light = (int32_t)(sum >> FRAMECAP_GAMUT_BITS);
    return light < 0 ? 0 : light;
}

/* Converts a row of light to other primaries, in place. Out-of-gamut values, below 0, become 0. */
FRAMECAP_CLONES static void framecap_gamut(int32_t *restrict red, int32_t *restrict green,
                                           int32_t *restrict blue, int n,
                                           const int32_t *restrict factors)
{
    const int32_t f0 = factors[0], f1 = factors[1], f2 = factors[2];
    const int32_t f3 = factors[3], f4 = factors[4], f5 = factors[5];
    const int32_t f6 = factors[6], f7 = factors[7], f8 = factors[8];
    for (int x = 0; x < n; x++) {
        const int32_t r = red[x], g = green[x], b = blue[x];
        red[x] = framecap_moved(r, g, b, f0, f1, f2);
        green[x] = framecap_moved(r, g, b, f3, f4, f5);
        blue[x] = framecap_moved(r, g, b, f6, f7, f8);
    }
}

static inline uint32_t framecap_bucket(int32_t light)
{
    const int exponent = 31 - __builtin_clz((uint32_t)light | (1 << FRAMECAP_MANTISSA_BITS));
    const int shift = exponent - FRAMECAP_MANTISSA_BITS;
    return ((uint32_t)shift << FRAMECAP_MANTISSA_BITS) + ((uint32_t)light >> shift);
}

static inline uint8_t framecap_level(uint32_t display, uint32_t dimming)
{
    const uint64_t half = (uint64_t)1 << (FRAMECAP_LEVEL_BITS - 1);
    const uint32_t level = (uint32_t)(((uint64_t)display * dimming + half) >> FRAMECAP_LEVEL_BITS);
    return (uint8_t)(level > 255 ? 255 : level);
}

/* Dims each pixel by its brightest colour and gives it the display's levels. */
FRAMECAP_CLONES static void framecap_dim(uint8_t *restrict to_red, uint8_t *restrict to_green,
                                         uint8_t *restrict to_blue, const int32_t *restrict red,
                                         const int32_t *restrict green,
                                         const int32_t *restrict blue, int n,
                                         const uint32_t *restrict display,
                                         const uint32_t *restrict dimming)
{
    for (int x = 0; x < n; x++) {
        const int32_t most = red[x] > green[x] ? red[x] : green[x];
        const uint32_t factor = dimming[framecap_bucket(most > blue[x] ? most : blue[x])];
        to_red[x] = framecap_level(display[framecap_bucket(red[x])], factor);
        to_green[x] = framecap_level(display[framecap_bucket(green[x])], factor);
        to_blue[x] = framecap_level(display[framecap_bucket(blue[x])], factor);
    }
}

#endif
