"""Fields of an H.264 sequence parameter set (ITU-T H.264, section 7.3.2.1.1)."""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from framecap._bitstream.bits cimport Bits

cdef enum:
    CHROMA_444 = 3
    # The most reference frames in the cycle of picture order count type 1.
    LONGEST_CYCLE = 255


def frames_only(const uint8_t[::1] sps not None):
    """Returns whether a stream has neither field pictures nor field macroblocks.

    Returns False also if the parameter set cannot be parsed.

    Args:
        sps: The unit from its NAL header on, without emulation prevention bytes; shape (n,), uint8.
    """
    cdef Bits bits = Bits(sps)
    cdef uint64_t profile, order
    cdef uint64_t cycle
    cdef uint64_t _
    cdef bint only
    bits.skip(8)
    profile = bits.take(8)
    bits.skip(16)
    bits.exp_golomb()  # seq_parameter_set_id
    if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135):
        _skip_chroma(bits)
    bits.exp_golomb()  # log2_max_frame_num_minus4
    order = bits.exp_golomb()  # pic_order_cnt_type
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        bits.skip(1)
        bits.exp_golomb()
        bits.exp_golomb()
        cycle = bits.exp_golomb()
        if cycle > LONGEST_CYCLE:
            return False
        for _ in range(cycle):
            bits.exp_golomb()
    elif order != 2:
        return False
    bits.exp_golomb()  # max_num_ref_frames
    bits.skip(1)  # gaps_in_frame_num_value_allowed_flag
    bits.exp_golomb()  # pic_width_in_mbs_minus1
    bits.exp_golomb()  # pic_height_in_map_units_minus1
    only = bits.flag()
    return only and not bits.overrun


cdef void _skip_chroma(Bits bits):
    cdef uint64_t chroma = bits.exp_golomb()
    cdef int lists, k
    if chroma == CHROMA_444:
        bits.skip(1)  # separate_colour_plane_flag
    bits.exp_golomb()  # bit_depth_luma_minus8
    bits.exp_golomb()  # bit_depth_chroma_minus8
    bits.skip(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.flag():  # seq_scaling_matrix_present_flag
        lists = 12 if chroma == CHROMA_444 else 8
        for k in range(lists):
            if bits.flag():
                _skip_scaling_list(bits, 16 if k < 6 else 64)


cdef void _skip_scaling_list(Bits bits, int size):
    cdef int64_t last = 8, following = 8
    cdef int _
    for _ in range(size):
        if following != 0:
            following = (last + bits.signed_exp_golomb()) & 255
        if following != 0:
            last = following
