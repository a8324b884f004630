"""Linear combinations of planes in fixed point, to 8 bits.

Each result is `(coefficients · samples + bias) >> shift`, clamped to 0..255. `pixels/colour.py`
derives the coefficients from the matrices of ITU-R BT.601, BT.709 and BT.2020, SMPTE 240M and FCC.
Sums stay below 2^31 for every layout; tests/kernels verifies it. All kernels raise ValueError if
sizes differ or samples of a row are not adjacent, and MemoryError if a row cannot be allocated.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint8_t, uint16_t
from libc.stdlib cimport free, malloc

cdef extern from "colour_rows.h" nogil:
    void framecap_mix1_u8(
        uint8_t *out, const uint8_t *a, int n, int32_t ka, int32_t bias, int shift)
    void framecap_mix1_u16(
        uint8_t *out, const uint16_t *a, int n, int32_t ka, int32_t bias, int shift)
    void framecap_mix2_u8(
        uint8_t *out, const uint8_t *a, const uint8_t *b, int n,
        int32_t ka, int32_t kb, int32_t bias, int shift)
    void framecap_mix2_u16(
        uint8_t *out, const uint16_t *a, const uint16_t *b, int n,
        int32_t ka, int32_t kb, int32_t bias, int shift)
    void framecap_mix3_u8(
        uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, int n,
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)
    void framecap_mix3_u16(
        uint8_t *out, const uint16_t *a, const uint16_t *b, const uint16_t *c, int n,
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)
    void framecap_mix3_halved_u8(
        uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, int n,
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)
    void framecap_mix3_halved_u16(
        uint8_t *out, const uint16_t *a, const uint16_t *b, const uint16_t *c, int n,
        int32_t ka, int32_t kb, int32_t kc, int32_t bias, int shift)
    void framecap_spread(uint8_t *out, ptrdiff_t stride, const uint8_t *row, int n)
    void framecap_pack3(
        uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, int n)
    void framecap_halve(uint8_t *out, const uint8_t *upper, const uint8_t *lower, int n)

ctypedef fused sample_t:
    uint8_t
    uint16_t


def rescale(
    const sample_t[:, :] plane not None,
    uint8_t[:, :] dst not None,
    int32_t coefficient,
    int32_t bias,
    int shift,
):
    """Fills `dst` with `(coefficient * sample + bias) >> shift` of one plane.

    Args:
        plane: Shape (rows, columns), uint8 or uint16; rows may be padded.
        dst: The same shape, uint8; rows and columns may be strided.
        coefficient: The factor, in units of 1 / 2^shift.
        bias: The offset and the rounding, in the same units.
        shift: Fractional bits.
    """
    cdef ptrdiff_t y
    cdef int n = <int>dst.shape[1]
    cdef ptrdiff_t stride = dst.strides[1]
    cdef uint8_t *row
    _check(plane, dst.shape[0], dst.shape[1])
    if dst.shape[0] == 0 or n == 0:
        return
    row = <uint8_t *>malloc(n)
    if row == NULL:
        raise MemoryError
    with nogil:
        for y in range(dst.shape[0]):
            if sample_t is uint8_t:
                framecap_mix1_u8(
                    &dst[y, 0] if stride == 1 else row,
                    &plane[y, 0], n, coefficient, bias, shift)
            else:
                framecap_mix1_u16(
                    &dst[y, 0] if stride == 1 else row,
                    &plane[y, 0], n, coefficient, bias, shift)
            if stride != 1:
                framecap_spread(&dst[y, 0], stride, row, n)
    free(row)


def mix_luma(
    const sample_t[:, :] y_plane not None,
    const sample_t[:, :] cb_plane not None,
    const sample_t[:, :] cr_plane not None,
    uint8_t[:, ::1] dst not None,
    const int32_t[::1] coefficients not None,
    int32_t bias,
    int shift,
):
    """Fills `dst` with a combination of luma and 4:2:0 chroma.

    Args:
        y_plane: Shape (rows, columns), uint8 or uint16; rows may be padded.
        cb_plane: Half the rows and columns, rounded up, of the same type; so has `cr_plane`.
        cr_plane: See `cb_plane`.
        dst: Luma's shape, uint8, contiguous.
        coefficients: Three factors for Y, Cb and Cr, in units of 1 / 2^shift.
        bias: The offset and the rounding, in the same units.
        shift: Fractional bits.
    """
    cdef ptrdiff_t y
    cdef int n = <int>dst.shape[1]
    cdef int32_t ky, kb, kr
    _check(y_plane, dst.shape[0], dst.shape[1])
    _check(cb_plane, (dst.shape[0] + 1) // 2, (dst.shape[1] + 1) // 2)
    _check(cr_plane, (dst.shape[0] + 1) // 2, (dst.shape[1] + 1) // 2)
    if coefficients.shape[0] != 3:
        raise ValueError("three planes need three coefficients")
    if dst.shape[0] == 0 or n == 0:
        return
    ky, kb, kr = coefficients[0], coefficients[1], coefficients[2]
    with nogil:
        for y in range(dst.shape[0]):
            if sample_t is uint8_t:
                framecap_mix3_halved_u8(
                    &dst[y, 0], &y_plane[y, 0], &cb_plane[y // 2, 0], &cr_plane[y // 2, 0],
                    n, ky, kb, kr, bias, shift)
            else:
                framecap_mix3_halved_u16(
                    &dst[y, 0], &y_plane[y, 0], &cb_plane[y // 2, 0], &cr_plane[y // 2, 0],
                    n, ky, kb, kr, bias, shift)


def mix_pair(
    const sample_t[:, :] first not None,
    const sample_t[:, :] second not None,
    uint8_t[:, ::1] dst not None,
    const int32_t[::1] coefficients not None,
    int32_t bias,
    int shift,
):
    """Fills `dst` with a combination of two planes.

    Args:
        first: Shape (rows, columns), uint8 or uint16; rows may be padded.
        second: The same shape and type.
        dst: The same shape, uint8, contiguous.
        coefficients: Two factors, in units of 1 / 2^shift.
        bias: The offset and the rounding, in the same units.
        shift: Fractional bits.
    """
    cdef ptrdiff_t y
    cdef int n = <int>dst.shape[1]
    _check(first, dst.shape[0], dst.shape[1])
    _check(second, dst.shape[0], dst.shape[1])
    if coefficients.shape[0] != 2:
        raise ValueError("two planes need two coefficients")
    if dst.shape[0] == 0 or n == 0:
        return
    with nogil:
        for y in range(dst.shape[0]):
            if sample_t is uint8_t:
                framecap_mix2_u8(
                    &dst[y, 0], &first[y, 0], &second[y, 0], n,
                    coefficients[0], coefficients[1], bias, shift)
            else:
                framecap_mix2_u16(
                    &dst[y, 0], &first[y, 0], &second[y, 0], n,
                    coefficients[0], coefficients[1], bias, shift)


def mix(
    const sample_t[:, :] first not None,
    const sample_t[:, :] second not None,
    const sample_t[:, :] third not None,
    uint8_t[:, :, :] dst not None,
    const int32_t[:, ::1] coefficients not None,
    const int32_t[::1] biases not None,
    int shift,
):
    """Fills `dst[k]` with the k-th combination of three planes.

    Args:
        first: Shape (rows, columns), uint8 or uint16; rows may be padded.
        second: The same shape and type; so is `third`.
        third: See `second`.
        dst: Shape (3, rows, columns), uint8; columns may be strided, as in packed RGB.
        coefficients: Shape (3, 3), a row of factors for each result, in units of 1 / 2^shift.
        biases: Three offsets with the rounding, in the same units.
        shift: Fractional bits.
    """
    cdef ptrdiff_t y, k
    cdef int n = <int>dst.shape[2]
    cdef ptrdiff_t stride = dst.strides[2]
    cdef bint packed = stride == 3 and dst.strides[0] == 1
    cdef uint8_t *rows
    if dst.shape[0] != 3 or biases.shape[0] != 3:
        raise ValueError("a mix has three results")
    if coefficients.shape[0] != 3 or coefficients.shape[1] != 3:
        raise ValueError("a mix has three by three coefficients")
    _check(first, dst.shape[1], dst.shape[2])
    _check(second, dst.shape[1], dst.shape[2])
    _check(third, dst.shape[1], dst.shape[2])
    if dst.shape[1] == 0 or n == 0:
        return
    rows = <uint8_t *>malloc(3 * <size_t>n)
    if rows == NULL:
        raise MemoryError
    with nogil:
        for y in range(dst.shape[1]):
            for k in range(3):
                if sample_t is uint8_t:
                    framecap_mix3_u8(
                        rows + k * n, &first[y, 0], &second[y, 0], &third[y, 0], n,
                        coefficients[k, 0], coefficients[k, 1], coefficients[k, 2],
                        biases[k], shift)
                else:
                    framecap_mix3_u16(
                        rows + k * n, &first[y, 0], &second[y, 0], &third[y, 0], n,
                        coefficients[k, 0], coefficients[k, 1], coefficients[k, 2],
                        biases[k], shift)
            if packed:
                framecap_pack3(&dst[0, y, 0], rows, rows + n, rows + 2 * n, n)
            else:
                for k in range(3):
                    framecap_spread(&dst[k, y, 0], stride, rows + k * n, n)
    free(rows)


def halve(const uint8_t[:, ::1] plane not None, uint8_t[:, ::1] dst not None):
    """Fills `dst` with the averages of 2x2 samples, halves up.

    An odd last column or row counts twice.

    Args:
        plane: Shape (rows, columns), uint8, contiguous.
        dst: Half the rows and columns, rounded up, uint8, contiguous.
    """
    cdef ptrdiff_t y, below
    cdef ptrdiff_t last = plane.shape[0] - 1
    if dst.shape[0] != (plane.shape[0] + 1) // 2 or dst.shape[1] != (plane.shape[1] + 1) // 2:
        raise ValueError("the dst must have half the plane's columns and rows, rounded up")
    if dst.shape[0] == 0 or dst.shape[1] == 0:
        return
    with nogil:
        for y in range(dst.shape[0]):
            below = 2 * y + 1 if 2 * y < last else last
            framecap_halve(&dst[y, 0], &plane[2 * y, 0], &plane[below, 0], <int>plane.shape[1])


cdef int _check(const sample_t[:, :] plane, ptrdiff_t rows, ptrdiff_t columns) except -1:
    """Refuses a plane of another size, or with columns that are not adjacent."""
    if plane.shape[0] != rows or plane.shape[1] != columns:
        raise ValueError("plane and dst differ in size")
    if plane.strides[1] != sizeof(sample_t):
        raise ValueError("samples of a row must be adjacent")
    return 0
