#ifndef FRAMECAP_TAPS_H
#define FRAMECAP_TAPS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The weights of one axis: those of result i begin at weights[i * width] and apply to the samples
 * from starts[i] on. They are integers that sum to 2^14. */
#define FRAMECAP_WEIGHT_BITS 14

typedef struct {
    const int32_t *starts;
    const int16_t *weights;
    int count;         /* of results */
    int span;          /* of samples a result has; its other weights are 0 */
    int width;         /* 4, 8 or a multiple of 16 */
    int32_t low, high; /* the samples that are read: [low, high) */
    int from, to;      /* results [from, to) differ by one sample each, and have equal weights */
    uint8_t *pairs;    /* see framecap_find_pairs; NULL for none */
} framecap_taps;

/* Finds the longest run of results with equal weights, each starting one sample later. */
static inline void framecap_find_glide(framecap_taps *taps)
{
    const size_t size = (size_t)taps->width * sizeof *taps->weights;
    int from = 0;
    taps->from = taps->to = 0;
    for (int i = 1; i <= taps->count; i++) {
        const int16_t *weights = taps->weights + (ptrdiff_t)i * taps->width;
        if (i < taps->count && taps->starts[i] == taps->starts[i - 1] + 1 &&
            memcmp(weights, weights - taps->width, size) == 0)
            continue;
        if (i - from > taps->to - taps->from)
            taps->from = from, taps->to = i;
        from = i;
    }
}

/* Makes shuffle masks if each pair of neighbours, results 2i and 2i + 1, lies within eight samples.
 * A mask selects from these the 16 bytes of both windows of four. Returns 0 if out of memory. */
static inline int framecap_find_pairs(framecap_taps *taps)
{
    taps->pairs = NULL;
    if (taps->width != 4 || taps->count < 2)
        return 1;
    for (int i = 0; i + 1 < taps->count; i += 2) {
        const int32_t step = taps->starts[i + 1] - taps->starts[i];
        if (step < 0 || step > 4)
            return 1;
    }
    taps->pairs = (uint8_t *)malloc(16 * (size_t)(taps->count / 2));
    if (taps->pairs == NULL)
        return 0;
    for (int i = 0; i + 1 < taps->count; i += 2) {
        uint8_t *bytes = taps->pairs + 8 * (ptrdiff_t)i;
        const int32_t step = taps->starts[i + 1] - taps->starts[i];
        for (int k = 0; k < 8; k++) {
            bytes[k] = (uint8_t)k;
            bytes[8 + k] = (uint8_t)(2 * step + k);
        }
    }
    return 1;
}

#endif
