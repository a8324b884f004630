"""Separable resampling of one plane, directly from a decoder's buffer.

Each row of the result is made by itself, from rows first, then from columns, so the intermediate
buffer is one row. Integer arithmetic only: the result does not depend on the processor.
`pixels/axis.py` derives the weights: area averages, cubic convolution (Keys), wider cubics.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t
from libc.stdlib cimport free

cdef extern from "resample.h" nogil:
    ctypedef struct framecap_taps:
        const int32_t *starts
        const int16_t *weights
        int count
        int span
        int width
        int32_t low
        int32_t high
        unsigned char *pairs
    void framecap_find_glide(framecap_taps *taps)
    int framecap_find_pairs(framecap_taps *taps)
    int framecap_resample_u8(
        const char *source, ptrdiff_t source_stride, char *dst, ptrdiff_t dst_stride,
        const framecap_taps *down, const framecap_taps *across, int depth)
    int framecap_resample_u16(
        const char *source, ptrdiff_t source_stride, char *dst, ptrdiff_t dst_stride,
        const framecap_taps *down, const framecap_taps *across, int depth)
    int framecap_resample_deep(
        const char *source, ptrdiff_t source_stride, char *dst, ptrdiff_t dst_stride,
        const framecap_taps *down, const framecap_taps *across, int depth)

ctypedef fused sample_t:
    uint8_t
    uint16_t

# Up to this depth, intermediate samples fit 16 bits.
cdef enum:
    SHALLOW = 12


cdef class AxisTaps:
    """The weights of one axis, checked once for all planes that are resampled with them.

    Result i is the sum over k of sample `starts[i] + k` times `weights[i, k]`.

    Args:
        starts: The first sample of each result, int32, not negative.
        weights: Shape (results, width), int16. Those of each result sum to 16384, their magnitudes
            to at most 24576; they are 0 from the span on. The width is 4, 8 or a multiple of 16,
            as vectors need.
        span: The number of samples of a result, 1..width.

    Raises:
        ValueError: An array breaks these rules.
        MemoryError: The shuffle masks cannot be allocated.
    """

    cdef const int32_t[::1] starts
    cdef const int16_t[:, ::1] weights
    cdef framecap_taps taps

    def __cinit__(
        self,
        const int32_t[::1] starts not None,
        const int16_t[:, ::1] weights not None,
        int span,
    ):
        cdef ptrdiff_t i, k, width = weights.shape[1]
        cdef int32_t total, magnitude
        if starts.shape[0] != weights.shape[0] or starts.shape[0] == 0:
            raise ValueError("each result needs a start and weights")
        if width not in (4, 8) and (width == 0 or width % 16):
            raise ValueError("weights must be padded to 4, 8 or a multiple of 16")
        if span < 1 or span > width:
            raise ValueError("the span exceeds the weights")
        for i in range(starts.shape[0]):
            total = magnitude = 0
            for k in range(width):
                total += weights[i, k]
                magnitude += abs(<int32_t>weights[i, k])
                if k >= span and weights[i, k]:
                    raise ValueError("weights beyond the span must be 0")
            if total != 16384 or magnitude > 24576:
                raise ValueError("the weights of a result must sum to 16384")
        self.starts, self.weights = starts, weights
        self.taps.starts, self.taps.weights = &starts[0], &weights[0, 0]
        self.taps.count, self.taps.span, self.taps.width = <int>starts.shape[0], span, <int>width
        self.taps.low = self.taps.high = starts[0]
        for i in range(starts.shape[0]):
            self.taps.low = min(self.taps.low, starts[i])
            self.taps.high = max(self.taps.high, starts[i] + span)
        if self.taps.low < 0:
            raise ValueError("taps lie outside the source")
        framecap_find_glide(&self.taps)
        if not framecap_find_pairs(&self.taps):
            raise MemoryError

    def __dealloc__(self):
        free(self.taps.pairs)


def resample(
    const sample_t[:, :] source not None,
    sample_t[:, :] dst not None,
    AxisTaps down not None,
    AxisTaps across not None,
    int depth,
):
    """Fills `dst` with weighted sums of `source`'s samples.

    Samples above the depth's largest count as the largest.

    Args:
        source: Shape (rows, columns), uint8 or uint16; rows may be padded, and their stride may be
            negative.
        dst: Shape (results of `down`, results of `across`), of the same type.
        down: The weights of rows.
        across: The weights of columns.
        depth: Bits of a sample, 8 or more.

    Raises:
        ValueError: Sizes differ, taps lie outside the source, samples of a row are not adjacent, or
            the type cannot hold the depth.
        MemoryError: A row cannot be allocated.
    """
    cdef bint done
    if source.shape[0] < down.taps.high or source.shape[1] < across.taps.high:
        raise ValueError("taps lie outside the source")
    if source.strides[1] != sizeof(sample_t) or dst.strides[1] != sizeof(sample_t):
        raise ValueError("samples of a row must be adjacent")
    if depth < 8 or depth > 8 * <int>sizeof(sample_t):
        raise ValueError("the samples' type cannot hold the depth")
    if dst.shape[0] != down.taps.count or dst.shape[1] != across.taps.count:
        raise ValueError("the taps and dst differ in size")
    with nogil:
        if sample_t is uint8_t:
            done = framecap_resample_u8(
                <const char *>&source[0, 0], source.strides[0],
                <char *>&dst[0, 0], dst.strides[0], &down.taps, &across.taps, depth)
        elif sample_t is uint16_t:
            if depth <= SHALLOW:
                done = framecap_resample_u16(
                    <const char *>&source[0, 0], source.strides[0],
                    <char *>&dst[0, 0], dst.strides[0], &down.taps, &across.taps, depth)
            else:
                done = framecap_resample_deep(
                    <const char *>&source[0, 0], source.strides[0],
                    <char *>&dst[0, 0], dst.strides[0], &down.taps, &across.taps, depth)
    if not done:
        raise MemoryError
