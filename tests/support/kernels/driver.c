/* The kernels' loops as functions that a test can call, built in ways an extension is not. */

#include <stddef.h>
#include <stdint.h>

#include "colour_rows.h"
#include "dhash_rows.h"
#include "resample.h"
#include "tonemap_rows.h"

typedef struct {
    const int32_t *starts;
    const int16_t *weights;
    int count, span, width;
} axis;

static framecap_taps looked_at(axis given)
{
    framecap_taps taps = {
        .starts = given.starts, .weights = given.weights, .count = given.count,
        .span = given.span, .width = given.width, .low = given.starts[0]};
    for (int i = 0; i < given.count; i++) {
        taps.low = given.starts[i] < taps.low ? given.starts[i] : taps.low;
        taps.high = given.starts[i] + given.span > taps.high ? given.starts[i] + given.span
                                                             : taps.high;
    }
    framecap_find_glide(&taps);
    framecap_find_pairs(&taps);
    return taps;
}

void resample(const char *source, ptrdiff_t stride, char *target, axis rows, axis columns,
              int depth, int size)
{
    framecap_taps down = looked_at(rows), across = looked_at(columns);
    const ptrdiff_t line = (ptrdiff_t)columns.count * size;
    if (size == 1)
        framecap_resample_u8(source, stride, target, line, &down, &across, depth);
    else if (depth <= 12)
        framecap_resample_u16(source, stride, target, line, &down, &across, depth);
    else
        framecap_resample_deep(source, stride, target, line, &down, &across, depth);
    free(down.pairs);
    free(across.pairs);
}

void cell_sums(const char *plane, ptrdiff_t stride, int64_t *cells, ptrdiff_t rows,
               ptrdiff_t columns, int size)
{
    void *room = malloc(((size_t)columns + 1) * sizeof(uint32_t));
    if (size == 1)
        framecap_cell_sums_u8(cells, plane, stride, rows, columns, room);
    else
        framecap_cell_sums_u16(cells, plane, stride, rows, columns, room);
    free(room);
}

#define FRAMECAP_TYPED_BODY "driver_body.h"
#include "by_sample.h"

void halve(uint8_t *out, const uint8_t *upper, const uint8_t *lower, int n)
{
    framecap_halve(out, upper, lower, n);
}

void pack3(uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, int n)
{
    framecap_pack3(out, a, b, c, n);
}

void dim(uint8_t *out, int32_t *light, int n, const int32_t *gamut, const uint32_t *display,
         const uint32_t *dimming)
{
    framecap_gamut(light, light + n, light + 2 * n, n, gamut);
    framecap_dim(out, out + n, out + 2 * n, light, light + n, light + 2 * n, n, display, dimming);
}
