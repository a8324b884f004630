"""Copies of rotated or mirrored views of a plane."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint8_t, uint16_t

ctypedef fused sample_t:
    uint8_t
    uint16_t

# Tiles of this side stay in the L1 cache while they are read and written, at any rotation.
cdef enum:
    TILE = 32


def gather(const sample_t[:, :] view not None, sample_t[:, ::1] dst not None):
    """Fills `dst` with `view`, tile by tile.

    Args:
        view: Shape (rows, columns), uint8 or uint16; strides may be any, negative ones included.
        dst: The same shape and type, contiguous.

    Raises:
        ValueError: Sizes differ.
    """
    if view.shape[0] != dst.shape[0] or view.shape[1] != dst.shape[1]:
        raise ValueError("view and dst differ in size")
    if dst.shape[0] == 0 or dst.shape[1] == 0:
        return
    with nogil:
        _gather(view, dst)


cdef void _gather(const sample_t[:, :] view, sample_t[:, ::1] dst) noexcept nogil:
    cdef ptrdiff_t rows = dst.shape[0], columns = dst.shape[1]
    cdef ptrdiff_t step = view.strides[1]
    cdef ptrdiff_t top = 0, left, y, x
    cdef const char *source
    cdef sample_t *out
    while top < rows:
        left = 0
        while left < columns:
            for y in range(top, min(top + TILE, rows)):
                source = <const char *>&view[y, left]
                out = &dst[y, left]
                for x in range(min(TILE, columns - left)):
                    out[x] = (<const sample_t *>(source + x * step))[0]
            left += TILE
        top += TILE
