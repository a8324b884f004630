"""Alpha compositing and weighting of planes; each result is rounded once, halves up.

The method is Porter and Duff's `over` on black, and alpha-weighted (premultiplied) averages.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t

ctypedef fused sample_t:
    uint8_t
    uint16_t


def flatten(
    const sample_t[:, :] plane not None,
    const sample_t[:, :] alpha not None,
    sample_t[:, ::1] dst not None,
    int32_t black,
    int depth,
):
    """Fills `dst` with `plane` composited over black.

    Args:
        plane: Shape (rows, columns), uint8 or uint16; rows may be padded.
        alpha: The same shape and type; the largest sample of the depth is opaque.
        dst: The same shape and type, contiguous.
        black: The sample of black, or of neutral chroma.
        depth: Bits of a sample, 8 or more.

    Raises:
        ValueError: Sizes differ, samples of a row are not adjacent, or the type cannot hold the
            depth.
    """
    cdef ptrdiff_t x, y
    cdef const sample_t *p
    cdef const sample_t *a
    cdef sample_t *out
    cdef int64_t most = (1 << depth) - 1
    cdef int64_t half = most // 2
    _check(plane, alpha, dst.shape[0], dst.shape[1], depth)
    if dst.shape[0] == 0 or dst.shape[1] == 0:
        return
    with nogil:
        for y in range(dst.shape[0]):
            p, a, out = &plane[y, 0], &alpha[y, 0], &dst[y, 0]
            for x in range(dst.shape[1]):
                # Neither term is negative, so the division always rounds in the same direction.
                out[x] = <sample_t>(
                    (p[x] * <int64_t>a[x] + black * (most - a[x]) + half) // most)


def weigh(
    const sample_t[:, :] plane not None,
    const sample_t[:, :] alpha not None,
    uint16_t[:, ::1] dst not None,
    int depth,
):
    """Fills `dst` with `plane` times `alpha`, in 15 bits.

    The 16th bit holds a cubic's overshoot: if it were clipped, the quotient of `unweigh` would be
    too large.

    Args:
        plane: Shape (rows, columns), uint8 or uint16; rows may be padded.
        alpha: The same shape and type.
        dst: The same shape, uint16, contiguous.
        depth: Bits of a sample, 8 or more.

    Raises:
        ValueError: Sizes differ, samples of a row are not adjacent, or the type cannot hold the
            depth.
    """
    cdef ptrdiff_t x, y
    cdef const sample_t *p
    cdef const sample_t *a
    cdef uint16_t *out
    cdef int shift = 2 * depth - 15
    cdef uint64_t half
    _check(plane, alpha, dst.shape[0], dst.shape[1], depth)
    if dst.shape[0] == 0 or dst.shape[1] == 0:
        return
    half = <uint64_t>1 << (shift - 1)
    with nogil:
        for y in range(dst.shape[0]):
            p, a, out = &plane[y, 0], &alpha[y, 0], &dst[y, 0]
            for x in range(dst.shape[1]):
                out[x] = <uint16_t>((<uint64_t>p[x] * a[x] + half) >> shift)


def unweigh(
    const uint16_t[:, ::1] weighed not None,
    const uint16_t[:, ::1] alpha not None,
    sample_t[:, ::1] dst not None,
    int32_t black,
    int depth,
):
    """Fills `dst` with `weighed` divided by `alpha`; with black for an alpha of 0.

    Args:
        weighed: Products with alpha in 15 bits, as `weigh` makes them, resampled. Shape (rows,
            columns), contiguous.
        alpha: Alpha in 15 bits, resampled alike. The same shape, contiguous.
        dst: The same shape, uint8 or uint16, contiguous.
        black: The sample of black, or of neutral chroma.
        depth: Bits of a sample of `dst`; results are clamped to its largest.

    Raises:
        ValueError: Sizes differ, or the type cannot hold the depth.
    """
    cdef ptrdiff_t x, y
    cdef const uint16_t *w
    cdef const uint16_t *a
    cdef sample_t *out
    cdef uint64_t value
    cdef uint64_t most = (1 << depth) - 1
    if depth < 8 or depth > 8 * <int>sizeof(sample_t):
        raise ValueError("the samples' type cannot hold the depth")
    if (
        weighed.shape[0] != dst.shape[0] or weighed.shape[1] != dst.shape[1]
        or alpha.shape[0] != dst.shape[0] or alpha.shape[1] != dst.shape[1]
    ):
        raise ValueError("plane, alpha and dst differ in size")
    if dst.shape[0] == 0 or dst.shape[1] == 0:
        return
    with nogil:
        for y in range(dst.shape[0]):
            w, a, out = &weighed[y, 0], &alpha[y, 0], &dst[y, 0]
            for x in range(dst.shape[1]):
                if a[x] == 0:
                    out[x] = <sample_t>black
                    continue
                value = ((<uint64_t>w[x] << depth) + a[x] // 2) // a[x]
                out[x] = <sample_t>(value if value < most else most)


cdef int _check(
    const sample_t[:, :] plane, const sample_t[:, :] alpha,
    ptrdiff_t rows, ptrdiff_t columns, int depth,
) except -1:
    """Refuses planes that do not match `dst`."""
    if depth < 8 or depth > 8 * <int>sizeof(sample_t):
        raise ValueError("the samples' type cannot hold the depth")
    if (
        plane.shape[0] != rows or plane.shape[1] != columns
        or alpha.shape[0] != rows or alpha.shape[1] != columns
    ):
        raise ValueError("plane, alpha and dst differ in size")
    if plane.strides[1] != sizeof(sample_t) or alpha.strides[1] != sizeof(sample_t):
        raise ValueError("samples of a row must be adjacent")
    return 0
