#ifndef FRAMECAP_DHASH_ROWS_H
#define FRAMECAP_DHASH_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "clones.h"

/* Adds eight rows, or one row times a weight, to sums by column. Eight 8-bit samples fit 16 bits,
 * which doubles the lanes of a vector. */
#define FRAMECAP_DEFINE_COLUMN_SUMS(name, sample_t, eight_t)                                     \
    FRAMECAP_CLONES static void framecap_add_eight_rows_##name(                                  \
        uint32_t *restrict sums, const char *row, ptrdiff_t stride, int n)                       \
    {                                                                                            \
        const sample_t *p0 = (const sample_t *)row;                                              \
        const sample_t *p1 = (const sample_t *)(row + stride);                                   \
        const sample_t *p2 = (const sample_t *)(row + 2 * stride);                               \
        const sample_t *p3 = (const sample_t *)(row + 3 * stride);                               \
        const sample_t *p4 = (const sample_t *)(row + 4 * stride);                               \
        const sample_t *p5 = (const sample_t *)(row + 5 * stride);                               \
        const sample_t *p6 = (const sample_t *)(row + 6 * stride);                               \
        const sample_t *p7 = (const sample_t *)(row + 7 * stride);                               \
        for (int x = 0; x < n; x++) {                                                            \
            const eight_t eight = (eight_t)((eight_t)p0[x] + p1[x] + p2[x] + p3[x] + p4[x] +     \
                                            p5[x] + p6[x] + p7[x]);                              \
            sums[x] += (uint32_t)eight;                                                          \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    FRAMECAP_CLONES static void framecap_add_row_##name(                                         \
        uint32_t *restrict sums, const sample_t *restrict row, int n, uint32_t weight)           \
    {                                                                                            \
        for (int x = 0; x < n; x++)                                                              \
            sums[x] += weight * row[x];                                                          \
    }

FRAMECAP_DEFINE_COLUMN_SUMS(u8, uint8_t, uint16_t)
FRAMECAP_DEFINE_COLUMN_SUMS(u16, uint16_t, uint32_t)

#endif
