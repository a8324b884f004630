"""The difference hash (dHash): sums over 9 x 8 cells, and one bit per pair of neighbours.

The method is N. Krawetz's dHash, with exact area sums instead of an interpolated 9 x 8 thumbnail.
"""

import numpy as np

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

cdef extern from "dhash_rows.h" nogil:
    void framecap_cell_sums_u8(
        int64_t *cells, const char *plane, ptrdiff_t stride, ptrdiff_t height, ptrdiff_t width,
        void *room)
    void framecap_cell_sums_u16(
        int64_t *cells, const char *plane, ptrdiff_t stride, ptrdiff_t height, ptrdiff_t width,
        void *room)

ctypedef fused sample_t:
    uint8_t
    uint16_t

cdef enum:
    COLUMNS = 9
    ROWS = 8
    # A cell's column sum is at most H times the largest sample: 32 bits up to this height. With
    # the same width a cell's sum is below 2^48, and a weighted sum of three planes below 2^63.
    MAX_SIDE = 1 << 16


def cell_sums(const sample_t[:, :] plane not None):
    """Returns the sums of a plane's samples over a grid of 9 x 8 equal cells.

    A sample on a border counts by its overlap, in units of 1/72 sample, so the sums are exact.

    Args:
        plane: Shape (rows, columns), uint8 or uint16, each 1..65536; rows may be padded.

    Returns:
        Shape (8, 9), int64.

    Raises:
        ValueError: The plane is empty or too large, or samples of a row are not adjacent.
        MemoryError: A row of sums cannot be allocated.
    """
    cdef void *room
    if plane.shape[0] == 0 or plane.shape[1] == 0:
        raise ValueError("the plane is empty")
    if plane.shape[0] > MAX_SIDE or plane.shape[1] > MAX_SIDE:
        raise ValueError("the plane has more than 65536 rows or columns")
    if plane.strides[1] != sizeof(sample_t):
        raise ValueError("samples of a row must be adjacent")
    cells = np.zeros((ROWS, COLUMNS), np.int64)
    cdef int64_t[:, ::1] sums = cells
    room = malloc((plane.shape[1] + 1) * sizeof(uint32_t))
    if room == NULL:
        raise MemoryError
    with nogil:
        if sample_t is uint8_t:
            framecap_cell_sums_u8(
                &sums[0, 0], <const char *>&plane[0, 0], plane.strides[0],
                plane.shape[0], plane.shape[1], room)
        else:
            framecap_cell_sums_u16(
                &sums[0, 0], <const char *>&plane[0, 0], plane.strides[0],
                plane.shape[0], plane.shape[1], room)
    free(room)
    return cells


def difference_bits(const int64_t[:, ::1] sums not None):
    """Returns the 64-bit hash: a bit is 1 where the cell to the right has the larger sum.

    Args:
        sums: Shape (8, 9), int64. Bits go row by row, the first one highest.

    Raises:
        ValueError: The shape is another.
    """
    cdef uint64_t bits = 0
    cdef int row, column
    if sums.shape[0] != ROWS or sums.shape[1] != COLUMNS:
        raise ValueError("a hash needs 8 rows of 9 cells")
    for row in range(ROWS):
        for column in range(COLUMNS - 1):
            bits = bits << 1 | (sums[row, column + 1] > sums[row, column])
    return bits


def changed_bits(uint64_t first, uint64_t second):
    """Returns the number of bits in which two hashes differ, 0..64."""
    cdef uint64_t rest = first ^ second
    cdef int count = 0
    while rest:
        rest &= rest - 1
        count += 1
    return count
