/* Sums over the cells of a hash for one sample type, see by_sample.h. `room` is scratch space of
 * (width + 1) * 4 bytes. */

/* Adds eight rows to the sums of their columns. */
FRAMECAP_CLONES static void TYPED(framecap_add_eight_rows)(uint32_t *restrict sums, const char *row,
                                                           ptrdiff_t stride, ptrdiff_t n)
{
    const SAMPLE *p0 = (const SAMPLE *)row;
    const SAMPLE *p1 = (const SAMPLE *)(row + stride);
    const SAMPLE *p2 = (const SAMPLE *)(row + 2 * stride);
    const SAMPLE *p3 = (const SAMPLE *)(row + 3 * stride);
    const SAMPLE *p4 = (const SAMPLE *)(row + 4 * stride);
    const SAMPLE *p5 = (const SAMPLE *)(row + 5 * stride);
    const SAMPLE *p6 = (const SAMPLE *)(row + 6 * stride);
    const SAMPLE *p7 = (const SAMPLE *)(row + 7 * stride);
    for (ptrdiff_t x = 0; x < n; x++) {
        const TYPED(framecap_eight) eight =
            p0[x] + p1[x] + p2[x] + p3[x] + p4[x] + p5[x] + p6[x] + p7[x];
        sums[x] += eight;
    }
}

/* Adds the sums of one row of cells over `count` rows of samples, each with weight 1. */
static void PLAIN(framecap_sum_row)(int64_t *cells, const char *row, ptrdiff_t stride,
                                    ptrdiff_t count, ptrdiff_t width, void *room)
{
    uint32_t *sums = (uint32_t *)room;
    memset(sums, 0, (size_t)width * sizeof *sums);
    for (; count >= 8; count -= 8, row += 8 * stride)
        TYPED(framecap_add_eight_rows)(sums, row, stride, width);
    for (; count > 0; count--, row += stride)
        for (ptrdiff_t x = 0; x < width; x++)
            sums[x] += ((const SAMPLE *)row)[x];
    for (ptrdiff_t x = 0; x < width; x++)
        framecap_add_column(cells, sums[x], x, width);
}

/* The same by the best variant for the processor. */
static void TYPED(framecap_sum_row)(int64_t *cells, const char *row, ptrdiff_t stride,
                                    ptrdiff_t count, ptrdiff_t width, void *room)
{
#if FRAMECAP_X86
    if (sizeof(SAMPLE) == 1 && width >= 33 * FRAMECAP_CELL_COLUMNS) {
        if (framecap_has_avx2())
            framecap_sum_row_u8_avx2(cells, row, stride, count, width);
        else
            framecap_sum_row_u8_sse2(cells, row, stride, count, width);
        return;
    }
#endif
    PLAIN(framecap_sum_row)(cells, row, stride, count, width, room);
}

static void TYPED(framecap_add_rows)(int64_t *cells, const char *row, ptrdiff_t stride,
                                     ptrdiff_t count, ptrdiff_t width, int64_t weight, void *room)
{
    int64_t sums[FRAMECAP_CELL_COLUMNS] = {0};
    if (count <= 0 || weight == 0)
        return;
    TYPED(framecap_sum_row)(sums, row, stride, count, width, room);
    for (int c = 0; c < FRAMECAP_CELL_COLUMNS; c++)
        cells[c] += weight * sums[c];
}

/* Computes the sums over all cells. Rows are weighted in eighths: by 8 within a row of cells, by
 * the overlap on a border between cells. */
static void TYPED(framecap_cell_sums)(int64_t *cells, const char *plane, ptrdiff_t stride,
                                      ptrdiff_t height, ptrdiff_t width, void *room)
{
    for (int r = 0; r < FRAMECAP_CELL_ROWS; r++, cells += FRAMECAP_CELL_COLUMNS) {
        const ptrdiff_t low = r * height, high = low + height;
        const ptrdiff_t begin = (low + FRAMECAP_CELL_ROWS - 1) / FRAMECAP_CELL_ROWS;
        const ptrdiff_t end = high / FRAMECAP_CELL_ROWS;
        const int within = begin > end; /* The cells lie within one row. */
        const ptrdiff_t above = within ? height : begin * FRAMECAP_CELL_ROWS - low;
        const ptrdiff_t below = within ? 0 : high - end * FRAMECAP_CELL_ROWS;
        if (above)
            TYPED(framecap_add_rows)(cells, plane + (begin - 1) * stride, stride, 1, width, above,
                                     room);
        TYPED(framecap_add_rows)(cells, plane + begin * stride, stride, end - begin, width,
                                 FRAMECAP_CELL_ROWS, room);
        if (below)
            TYPED(framecap_add_rows)(cells, plane + end * stride, stride, 1, width, below, room);
    }
}
