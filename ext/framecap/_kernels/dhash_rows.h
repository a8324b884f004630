#ifndef FRAMECAP_DHASH_ROWS_H
#define FRAMECAP_DHASH_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

/* In units of 1/9 of a column and 1/8 of a row, sample (y, x) of an H x W plane covers
 * [8y, 8y + 8) x [9x, 9x + 9) and cell (r, c) covers [rH, rH + H) x [cW, cW + W). Every overlap is
 * a whole number and every cell has the same area, so the sums are exact and compare as averages
 * do. */
#define FRAMECAP_CELL_ROWS 8
#define FRAMECAP_CELL_COLUMNS 9

/* Adds a column's sum to the cells it overlaps. */
static inline void framecap_add_column(int64_t *cells, int64_t sum, ptrdiff_t x, ptrdiff_t width)
{
    const ptrdiff_t low = x * FRAMECAP_CELL_COLUMNS, high = low + FRAMECAP_CELL_COLUMNS;
    for (ptrdiff_t c = low / width; c * width < high; c++) {
        const ptrdiff_t from = c * width > low ? c * width : low;
        const ptrdiff_t to = (c + 1) * width < high ? (c + 1) * width : high;
        cells[c] += sum * (to - from);
    }
}

/* The sum of eight samples: of 8 bits it fits 16 bits, which doubles the lanes of a vector. */
typedef uint16_t framecap_eight_u8;
typedef uint32_t framecap_eight_u16;

#if FRAMECAP_X86
/* 32 bytes from byte i on are a mask that selects the last i of them. */
static const uint8_t framecap_mask[64] = {
    [32] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255,        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

static inline __m128i framecap_and_sse2(__m128i a, __m128i b)
{
    return _mm_and_si128(a, b);
}

FRAMECAP_AVX2 static inline __m256i framecap_and_avx2(__m256i a, __m256i b)
{
    return _mm256_and_si256(a, b);
}

#define FRAMECAP_BODY "dhash_vector.h"
#include "by_vector.h"
#endif

#define FRAMECAP_TYPED_BODY "dhash_rows_body.h"
#include "by_sample.h"

#endif
