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
    uint8_t[:, :] target not None,
    int32_t coefficient,
    int32_t bias,
    int shift,
):
    """Fills `target` with `(coefficient * sample + bias) >> shift` of one plane.

    Args:
        plane: Shape (rows, columns), uint8 or uint16; rows may be padded.
        target: The same shape, uint8; rows and columns may be strided.
        coefficient: The factor, in units of 1 / 2^shift.
        bias: The offset and the rounding, in the same units.
        shift: Fractional bits.
    """
    cdef ptrdiff_t y
    cdef int n = <int>target.shape[1]
    cdef ptrdiff_t stride = target.strides[1]
    cdef uint8_t *row
    _check(plane, target.shape[0], target.shape[1])
    if target.shape[0] == 0 or n == 0:
        return
    row = <uint8_t *>malloc(n)
    if row == NULL:
        raise MemoryError
    with nogil:
        for y in range(target.shape[0]):
            if sample_t is uint8_t:
                framecap_mix1_u8(
                    &target[y, 0] if stride == 1 else row,
                    &plane[y, 0], n, coefficient, bias, shift)
            else:
                framecap_mix1_u16(
                    &target[y, 0] if stride == 1 else row,
                    &plane[y, 0], n, coefficient, bias, shift)
            if stride != 1:
                framecap_spread(&target[y, 0], stride, row, n)
    free(row)


def mix_luma(
    const sample_t[:, :] y_plane not None,
    const sample_t[:, :] cb_plane not None,
    const sample_t[:, :] cr_plane not None,
    uint8_t[:, ::1] target not None,
    const int32_t[::1] coefficients not None,
    int32_t bias,
    int shift,
):
    """Fills `target` with a combination of luma and 4:2:0 chroma.

    Args:
        y_plane: Shape (rows, columns), uint8 or uint16; rows may be padded.
        cb_plane: Half the rows and columns, rounded up, of the same type; so has `cr_plane`.
        cr_plane: See `cb_plane`.
        target: Luma's shape, uint8, contiguous.
        coefficients: Three factors for Y, Cb and Cr, in units of 1 / 2^shift.
        bias: The offset and the rounding, in the same units.
        shift: Fractional bits.
    """
    cdef ptrdiff_t y
    cdef int n = <int>target.shape[1]
    cdef int32_t ky, kb, kr
    _check(y_plane, target.shape[0], target.shape[1])
    _check(cb_plane, (target.shape[0] + 1) // 2, (target.shape[1] + 1) // 2)
    _check(cr_plane, (target.shape[0] + 1) // 2, (target.shape[1] + 1) // 2)
    if coefficients.shape[0] != 3:
        raise ValueError("three planes need three coefficients")
    if target.shape[0] == 0 or n == 0:
        return
    ky, kb, kr = coefficients[0], coefficients[1], coefficients[2]
    with nogil:
        for y in range(target.shape[0]):
            if sample_t is uint8_t:
                framecap_mix3_halved_u8(
                    &target[y, 0], &y_plane[y, 0], &cb_plane[y // 2, 0], &cr_plane[y // 2, 0],
                    n, ky, kb, kr, bias, shift)
            else:
                framecap_mix3_halved_u16(
                    &target[y, 0], &y_plane[y, 0], &cb_plane[y // 2, 0], &cr_plane[y // 2, 0],
                    n, ky, kb, kr, bias, shift)


def mix_pair(
    const sample_t[:, :] first not None,
    const sample_t[:, :] second not None,
    uint8_t[:, ::1] target not None,
    const int32_t[::1] coefficients not None,
    int32_t bias,
    int shift,
):
    """Fills `target` with a combination of two planes.

    Args:
        first: Shape (rows, columns), uint8 or uint16; rows may be padded.
        second: The same shape and type.
        target: The same shape, uint8, contiguous.
        coefficients: Two factors, in units of 1 / 2^shift.
        bias: The offset and the rounding, in the same units.
        shift: Fractional bits.
    """
    cdef ptrdiff_t y
    cdef int n = <int>target.shape[1]
    _check(first, target.shape[0], target.shape[1])
    _check(second, target.shape[0], target.shape[1])
    if coefficients.shape[0] != 2:
        raise ValueError("two planes need two coefficients")
    if target.shape[0] == 0 or n == 0:
        return
    with nogil:
        for y in range(target.shape[0]):
            if sample_t is uint8_t:
                framecap_mix2_u8(
                    &target[y, 0], &first[y, 0], &second[y, 0], n,
                    coefficients[0], coefficients[1], bias, shift)
            else:
                framecap_mix2_u16(
                    &target[y, 0], &first[y, 0], &second[y, 0], n,
                    coefficients[0], coefficients[1], bias, shift)


def mix(
    const sample_t[:, :] first not None,
    const sample_t[:, :] second not None,
    const sample_t[:, :] third not None,
    uint8_t[:, :, :] target not None,
    const int32_t[:, ::1] coefficients not None,
    const int32_t[::1] biases not None,
    int shift,
):
    """Fills `target[k]` with the k-th combination of three planes.

    Args:
        first: Shape (rows, columns), uint8 or uint16; rows may be padded.
        second: The same shape and type; so is `third`.
        third: See `second`.
        target: Shape (3, rows, columns), uint8; columns may be strided, as in packed RGB.
        coefficients: Shape (3, 3), a row of factors for each result, in units of 1 / 2^shift.
        biases: Three offsets with the rounding, in the same units.
        shift: Fractional bits.
    """
    cdef ptrdiff_t y, k
    cdef int n = <int>target.shape[2]
    cdef ptrdiff_t stride = target.strides[2]
    cdef bint packed = stride == 3 and target.strides[0] == 1
    cdef uint8_t *rows
    if target.shape[0] != 3 or biases.shape[0] != 3:
        raise ValueError("a mix has three results")
    if coefficients.shape[0] != 3 or coefficients.shape[1] != 3:
        raise ValueError("a mix has three by three coefficients")
    _check(first, target.shape[1], target.shape[2])
    _check(second, target.shape[1], target.shape[2])
    _check(third, target.shape[1], target.shape[2])
    if target.shape[1] == 0 or n == 0:
        return
    rows = <uint8_t *>malloc(3 * <size_t>n)
    if rows == NULL:
        raise MemoryError
    with nogil:
        for y in range(target.shape[1]):
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
                framecap_pack3(&target[0, y, 0], rows, rows + n, rows + 2 * n, n)
            else:
                for k in range(3):
                    framecap_spread(&target[k, y, 0], stride, rows + k * n, n)
    free(rows)


def halve(const uint8_t[:, ::1] plane not None, uint8_t[:, ::1] target not None):
    """Fills `target` with the averages of 2x2 samples, halves up.

    An odd last column or row counts twice.

    Args:
        plane: Shape (rows, columns), uint8, contiguous.
        target: Half the rows and columns, rounded up, uint8, contiguous.
    """
    cdef ptrdiff_t y, below
    cdef ptrdiff_t last = plane.shape[0] - 1
    if target.shape[0] != (plane.shape[0] + 1) // 2 or target.shape[1] != (plane.shape[1] + 1) // 2:
        raise ValueError("the target must have half the plane's columns and rows, rounded up")
    if target.shape[0] == 0 or target.shape[1] == 0:
        return
    with nogil:
        for y in range(target.shape[0]):
            below = 2 * y + 1 if 2 * y < last else last
            framecap_halve(&target[y, 0], &plane[2 * y, 0], &plane[below, 0], <int>plane.shape[1])


cdef int _check(const sample_t[:, :] plane, ptrdiff_t rows, ptrdiff_t columns) except -1:
    """Refuses a plane of another size, or with columns that are not adjacent."""
    if plane.shape[0] != rows or plane.shape[1] != columns:
        raise ValueError("plane and target differ in size")
    if plane.strides[1] != sizeof(sample_t):
        raise ValueError("samples of a row must be adjacent")
    return 0
