"""Tone mapping from HDR to SDR, pixel by pixel.

The method is Hable's curve on linear light, as in FFmpeg's `tonemap=hable:desat=0`;
`pixels/light.py` states it in full. Integers and tables only, so the result does not depend on the
processor. They are wide enough for colours at the edge of the gamut, which are small differences of
large numbers.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc

cdef extern from "tonemap_rows.h" nogil:
    const int FRAMECAP_MANTISSA_BITS
    void framecap_light_u8(
        int32_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, int n,
        const int32_t *coefficients, int64_t bias, int shift, const int32_t *table, int steps)
    void framecap_light_u16(
        int32_t *out, const uint16_t *a, const uint16_t *b, const uint16_t *c, int n,
        const int32_t *coefficients, int64_t bias, int shift, const int32_t *table, int steps)
    void framecap_gamut(int32_t *red, int32_t *green, int32_t *blue, int n, const int32_t *factors)
    void framecap_dim(
        uint8_t *to_red, uint8_t *to_green, uint8_t *to_blue,
        const int32_t *red, const int32_t *green, const int32_t *blue, int n,
        const uint32_t *display, const uint32_t *dimming)

ctypedef fused sample_t:
    uint8_t
    uint16_t

# Light has 31 bits: an octave of buckets for each bit above the mantissa, one octave for all below.
cdef ptrdiff_t BUCKETS = (32 - FRAMECAP_MANTISSA_BITS) << FRAMECAP_MANTISSA_BITS


def tone_map(
    const sample_t[:, :] first not None,
    const sample_t[:, :] second not None,
    const sample_t[:, :] third not None,
    uint8_t[:, :, ::1] dst not None,
    const int32_t[:, ::1] coefficients not None,
    const int64_t[::1] biases not None,
    int shift,
    const int32_t[::1] light not None,
    const int32_t[:, ::1] gamut not None,
    const uint32_t[::1] display not None,
    const uint32_t[::1] dimming not None,
):
    """Fills `dst` with red, green and blue of a BT.709 display.

    Args:
        first: Shape (rows, columns), uint8 or uint16, as stored; rows may be padded. Of gray, all
            three planes are the same.
        second: The same shape and type; so is `third`.
        third: See `second`.
        dst: Shape (3, rows, columns), uint8, contiguous.
        coefficients: Shape (3, 3). The signal of colour k is
            `(coefficients[k] · samples + biases[k]) >> shift`, 1 being 1 << 24.
        biases: See `coefficients`.
        shift: See `coefficients`.
        light: The light of a signal, in steps of 1/4096, the end of the last step included; 1 being
            1 << 23, or 100 cd/m².
        gamut: Shape (3, 3), the matrix from the source's primaries to the display's, 1 being
            1 << 28.
        display: The level of light, white being 255, by bucket; 1 being 1 << 12.
        dimming: The factor of a pixel's levels, by the bucket of its brightest colour, 1 being
            1 << 16.

    Raises:
        ValueError: A size, shape or table length differs, or samples of a row are not adjacent.
        MemoryError: A row cannot be allocated.
    """
    cdef ptrdiff_t y
    cdef int k
    cdef int n = <int>dst.shape[2]
    cdef int steps = <int>light.shape[0] - 1
    cdef int32_t *rows
    cdef int32_t *row
    if dst.shape[0] != 3 or biases.shape[0] != 3:
        raise ValueError("there are three colours")
    if coefficients.shape[0] != 3 or coefficients.shape[1] != 3:
        raise ValueError("a mix has three by three coefficients")
    if gamut.shape[0] != 3 or gamut.shape[1] != 3:
        raise ValueError("a gamut has three by three factors")
    if steps < 1 or display.shape[0] != BUCKETS or dimming.shape[0] != BUCKETS:
        raise ValueError("a table has another length")
    _check(first, dst.shape[1], dst.shape[2])
    _check(second, dst.shape[1], dst.shape[2])
    _check(third, dst.shape[1], dst.shape[2])
    if dst.shape[1] == 0 or n == 0:
        return
    rows = <int32_t *>malloc(3 * <size_t>n * sizeof(int32_t))
    if rows == NULL:
        raise MemoryError
    with nogil:
        for y in range(dst.shape[1]):
            for k in range(3):
                row = rows + k * <ptrdiff_t>n
                if sample_t is uint8_t:
                    framecap_light_u8(
                        row, &first[y, 0], &second[y, 0], &third[y, 0], n,
                        &coefficients[k, 0], biases[k], shift, &light[0], steps)
                else:
                    framecap_light_u16(
                        row, &first[y, 0], &second[y, 0], &third[y, 0], n,
                        &coefficients[k, 0], biases[k], shift, &light[0], steps)
            framecap_gamut(rows, rows + n, rows + 2 * <ptrdiff_t>n, n, &gamut[0, 0])
            framecap_dim(
                &dst[0, y, 0], &dst[1, y, 0], &dst[2, y, 0],
                rows, rows + n, rows + 2 * <ptrdiff_t>n, n, &display[0], &dimming[0])
    free(rows)


cdef int _check(const sample_t[:, :] plane, ptrdiff_t rows, ptrdiff_t columns) except -1:
    """Refuses a plane of another size, or with columns that are not adjacent."""
    if plane.shape[0] != rows or plane.shape[1] != columns:
        raise ValueError("plane and dst differ in size")
    if plane.strides[1] != sizeof(sample_t):
        raise ValueError("samples of a row must be adjacent")
    return 0
