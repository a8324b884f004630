"""The difference hash: sums over 9 x 8 cells, and what differs between two hashes.

In units of 1/9 of a column and 1/8 of a row, sample (y, x) of an H x W plane covers
[8y, 8y + 8) x [9x, 9x + 9) and cell (r, c) covers [rH, rH + H) x [cW, cW + W). Every overlap is a
whole number and every cell has the same area, so the sums are exact and compare as averages do.
"""

import numpy as np

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

cdef extern from "dhash_rows.h" nogil:
    void framecap_add_eight_rows_u8(uint32_t *sums, const char *row, ptrdiff_t stride, int n)
    void framecap_add_eight_rows_u16(uint32_t *sums, const char *row, ptrdiff_t stride, int n)
    void framecap_add_row_u8(uint32_t *sums, const uint8_t *row, int n, uint32_t weight)
    void framecap_add_row_u16(uint32_t *sums, const uint16_t *row, int n, uint32_t weight)

ctypedef fused sample_t:
    uint8_t
    uint16_t

cdef enum:
    COLUMNS = 9
    ROWS = 8
    # A cell's column sum is at most H times the largest sample: 32 bits up to this height. With
    # the same width a cell's sum is below 2^48, and a weighted sum of three planes below 2^63.
    MOST = 1 << 16


def cell_sums(const sample_t[:, :] plane not None):
    """Returns the sums over a plane's cells, 8 rows of 9."""
    cdef bint done
    if plane.shape[0] == 0 or plane.shape[1] == 0:
        raise ValueError("the plane is empty")
    if plane.shape[0] > MOST or plane.shape[1] > MOST:
        raise ValueError("the plane has more than 65536 rows or columns")
    if plane.strides[1] != sizeof(sample_t):
        raise ValueError("samples of a row must be adjacent")
    cells = np.zeros((ROWS, COLUMNS), np.int64)
    cdef int64_t[:, ::1] sums = cells
    with nogil:
        done = _cell_sums(plane, sums)
    if not done:
        raise MemoryError
    return cells


def difference_bits(const int64_t[:, ::1] sums not None):
    """Returns 64 bits, row by row, the first the highest: 1 where the right cell is larger."""
    cdef uint64_t bits = 0
    cdef int row, column
    if sums.shape[0] != ROWS or sums.shape[1] != COLUMNS:
        raise ValueError("a hash needs 8 rows of 9 cells")
    for row in range(ROWS):
        for column in range(COLUMNS - 1):
            bits = bits << 1 | (sums[row, column + 1] > sums[row, column])
    return bits


def changed_bits(uint64_t first, uint64_t second):
    """Returns how many bits differ."""
    cdef uint64_t rest = first ^ second
    cdef int count = 0
    while rest:
        rest &= rest - 1
        count += 1
    return count


cdef bint _cell_sums(const sample_t[:, :] plane, int64_t[:, ::1] cells) noexcept nogil:
    """Returns false when there is no memory for a row of sums."""
    cdef ptrdiff_t height = plane.shape[0], width = plane.shape[1]
    cdef ptrdiff_t low, high, y, begin, end
    cdef int row, column
    cdef uint32_t *sums = <uint32_t *>calloc(width, sizeof(uint32_t))
    cdef uint32_t *whole = <uint32_t *>calloc(width, sizeof(uint32_t))
    if sums == NULL or whole == NULL:
        free(sums)
        free(whole)
        return False
    for row in range(ROWS):
        low, high = row * height, (row + 1) * height
        begin, end = (low + ROWS - 1) // ROWS, high // ROWS
        memset(sums, 0, width * sizeof(uint32_t))
        memset(whole, 0, width * sizeof(uint32_t))
        if begin > end:
            # The cell lies within one row.
            _add_row(sums, plane, end, <uint32_t>height)
        else:
            if begin * ROWS > low:
                _add_row(sums, plane, begin - 1, <uint32_t>(begin * ROWS - low))
            if high > end * ROWS:
                _add_row(sums, plane, end, <uint32_t>(high - end * ROWS))
            y = begin
            while y + 8 <= end:
                if sample_t is uint8_t:
                    framecap_add_eight_rows_u8(
                        whole, <const char *>&plane[y, 0], plane.strides[0], <int>width)
                else:
                    framecap_add_eight_rows_u16(
                        whole, <const char *>&plane[y, 0], plane.strides[0], <int>width)
                y += 8
            while y < end:
                _add_row(whole, plane, y, 1)
                y += 1
        for column in range(COLUMNS):
            cells[row, column] = _row_cell(sums, whole, width, column)
    free(sums)
    free(whole)
    return True


cdef inline void _add_row(
    uint32_t *sums, const sample_t[:, :] plane, ptrdiff_t y, uint32_t weight
) noexcept nogil:
    if sample_t is uint8_t:
        framecap_add_row_u8(sums, &plane[y, 0], <int>plane.shape[1], weight)
    else:
        framecap_add_row_u16(sums, &plane[y, 0], <int>plane.shape[1], weight)


cdef int64_t _row_cell(
    const uint32_t *sums, const uint32_t *whole, ptrdiff_t width, int column
) noexcept nogil:
    """Returns the sum over one cell, of rows that count in part and of rows that count whole."""
    cdef ptrdiff_t low = column * width, high = (column + 1) * width
    cdef ptrdiff_t x, begin, end
    cdef int64_t total = 0
    for x in range(low // COLUMNS, (high + COLUMNS - 1) // COLUMNS):
        begin, end = max(low, x * COLUMNS), min(high, (x + 1) * COLUMNS)
        total += (end - begin) * (sums[x] + <int64_t>whole[x] * ROWS)
    return total
