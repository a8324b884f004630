"""Resampling of one plane, straight out of a decoder's buffer.

Rows first, then columns, each row of the result by itself, so that what lies between the passes
is one row. Integer arithmetic only: the result does not depend on the processor.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t
from libc.stdlib cimport calloc, free, malloc

cdef extern from "resample_rows.h" nogil:
    const int FRAMECAP_WEIGHT_BITS
    void framecap_mix_rows_u8(
        int16_t *out, const uint8_t **rows, const int16_t *weights, int span,
        ptrdiff_t begin, ptrdiff_t end, int shift, int32_t most)
    void framecap_mix_rows_u16(
        int32_t *out, const uint16_t **rows, const int16_t *weights, int span,
        ptrdiff_t begin, ptrdiff_t end, int shift, int32_t most)
    void framecap_settle_u8(uint8_t *out, const int16_t *row, int n, int shift, int32_t most)
    void framecap_settle_u16(uint16_t *out, const int32_t *row, int n, int shift, int32_t most)
    void framecap_mix_columns_u8(
        uint8_t *out, const int16_t *row, const int32_t *starts, int32_t origin,
        const int16_t *weights, int span, int stride, int count, int shift, int32_t most)
    void framecap_mix_columns_u16(
        uint16_t *out, const int32_t *row, const int32_t *starts, int32_t origin,
        const int16_t *weights, int span, int stride, int count, int shift, int32_t most)

ctypedef fused sample_t:
    uint8_t
    uint16_t

# The widest reading beyond the last column: one vector of eight samples.
cdef enum:
    SLACK = 8


def resample(
    const sample_t[:, :] source not None,
    sample_t[:, :] target not None,
    const int32_t[::1] row_starts not None,
    const int16_t[:, ::1] row_weights not None,
    int row_span,
    const int32_t[::1] column_starts not None,
    const int16_t[:, ::1] column_weights not None,
    int column_span,
    int depth,
):
    """Fills `target` with weighted sums of `source`'s samples.

    Result (y, x) is the sum over i and j of `source[row_starts[y] + i, column_starts[x] + j]`
    times `row_weights[y, i]` times `column_weights[x, j]`. The weights of each result sum to
    16384, their magnitudes to at most 20480; they are 0 from the span on. Samples above the
    depth's largest count as the largest.
    """
    cdef int32_t low = 0, high = 0
    cdef bint done
    if source.shape[0] == 0 or source.shape[1] == 0:
        raise ValueError("the source is empty")
    if source.strides[1] != sizeof(sample_t) or target.strides[1] != sizeof(sample_t):
        raise ValueError("samples of a row must be adjacent")
    if depth < 8 or depth > 8 * <int>sizeof(sample_t):
        raise ValueError("the samples' type cannot hold the depth")
    if row_starts.shape[0] != target.shape[0] or row_weights.shape[0] != target.shape[0]:
        raise ValueError("the rows' taps and the target differ in size")
    if column_starts.shape[0] != target.shape[1] or column_weights.shape[0] != target.shape[1]:
        raise ValueError("the columns' taps and the target differ in size")
    if column_weights.shape[1] % SLACK:
        raise ValueError("the columns' weights must be padded to a multiple of 8")
    _bounds(row_starts, row_span, row_weights.shape[1], source.shape[0], &low, &high)
    _bounds(column_starts, column_span, column_weights.shape[1], source.shape[1], &low, &high)
    if target.shape[0] == 0 or target.shape[1] == 0:
        return
    with nogil:
        done = _resample(
            source, target, row_starts, row_weights, row_span,
            column_starts, column_weights, column_span, low, high, depth)
    if not done:
        raise MemoryError


cdef int _bounds(
    const int32_t[::1] starts, int span, ptrdiff_t width, ptrdiff_t length,
    int32_t *low, int32_t *high,
) except -1:
    """Finds the first sample read and the end of the last; refuses any outside the source."""
    cdef ptrdiff_t i
    if span < 1 or span > width:
        raise ValueError("the span exceeds the weights")
    low[0] = 0
    high[0] = 0
    for i in range(starts.shape[0]):
        if starts[i] < 0 or starts[i] + span > length:
            raise ValueError("taps lie outside the source")
        if i == 0 or starts[i] < low[0]:
            low[0] = starts[i]
        if i == 0 or starts[i] + span > high[0]:
            high[0] = starts[i] + span
    return 0


cdef bint _resample(
    const sample_t[:, :] source, sample_t[:, :] target,
    const int32_t[::1] row_starts, const int16_t[:, ::1] row_weights, int row_span,
    const int32_t[::1] column_starts, const int16_t[:, ::1] column_weights, int column_span,
    int32_t low, int32_t high, int depth,
) noexcept nogil:
    """Returns false when there is no memory for a row."""
    cdef int extra = 6 if sample_t is uint8_t else 16 - depth
    cdef int32_t most = (1 << depth) - 1
    cdef int count = <int>target.shape[1]
    cdef int stride = <int>column_weights.shape[1]
    # Where every result is one sample of its own column, the second pass only rounds.
    cdef bint straight = column_span == 1 and high - low == count and _ascending(column_starts)
    cdef size_t cells = <size_t>(high - low) + stride
    cdef ptrdiff_t y
    cdef int i
    cdef const sample_t **rows = <const sample_t **>malloc(row_span * sizeof(void *))
    cdef int16_t *narrow = NULL
    cdef int32_t *wide = NULL
    # Zeroed, for the second pass reads on beyond the last column, with weight 0.
    if sample_t is uint8_t:
        narrow = <int16_t *>calloc(cells, sizeof(int16_t))
    else:
        wide = <int32_t *>calloc(cells, sizeof(int32_t))
    if rows == NULL or (narrow == NULL and wide == NULL):
        free(rows)
        free(narrow)
        free(wide)
        return False
    for y in range(target.shape[0]):
        for i in range(row_span):
            rows[i] = &source[row_starts[y] + i, 0]
        if sample_t is uint8_t:
            framecap_mix_rows_u8(
                narrow, rows, &row_weights[y, 0], row_span, low, high,
                FRAMECAP_WEIGHT_BITS - extra, most)
            if straight:
                framecap_settle_u8(&target[y, 0], narrow, count, extra, most)
            else:
                framecap_mix_columns_u8(
                    &target[y, 0], narrow, &column_starts[0], low, &column_weights[0, 0],
                    column_span, stride, count, FRAMECAP_WEIGHT_BITS + extra, most)
        else:
            framecap_mix_rows_u16(
                wide, rows, &row_weights[y, 0], row_span, low, high,
                FRAMECAP_WEIGHT_BITS - extra, most)
            if straight:
                framecap_settle_u16(&target[y, 0], wide, count, extra, most)
            else:
                framecap_mix_columns_u16(
                    &target[y, 0], wide, &column_starts[0], low, &column_weights[0, 0],
                    column_span, stride, count, FRAMECAP_WEIGHT_BITS + extra, most)
    free(rows)
    free(narrow)
    free(wide)
    return True


cdef bint _ascending(const int32_t[::1] starts) noexcept nogil:
    """Returns true when each start is the one before plus 1."""
    cdef ptrdiff_t i
    for i in range(1, starts.shape[0]):
        if starts[i] != starts[i - 1] + 1:
            return False
    return True
