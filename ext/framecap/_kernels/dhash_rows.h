#ifndef FRAMECAP_DHASH_ROWS_H
#define FRAMECAP_DHASH_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

/* In units of 1/9 of a column and 1/8 of a row, sample (y, x) of an H x W plane covers
 * [8y, 8y + 8) x [9x, 9x + 9) and cell (r, c) covers [rH, rH + H) x [cW, cW + W). Every overlap is a
 * whole number and every cell has the same area, so the sums are exact and compare as averages do. */
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

/* Defines the sums of one row of cells over `count` rows of samples, each with weight 1, for one
 * sample type. The sum of eight 8-bit samples fits 16 bits, which doubles the lanes of a vector.
 * `sums` is scratch space for one row. */
#define FRAMECAP_DEFINE_ROW_SUMS(name, sample_t, eight_t)                                        \
    FRAMECAP_CLONES static void framecap_add_eight_rows_##name(                                  \
        uint32_t *restrict sums, const char *row, ptrdiff_t stride, ptrdiff_t n)                 \
    {                                                                                            \
        const sample_t *p0 = (const sample_t *)row;                                              \
        const sample_t *p1 = (const sample_t *)(row + stride);                                   \
        const sample_t *p2 = (const sample_t *)(row + 2 * stride);                               \
        const sample_t *p3 = (const sample_t *)(row + 3 * stride);                               \
        const sample_t *p4 = (const sample_t *)(row + 4 * stride);                               \
        const sample_t *p5 = (const sample_t *)(row + 5 * stride);                               \
        const sample_t *p6 = (const sample_t *)(row + 6 * stride);                               \
        const sample_t *p7 = (const sample_t *)(row + 7 * stride);                               \
        for (ptrdiff_t x = 0; x < n; x++) {                                                      \
            const eight_t eight = (eight_t)((eight_t)p0[x] + p1[x] + p2[x] + p3[x] + p4[x] +     \
                                            p5[x] + p6[x] + p7[x]);                              \
            sums[x] += (uint32_t)eight;                                                          \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    static void framecap_sum_row_##name##_plain(                                                 \
        int64_t *cells, const char *row, ptrdiff_t stride, ptrdiff_t count, ptrdiff_t width,     \
        void *room)                                                                              \
    {                                                                                            \
        uint32_t *sums = (uint32_t *)room;                                                       \
        memset(sums, 0, (size_t)width * sizeof *sums);                                           \
        for (; count >= 8; count -= 8, row += 8 * stride)                                        \
            framecap_add_eight_rows_##name(sums, row, stride, width);                            \
        for (; count > 0; count--, row += stride)                                                \
            for (ptrdiff_t x = 0; x < width; x++)                                                \
                sums[x] += ((const sample_t *)row)[x];                                           \
        for (ptrdiff_t x = 0; x < width; x++)                                                    \
            framecap_add_column(cells, sums[x], x, width);                                       \
    }

FRAMECAP_DEFINE_ROW_SUMS(u8, uint8_t, uint16_t)
FRAMECAP_DEFINE_ROW_SUMS(u16, uint16_t, uint32_t)

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

static void framecap_sum_row_u8(int64_t *cells, const char *row, ptrdiff_t stride, ptrdiff_t count,
                                ptrdiff_t width, void *room)
{
#if FRAMECAP_X86
    if (width >= 33 * FRAMECAP_CELL_COLUMNS) {
        if (framecap_has_avx2())
            framecap_sum_row_u8_avx2(cells, row, stride, count, width);
        else
            framecap_sum_row_u8_sse2(cells, row, stride, count, width);
        return;
    }
#endif
    framecap_sum_row_u8_plain(cells, row, stride, count, width, room);
}

#define framecap_sum_row_u16 framecap_sum_row_u16_plain

/* Defines the sums over all cells. `room` is scratch space of (width + 1) * 4 bytes. Rows are
 * weighted in eighths: by 8 within a row of cells, by the overlap on a border between cells. */
#define FRAMECAP_DEFINE_CELL_SUMS(name)                                                          \
    static void framecap_add_rows_##name(int64_t *cells, const char *row, ptrdiff_t stride,      \
                                         ptrdiff_t count, ptrdiff_t width, int64_t weight,       \
                                         void *room)                                             \
    {                                                                                            \
        int64_t sums[FRAMECAP_CELL_COLUMNS] = {0};                                               \
        if (count <= 0 || weight == 0)                                                           \
            return;                                                                              \
        framecap_sum_row_##name(sums, row, stride, count, width, room);                          \
        for (int c = 0; c < FRAMECAP_CELL_COLUMNS; c++)                                          \
            cells[c] += weight * sums[c];                                                        \
    }                                                                                            \
                                                                                                 \
    static void framecap_cell_sums_##name(int64_t *cells, const char *plane, ptrdiff_t stride,   \
                                          ptrdiff_t height, ptrdiff_t width, void *room)         \
    {                                                                                            \
        for (int r = 0; r < FRAMECAP_CELL_ROWS; r++, cells += FRAMECAP_CELL_COLUMNS) {           \
            const ptrdiff_t low = r * height, high = low + height;                               \
            const ptrdiff_t begin = (low + FRAMECAP_CELL_ROWS - 1) / FRAMECAP_CELL_ROWS;         \
            const ptrdiff_t end = high / FRAMECAP_CELL_ROWS;                                     \
            const int within = begin > end; /* The cells lie within one row. */                  \
            const ptrdiff_t above = within ? height : begin * FRAMECAP_CELL_ROWS - low;          \
            const ptrdiff_t below = within ? 0 : high - end * FRAMECAP_CELL_ROWS;                \
            if (above)                                                                           \
                framecap_add_rows_##name(cells, plane + (begin - 1) * stride, stride, 1, width,  \
                                         above, room);                                           \
            framecap_add_rows_##name(cells, plane + begin * stride, stride, end - begin, width,  \
                                     FRAMECAP_CELL_ROWS, room);                                  \
            if (below)                                                                           \
                framecap_add_rows_##name(cells, plane + end * stride, stride, 1, width, below,   \
                                         room);                                                  \
        }                                                                                        \
    }

FRAMECAP_DEFINE_CELL_SUMS(u8)
FRAMECAP_DEFINE_CELL_SUMS(u16)

#endif
