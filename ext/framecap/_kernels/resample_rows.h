#ifndef FRAMECAP_RESAMPLE_ROWS_H
#define FRAMECAP_RESAMPLE_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"
#include "taps.h"
#if FRAMECAP_X86
#include "resample_x86.h"
#endif

/* The columns that the first pass sums at a time: the sums stay in the L1 cache. */
#define FRAMECAP_BLOCK 1024

static inline int32_t framecap_settled(int32_t sum, int shift, int32_t most)
{
    const int32_t value = (sum + ((1 << shift) >> 1)) >> shift;
    return value < 0 ? 0 : value > most ? most : value;
}

/* Defines the passes in plain C, for a sample type and an intermediate type:
 *   framecap_sum_rows_*    adds up to four weighted rows to the sums of a block
 *   framecap_mix_rows_*    the first pass, rounded to the intermediate precision
 *   framecap_settle_rows_* the first pass, rounded again by `extra` bits, to samples
 *   framecap_mix_columns_* the second pass */
#define FRAMECAP_DEFINE_PASSES(name, sample_t, middle_t)                                         \
    FRAMECAP_CLONES static void framecap_sum_rows_##name(                                        \
        int32_t *restrict sums, const sample_t *const *rows, const int16_t *weights, int count,  \
        ptrdiff_t from, int n, int32_t most)                                                     \
    {                                                                                            \
        const sample_t *p0 = rows[0] + from;                                                     \
        const sample_t *p1 = (count > 1 ? rows[1] : rows[0]) + from;                             \
        const sample_t *p2 = (count > 2 ? rows[2] : rows[0]) + from;                             \
        const sample_t *p3 = (count > 3 ? rows[3] : rows[0]) + from;                             \
        const int32_t w0 = weights[0];                                                           \
        const int32_t w1 = count > 1 ? weights[1] : 0;                                           \
        const int32_t w2 = count > 2 ? weights[2] : 0;                                           \
        const int32_t w3 = count > 3 ? weights[3] : 0;                                           \
        const sample_t top = (sample_t)most;                                                     \
        for (int x = 0; x < n; x++) {                                                            \
            const sample_t a = p0[x] < top ? p0[x] : top;                                        \
            const sample_t b = p1[x] < top ? p1[x] : top;                                        \
            const sample_t c = p2[x] < top ? p2[x] : top;                                        \
            const sample_t d = p3[x] < top ? p3[x] : top;                                        \
            sums[x] += w0 * a + w1 * b + w2 * c + w3 * d;                                        \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    static void framecap_sum_block_##name(                                                       \
        int32_t *restrict sums, const sample_t *const *rows, const int16_t *weights, int span,   \
        ptrdiff_t from, int n, int32_t most)                                                     \
    {                                                                                            \
        memset(sums, 0, (size_t)n * sizeof *sums);                                               \
        for (int k = 0; k < span; k += 4)                                                        \
            framecap_sum_rows_##name(                                                            \
                sums, rows + k, weights + k, span - k < 4 ? span - k : 4, from, n, most);        \
    }                                                                                            \
                                                                                                 \
    static void framecap_mix_rows_##name##_plain(                                                \
        middle_t *restrict out, const sample_t *const *rows, const int16_t *weights, int span,   \
        ptrdiff_t count, int shift, int32_t most)                                                \
    {                                                                                            \
        int32_t sums[FRAMECAP_BLOCK];                                                            \
        const int32_t half = (1 << shift) >> 1;                                                  \
        for (ptrdiff_t from = 0; from < count; from += FRAMECAP_BLOCK) {                         \
            const int n = (int)(count - from < FRAMECAP_BLOCK ? count - from : FRAMECAP_BLOCK);  \
            framecap_sum_block_##name(sums, rows, weights, span, from, n, most);                 \
            for (int x = 0; x < n; x++)                                                          \
                out[from + x] = (middle_t)((sums[x] + half) >> shift);                           \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    static void framecap_settle_rows_##name##_plain(                                             \
        sample_t *restrict out, const sample_t *const *rows, const int16_t *weights, int span,   \
        ptrdiff_t count, int shift, int extra, int32_t most)                                     \
    {                                                                                            \
        int32_t sums[FRAMECAP_BLOCK];                                                            \
        const int32_t half = (1 << shift) >> 1;                                                  \
        for (ptrdiff_t from = 0; from < count; from += FRAMECAP_BLOCK) {                         \
            const int n = (int)(count - from < FRAMECAP_BLOCK ? count - from : FRAMECAP_BLOCK);  \
            framecap_sum_block_##name(sums, rows, weights, span, from, n, most);                 \
            for (int x = 0; x < n; x++)                                                          \
                out[from + x] = (sample_t)framecap_settled((sums[x] + half) >> shift, extra,     \
                                                           most);                                \
        }                                                                                        \
    }                                                                                            \
                                                                                                 \
    FRAMECAP_CLONES static void framecap_mix_columns_##name##_plain(                             \
        sample_t *restrict out, const middle_t *restrict row, const framecap_taps *taps,         \
        int shift, int32_t most)                                                                 \
    {                                                                                            \
        const int16_t *weights = taps->weights;                                                  \
        for (int x = 0; x < taps->count; x++, weights += taps->width) {                          \
            const middle_t *p = row + taps->starts[x];                                           \
            int32_t sum = 0;                                                                     \
            for (int k = 0; k < taps->span; k++)                                                 \
                sum += (int32_t)p[k] * weights[k];                                               \
            out[x] = (sample_t)framecap_settled(sum, shift, most);                               \
        }                                                                                        \
    }

FRAMECAP_DEFINE_PASSES(u8, uint8_t, int16_t)
FRAMECAP_DEFINE_PASSES(u16, uint16_t, int16_t)
FRAMECAP_DEFINE_PASSES(deep, uint16_t, int32_t)

/* Defines the passes that dispatch to the widest vector that the CPU has and the row fills. */
#if FRAMECAP_X86
#define FRAMECAP_BY_VECTOR(n, least, wide, narrow)                                               \
    {                                                                                            \
        if ((n) >= 2 * (least) && framecap_has_avx2()) {                                         \
            wide;                                                                                \
            return;                                                                              \
        }                                                                                        \
        if ((n) >= (least)) {                                                                    \
            narrow;                                                                              \
            return;                                                                              \
        }                                                                                        \
    }
#else
#define FRAMECAP_BY_VECTOR(n, least, wide, narrow) {}
#endif

/* Returns whether the weights are those of the mean of two, three or four samples. */
static inline int framecap_is_mean(const int16_t *weights, int span)
{
    static const int16_t means[3][4] = {
        {8192, 8192, 0, 0}, {5461, 5462, 5461, 0}, {4096, 4096, 4096, 4096}};
    return span >= 2 && span <= 4 && memcmp(weights, means[span - 2], sizeof means[0]) == 0;
}

#define FRAMECAP_DEFINE_CHOICE(name, sample_t)                                                   \
    static inline void framecap_mix_rows_##name(                                                 \
        int16_t *out, const sample_t *const *rows, const int16_t *weights, int span,             \
        ptrdiff_t n, int shift, int32_t most)                                                    \
    {                                                                                            \
        if (sizeof(sample_t) == 1 && framecap_is_mean(weights, span))                            \
            FRAMECAP_BY_VECTOR(                                                                  \
                n, 16, framecap_mean_rows_avx2(out, (const uint8_t *const *)rows, span, n),      \
                framecap_mean_rows_sse2(out, (const uint8_t *const *)rows, span, n))             \
        FRAMECAP_BY_VECTOR(                                                                      \
            n, 16, framecap_mix_rows_##name##_avx2(out, rows, weights, span, n, shift, most),    \
            framecap_mix_rows_##name##_sse2(out, rows, weights, span, n, shift, most))           \
        framecap_mix_rows_##name##_plain(out, rows, weights, span, n, shift, most);              \
    }                                                                                            \
                                                                                                 \
    static inline void framecap_settle_rows_##name(                                              \
        sample_t *out, const sample_t *const *rows, const int16_t *weights, int span,            \
        ptrdiff_t n, int shift, int extra, int32_t most)                                         \
    {                                                                                            \
        FRAMECAP_BY_VECTOR(                                                                      \
            n, 16,                                                                               \
            framecap_settle_rows_##name##_avx2(out, rows, weights, span, n, shift, extra, most), \
            framecap_settle_rows_##name##_sse2(out, rows, weights, span, n, shift, extra, most)) \
        framecap_settle_rows_##name##_plain(out, rows, weights, span, n, shift, extra, most);    \
    }                                                                                            \
                                                                                                 \
    static inline void framecap_mix_columns_##name(                                              \
        sample_t *out, const int16_t *row, const framecap_taps *taps, int shift, int32_t most)   \
    {                                                                                            \
        FRAMECAP_BY_VECTOR(                                                                      \
            taps->count, 8, framecap_mix_columns_##name##_avx2(out, row, taps, shift, most),     \
            framecap_mix_columns_##name##_sse2(out, row, taps, shift, most))                     \
        framecap_mix_columns_##name##_plain(out, row, taps, shift, most);                        \
    }

FRAMECAP_DEFINE_CHOICE(u8, uint8_t)
FRAMECAP_DEFINE_CHOICE(u16, uint16_t)

#define framecap_mix_rows_deep framecap_mix_rows_deep_plain
#define framecap_settle_rows_deep framecap_settle_rows_deep_plain
#define framecap_mix_columns_deep framecap_mix_columns_deep_plain

#endif
