/* The passes in plain C for one depth, see by_depth.h. */

/* Adds up to four weighted rows to the sums of a block. */
FRAMECAP_CLONES static void TYPED(framecap_sum_rows)(int32_t *restrict sums,
                                                     const SAMPLE *const *rows,
                                                     const int16_t *weights, int count,
                                                     ptrdiff_t from, int n, int32_t most)
{
    const SAMPLE *p0 = rows[0] + from;
    const SAMPLE *p1 = (count > 1 ? rows[1] : rows[0]) + from;
    const SAMPLE *p2 = (count > 2 ? rows[2] : rows[0]) + from;
    const SAMPLE *p3 = (count > 3 ? rows[3] : rows[0]) + from;
    const int32_t w0 = weights[0];
    const int32_t w1 = count > 1 ? weights[1] : 0;
    const int32_t w2 = count > 2 ? weights[2] : 0;
    const int32_t w3 = count > 3 ? weights[3] : 0;
    const SAMPLE top = (SAMPLE)most;
    for (int x = 0; x < n; x++) {
        const SAMPLE a = p0[x] < top ? p0[x] : top;
        const SAMPLE b = p1[x] < top ? p1[x] : top;
        const SAMPLE c = p2[x] < top ? p2[x] : top;
        const SAMPLE d = p3[x] < top ? p3[x] : top;
        sums[x] += w0 * a + w1 * b + w2 * c + w3 * d;
    }
}

static void TYPED(framecap_sum_block)(int32_t *restrict sums, const SAMPLE *const *rows,
                                      const int16_t *weights, int span, ptrdiff_t from, int n,
                                      int32_t most)
{
    memset(sums, 0, (size_t)n * sizeof *sums);
    for (int k = 0; k < span; k += 4)
        TYPED(framecap_sum_rows)(sums, rows + k, weights + k, span - k < 4 ? span - k : 4, from, n,
                                 most);
}

/* The first pass, rounded to the intermediate precision. */
static void PLAIN(framecap_mix_rows)(MIDDLE *restrict out, const SAMPLE *const *rows,
                                     const int16_t *weights, int span, ptrdiff_t count, int shift,
                                     int32_t most)
{
    int32_t sums[FRAMECAP_BLOCK];
    const int32_t half = (1 << shift) >> 1;
    for (ptrdiff_t from = 0; from < count; from += FRAMECAP_BLOCK) {
        const int n = (int)(count - from < FRAMECAP_BLOCK ? count - from : FRAMECAP_BLOCK);
        TYPED(framecap_sum_block)(sums, rows, weights, span, from, n, most);
        for (int x = 0; x < n; x++)
            out[from + x] = (MIDDLE)((sums[x] + half) >> shift);
    }
}

/* The first pass, rounded again by `extra` bits, to samples. */
static void PLAIN(framecap_settle_rows)(SAMPLE *restrict out, const SAMPLE *const *rows,
                                        const int16_t *weights, int span, ptrdiff_t count,
                                        int shift, int extra, int32_t most)
{
    int32_t sums[FRAMECAP_BLOCK];
    const int32_t half = (1 << shift) >> 1;
    for (ptrdiff_t from = 0; from < count; from += FRAMECAP_BLOCK) {
        const int n = (int)(count - from < FRAMECAP_BLOCK ? count - from : FRAMECAP_BLOCK);
        TYPED(framecap_sum_block)(sums, rows, weights, span, from, n, most);
        for (int x = 0; x < n; x++)
            out[from + x] = (SAMPLE)framecap_settled((sums[x] + half) >> shift, extra, most);
    }
}

/* The second pass. */
FRAMECAP_CLONES static void PLAIN(framecap_mix_columns)(SAMPLE *restrict out,
                                                        const MIDDLE *restrict row,
                                                        const framecap_taps *taps, int shift,
                                                        int32_t most)
{
    const int16_t *weights = taps->weights;
    for (int x = 0; x < taps->count; x++, weights += taps->width) {
        const MIDDLE *p = row + taps->starts[x];
        int32_t sum = 0;
        for (int k = 0; k < taps->span; k++)
            sum += (int32_t)p[k] * weights[k];
        out[x] = (SAMPLE)framecap_settled(sum, shift, most);
    }
}
