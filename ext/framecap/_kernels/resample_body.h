/* Resampling of one depth, see by_depth.h. */

static void TYPED(framecap_point)(const SAMPLE **rows, const char *first, ptrdiff_t stride,
                                  int span)
{
    for (int i = 0; i < span; i++)
        rows[i] = (const SAMPLE *)(first + i * stride);
    for (int i = span; i < span + 3; i++)
        rows[i] = rows[span - 1];
}

static void TYPED(framecap_mix_edge)(SAMPLE *out, const SAMPLE *row, const framecap_taps *taps,
                                     int from, int to, int32_t most)
{
    for (int x = from; x < to; x++) {
        const int16_t *weights = taps->weights + (ptrdiff_t)x * taps->width;
        const SAMPLE *p = row + taps->starts[x];
        int32_t sum = 0;
        for (int k = 0; k < taps->span; k++)
            sum += weights[k] * (p[k] < most ? p[k] : most);
        out[x] = (SAMPLE)framecap_settled(sum, FRAMECAP_WEIGHT_BITS, most);
    }
}

/* Returns 0 if there is no memory for a row. Three cases, with the same result:
 *   straight  each result needs one column only: the first pass rounds to samples
 *   level     each result needs one row only: the intermediate row equals the source row, so the
 *             longest run of columns with equal weights (see framecap_find_glide) is mixed as rows
 *             are, from shifted views on that row
 *   else      both passes */
static int TYPED(framecap_resample)(const char *source, ptrdiff_t source_stride, char *dst,
                                    ptrdiff_t dst_stride, const framecap_taps *down,
                                    const framecap_taps *across, int depth)
{
    const int extra = MIDDLE_BITS - depth;
    const int shift = FRAMECAP_WEIGHT_BITS - extra;
    const int32_t most = (1 << depth) - 1;
    const int count = across->count, from = across->from, to = across->to;
    const int straight = across->span == 1 && from == 0 && to == count;
    const int level = down->span == 1 && to - from >= 32;
    const int span = down->span > across->span ? down->span : across->span;
    const ptrdiff_t columns = across->high - across->low;
    const SAMPLE **rows = malloc(((size_t)span + 3) * sizeof *rows);
    const size_t cells = (size_t)columns + (size_t)across->width + FRAMECAP_SLACK;
    MIDDLE *row = calloc(cells, sizeof *row);
    if (rows == NULL || row == NULL) {
        free(rows);
        free(row);
        return 0;
    }
    for (int y = 0; y < down->count; y++, dst += dst_stride) {
        SAMPLE *out = (SAMPLE *)dst;
        const char *first = source + down->starts[y] * source_stride;
        const int16_t *weights = down->weights + (ptrdiff_t)y * down->width;
        if (straight) {
            first += across->low * (ptrdiff_t)sizeof(SAMPLE);
            TYPED(framecap_point)(rows, first, source_stride, down->span);
            TYPED(framecap_settle_rows)(out, rows, weights, down->span, columns, shift, extra,
                                        most);
        } else if (level) {
            const SAMPLE *samples = (const SAMPLE *)first;
            TYPED(framecap_mix_edge)(out, samples, across, 0, from, most);
            first += across->starts[from] * (ptrdiff_t)sizeof(SAMPLE);
            TYPED(framecap_point)(rows, first, sizeof(SAMPLE), across->span);
            TYPED(framecap_settle_rows)(out + from, rows,
                                        across->weights + (ptrdiff_t)from * across->width,
                                        across->span, to - from, FRAMECAP_WEIGHT_BITS, 0, most);
            TYPED(framecap_mix_edge)(out, samples, across, to, count, most);
        } else {
            first += across->low * (ptrdiff_t)sizeof(SAMPLE);
            TYPED(framecap_point)(rows, first, source_stride, down->span);
            TYPED(framecap_mix_rows)(row, rows, weights, down->span, columns, shift, most);
            TYPED(framecap_mix_columns)(out, row - across->low, across,
                                        FRAMECAP_WEIGHT_BITS + extra, most);
        }
    }
    free(rows);
    free(row);
    return 1;
}
