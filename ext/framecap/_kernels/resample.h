#ifndef FRAMECAP_RESAMPLE_H
#define FRAMECAP_RESAMPLE_H

#include <stdlib.h>

#include "resample_rows.h"

/* Separable resampling: the first pass mixes rows, the second columns. Sums are exact and each pass
 * rounds once, halves up. An intermediate sample, between the passes, has
 *   14 bits for a depth of at most 12, so that it fits int16_t, overshoot included
 *   16 bits for a greater depth, so that no sum overflows int32_t */
#define FRAMECAP_BETWEEN_BITS 14
#define FRAMECAP_DEEP_BITS 16

/* The intermediate samples that vectors read past the last one; their weights are 0. */
#define FRAMECAP_SLACK 8

/* Returns 0 if there is no memory for a row. Three cases, with the same result:
 *   straight  each result needs one column only: the first pass rounds to samples
 *   level     each result needs one row only: the intermediate row equals the source row, so the
 *             longest run of columns with equal weights (see framecap_find_glide) is mixed as rows
 *             are, from shifted views on that row
 *   else      both passes */
#define FRAMECAP_DEFINE_RESAMPLE(name, sample_t, middle_t, between)                              \
    static void framecap_point_##name(const sample_t **rows, const char *first,                  \
                                      ptrdiff_t stride, int span)                                \
    {                                                                                            \
        for (int i = 0; i < span; i++)                                                           \
            rows[i] = (const sample_t *)(first + i * stride);                                    \
        for (int i = span; i < span + 3; i++)                                                    \
            rows[i] = rows[span - 1];                                                            \
    }                                                                                            \
                                                                                                 \
    static void framecap_mix_edge_##name(                                                        \
        sample_t *out, const sample_t *row, const framecap_taps *taps, int from, int to,         \
        int32_t most)                                                                            \
    {                                                                                            \
        for (int x = from; x < to; x++) {                                                        \
            const int16_t *weights = taps->weights + (ptrdiff_t)x * taps->width;                 \
            const sample_t *p = row + taps->starts[x];                                           \
            int32_t sum = 0;                                                                     \
            for (int k = 0; k < taps->span; k++)                                                 \
                sum += weights[k] * (p[k] < most ? p[k] : most);                                 \
            out[x] = (sample_t)framecap_settled(sum, FRAMECAP_WEIGHT_BITS, most);                \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    static int framecap_resample_##name(                                                         \
        const char *source, ptrdiff_t source_stride, char *target, ptrdiff_t target_stride,      \
        const framecap_taps *down, const framecap_taps *across, int depth)                       \
    {                                                                                            \
        const int extra = (between) - depth;                                                     \
        const int shift = FRAMECAP_WEIGHT_BITS - extra;                                          \
        const int32_t most = (1 << depth) - 1;                                                   \
        const int count = across->count, from = across->from, to = across->to;                   \
        const int straight = across->span == 1 && from == 0 && to == count;                      \
        const int level = down->span == 1 && to - from >= 32;                                    \
        const int span = down->span > across->span ? down->span : across->span;                  \
        const ptrdiff_t columns = across->high - across->low;                                    \
        const sample_t **rows = malloc(((size_t)span + 3) * sizeof *rows);                       \
        const size_t cells = (size_t)columns + (size_t)across->width + FRAMECAP_SLACK;           \
        middle_t *row = calloc(cells, sizeof *row);                                              \
        if (rows == NULL || row == NULL) {                                                       \
            free(rows);                                                                          \
            free(row);                                                                           \
            return 0;                                                                            \
        }                                                                                        \
        for (int y = 0; y < down->count; y++, target += target_stride) {                         \
            sample_t *out = (sample_t *)target;                                                  \
            const char *first = source + down->starts[y] * source_stride;                        \
            const int16_t *weights = down->weights + (ptrdiff_t)y * down->width;                 \
            if (straight) {                                                                      \
                first += across->low * (ptrdiff_t)sizeof(sample_t);                              \
                framecap_point_##name(rows, first, source_stride, down->span);                   \
                framecap_settle_rows_##name(                                                     \
                    out, rows, weights, down->span, columns, shift, extra, most);                \
            } else if (level) {                                                                  \
                const sample_t *samples = (const sample_t *)first;                               \
                framecap_mix_edge_##name(out, samples, across, 0, from, most);                   \
                first += across->starts[from] * (ptrdiff_t)sizeof(sample_t);                     \
                framecap_point_##name(rows, first, sizeof(sample_t), across->span);              \
                framecap_settle_rows_##name(                                                     \
                    out + from, rows, across->weights + (ptrdiff_t)from * across->width,         \
                    across->span, to - from, FRAMECAP_WEIGHT_BITS, 0, most);                     \
                framecap_mix_edge_##name(out, samples, across, to, count, most);                 \
            } else {                                                                             \
                first += across->low * (ptrdiff_t)sizeof(sample_t);                              \
                framecap_point_##name(rows, first, source_stride, down->span);                   \
                framecap_mix_rows_##name(row, rows, weights, down->span, columns, shift, most);  \
                framecap_mix_columns_##name(out, row - across->low, across,                      \
                                            FRAMECAP_WEIGHT_BITS + extra, most);                 \
            }                                                                                    \
        }                                                                                        \
        free(rows);                                                                              \
        free(row);                                                                               \
        return 1;                                                                                \
    }

FRAMECAP_DEFINE_RESAMPLE(u8, uint8_t, int16_t, FRAMECAP_BETWEEN_BITS)
FRAMECAP_DEFINE_RESAMPLE(u16, uint16_t, int16_t, FRAMECAP_BETWEEN_BITS)
FRAMECAP_DEFINE_RESAMPLE(deep, uint16_t, int32_t, FRAMECAP_DEEP_BITS)

#endif
