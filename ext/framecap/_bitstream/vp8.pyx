"""VP8: whether a later frame depends on a frame's picture.

Names in comments are those of RFC 6386, section 19.2. Input is untrusted: inconsistent bytes count
as a frame that others depend on.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    TAG_BYTES = 3
    SEGMENTS = 4
    DELTAS = 8
    QUANTIZERS = 5


cdef class _Coder:
    """The boolean decoder of RFC 6386, section 7, for a probability of one half only."""

    cdef const uint8_t[::1] data
    cdef ptrdiff_t at
    cdef ptrdiff_t end
    cdef uint32_t value
    cdef uint32_t span
    cdef int left
    cdef bint overrun

    cdef void start(self, const uint8_t[::1] data, ptrdiff_t begin, ptrdiff_t end) noexcept:
        self.data = data
        self.at = begin
        self.end = end
        self.span = 255
        self.value = self.byte() << 8
        self.value |= self.byte()
        self.left = 8

    cdef uint32_t byte(self) noexcept:
        if self.at >= self.end:
            self.overrun = True
            return 0
        self.at += 1
        return self.data[self.at - 1]

    cdef bint flag(self) noexcept:
        cdef uint32_t split = 1 + ((self.span - 1) * 128 >> 8)
        cdef bint found = self.value >= split << 8
        if found:
            self.span -= split
            self.value -= split << 8
        else:
            self.span = split
        while self.span < 128:
            self.value <<= 1
            self.span <<= 1
            self.left -= 1
            if self.left == 0:
                self.value |= self.byte()
                self.left = 8
        return found

    cdef uint32_t take(self, int count) noexcept:
        cdef uint32_t value = 0
        cdef int _
        for _ in range(count):
            value = value << 1 | self.flag()
        return value

    cdef void skip_optional(self, int numbers, int bits) noexcept:
        """Skips numbers, each of which is preceded by a flag for its presence."""
        cdef int _
        for _ in range(numbers):
            if self.flag():
                self.take(bits)


def unreferenced(const uint8_t[::1] packet not None):
    """Returns whether no later frame depends on the samples or the segments of a frame.

    Later frames may still depend on state that its header sets.

    Args:
        packet: The packet's bytes, shape (n,), uint8.
    """
    cdef _Coder coder = _Coder()
    cdef ptrdiff_t size = packet.shape[0], header
    cdef bint golden, altref, copies, last
    if size < TAG_BYTES or not packet[0] & 1:  # A key frame.
        return False
    header = packet[0] >> 5 | packet[1] << 3 | packet[2] << 11
    if header > size - TAG_BYTES:
        return False
    coder.start(packet, TAG_BYTES, TAG_BYTES + header)
    if coder.flag():  # segmentation_enabled
        if _reads_segment_map(coder):
            return False
    coder.take(1 + 6 + 3)  # filter_type, loop_filter_level, sharpness_level
    if coder.flag() and coder.flag():  # loop_filter_adj_enable, mode_ref_lf_delta_update
        coder.skip_optional(DELTAS, 6 + 1)
    coder.take(2 + 7)  # log2_nbr_of_dct_partitions, y_ac_qi
    coder.skip_optional(QUANTIZERS, 4 + 1)
    golden, altref = coder.flag(), coder.flag()
    copies = not golden and coder.take(2) != 0  # copy_buffer_to_golden
    if not altref and coder.take(2) != 0:  # copy_buffer_to_arf
        copies = True
    coder.take(2 + 1)  # sign biases, refresh_entropy_probs
    last = coder.flag()
    return not (golden or altref or copies or last or coder.overrun)


cdef bint _reads_segment_map(_Coder coder) noexcept:
    cdef bint maps = coder.flag()
    if coder.flag():  # update_segment_feature_data
        coder.flag()
        coder.skip_optional(SEGMENTS, 7 + 1)
        coder.skip_optional(SEGMENTS, 6 + 1)
    return maps
