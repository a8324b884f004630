/* Sums of 8-bit samples by vector, see by_vector.h. psadbw adds up eight samples. The last vector
 * of a cell overlaps the one before; a mask removes the samples that are already counted. */

/* Returns the sums of BYTES masked columns over `rows` rows. */
TARGET static inline VECTOR NAME(framecap_sum_down)(const char *p, ptrdiff_t stride, const int rows,
                                                    VECTOR mask)
{
    VECTOR sum = ZERO;
    for (int y = 0; y < rows; y++, p += stride)
        sum = OP(add_epi64)(sum, OP(sad_epu8)(NAME(framecap_and)(LOAD(p), mask), ZERO));
    return sum;
}

/* Adds rows to the sum of each cell, and to that of each column that two cells share. */
TARGET static inline void NAME(framecap_sum_cells)(VECTOR sums[FRAMECAP_CELL_COLUMNS],
                                                   uint32_t shared[FRAMECAP_CELL_COLUMNS],
                                                   const char *row, ptrdiff_t stride,
                                                   const int rows, ptrdiff_t width)
{
    const VECTOR all = OP(set1_epi8)(-1);
    ptrdiff_t from = 0;
    for (int c = 0; c < FRAMECAP_CELL_COLUMNS; c++) {
        const ptrdiff_t to = (c + 1) * width / FRAMECAP_CELL_COLUMNS;
        VECTOR sum = sums[c];
        for (; from + BYTES <= to; from += BYTES)
            sum = OP(add_epi64)(sum, NAME(framecap_sum_down)(row + from, stride, rows, all));
        const VECTOR mask = LOAD(framecap_mask + 32 - BYTES + (to - from));
        sum = OP(add_epi64)(sum, NAME(framecap_sum_down)(row + to - BYTES, stride, rows, mask));
        sums[c] = sum;
        from = to;
        if (to * FRAMECAP_CELL_COLUMNS < (c + 1) * width) {
            for (int y = 0; y < rows; y++)
                shared[c] += (uint8_t)row[y * stride + to];
            from++;
        }
    }
}

/* Cells are at least BYTES columns wide. */
TARGET static void NAME(framecap_sum_row_u8)(int64_t *cells, const char *row, ptrdiff_t stride,
                                             ptrdiff_t count, ptrdiff_t width)
{
    VECTOR sums[FRAMECAP_CELL_COLUMNS];
    uint32_t shared[FRAMECAP_CELL_COLUMNS] = {0};
    memset(sums, 0, sizeof sums);
    for (; count >= 8; count -= 8, row += 8 * stride)
        NAME(framecap_sum_cells)(sums, shared, row, stride, 8, width);
    for (; count > 0; count--, row += stride)
        NAME(framecap_sum_cells)(sums, shared, row, stride, 1, width);
    for (int c = 0; c < FRAMECAP_CELL_COLUMNS; c++) {
        uint64_t lanes[BYTES / 8];
        STORE(lanes, sums[c]);
        for (int i = 0; i < BYTES / 8; i++)
            cells[c] += (int64_t)lanes[i] * FRAMECAP_CELL_COLUMNS;
        framecap_add_column(cells, shared[c], (c + 1) * width / FRAMECAP_CELL_COLUMNS, width);
    }
}
