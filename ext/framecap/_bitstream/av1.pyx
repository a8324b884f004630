"""AV1: the OBUs of a temporal unit, and frame headers up to the references between frames.

Names in comments are those of the AV1 specification, section 5. Input is untrusted: inconsistent
bytes give None, and the caller then leaves the video as it is.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint8_t, uint64_t

from framecap._bitstream.bits cimport Bits

cdef enum:
    # frame_type
    KEY = 0
    INTRA_ONLY = 2
    SWITCH = 3

    # seq_force_screen_content_tools and seq_force_integer_mv: each frame says.
    SELECT = 2

    SLOTS = 8
    NAMED = 7
    ALL = 255
    MOST_POINTS = 32


def obus(const uint8_t[::1] packet not None):
    """Returns the OBUs of a packet, or None if they cannot be parsed (AV1, section 5.3).

    Each is a tuple: obu_type, temporal_id, spatial_id, and the byte offsets in the packet of its
    begin, its payload's begin and its end (exclusive).

    Args:
        packet: The packet's bytes, shape (n,), uint8.
    """
    cdef ptrdiff_t size = packet.shape[0], at = 0, begin, end
    cdef uint64_t length
    cdef int header, temporal_id, spatial_id, shift
    cdef list found = []
    while at < size:
        begin = at
        header = packet[at]
        at += 1
        temporal_id = spatial_id = 0
        if header & 0x80:  # obu_forbidden_bit
            return None
        if header & 0x04:  # obu_extension_flag
            if at >= size:
                return None
            temporal_id = packet[at] >> 5
            spatial_id = packet[at] >> 3 & 3
            at += 1
        end = size
        if header & 0x02:  # obu_has_size_field
            length = 0
            shift = 0
            while True:
                if at >= size or shift == 56:
                    return None
                length |= <uint64_t>(packet[at] & 0x7F) << shift
                shift += 7
                at += 1
                if not packet[at - 1] & 0x80:
                    break
            if length > <uint64_t>(size - at):
                return None
            end = at + <ptrdiff_t>length
        found.append((header >> 3 & 15, temporal_id, spatial_id, begin, at, end))
        at = end
    return found


cdef class Frame:
    """The fields of a frame header before its sizes (AV1, section 5.9.2)."""

    cdef readonly bint existing
    cdef readonly int slot
    cdef readonly bint key
    cdef readonly bint shown
    cdef readonly int refreshed
    cdef readonly int named


cdef class Sequence:
    """A sequence header, which is needed to read frame headers (AV1, section 5.5)."""

    cdef readonly int operating_point
    cdef bint reduced
    cdef bint equal_interval
    cdef bint has_model
    cdef int time_bits
    cdef int removal_bits
    cdef int points
    cdef int[MOST_POINTS] point
    cdef bint[MOST_POINTS] point_has_model
    cdef int id_bits
    cdef int delta_id_bits
    cdef int screen_content
    cdef int integer_mv
    cdef int order_bits

    @staticmethod
    def read(const uint8_t[::1] payload not None):
        """Returns the sequence header in an OBU's payload, or None if it cannot be parsed."""
        cdef Bits bits = Bits(payload)
        cdef Sequence made = Sequence()
        made._read(bits)
        return None if bits.overrun else made

    def frame(self, const uint8_t[::1] payload not None, int temporal_id, int spatial_id):
        """Returns the frame header at an OBU's payload begin, or None if it cannot be parsed."""
        cdef Bits bits = Bits(payload)
        cdef Frame made = Frame()
        self._read_frame(bits, made, temporal_id, spatial_id)
        return None if bits.overrun else made

    cdef void _read(self, Bits bits):
        cdef int width_bits, height_bits
        cdef bint order_hint
        bits.skip(4)  # seq_profile, still_picture
        self.reduced = bits.flag()
        if self.reduced:
            bits.skip(5)  # seq_level_idx[0]
        else:
            self._read_operating_points(bits)
        width_bits, height_bits = <int>bits.take(4) + 1, <int>bits.take(4) + 1
        bits.skip(width_bits + height_bits)
        if not self.reduced and bits.flag():  # frame_id_numbers_present_flag
            self.delta_id_bits = <int>bits.take(4) + 2
            self.id_bits = <int>bits.take(3) + self.delta_id_bits + 1
        bits.skip(3)  # use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
        self.screen_content = self.integer_mv = SELECT
        if self.reduced:
            return
        bits.skip(4)  # enable_interintra_compound to enable_dual_filter
        order_hint = bits.flag()
        if order_hint:
            bits.skip(2)  # enable_jnt_comp, enable_ref_frame_mvs
        if not bits.flag():  # seq_choose_screen_content_tools
            self.screen_content = <int>bits.take(1)
        if self.screen_content > 0 and not bits.flag():  # seq_choose_integer_mv
            self.integer_mv = <int>bits.take(1)
        if order_hint:
            self.order_bits = <int>bits.take(3) + 1

    cdef void _read_operating_points(self, Bits bits):
        cdef int delay_bits = 0, k
        cdef bint display_delay
        if bits.flag():  # timing_info_present_flag
            bits.skip(64)
            self.equal_interval = bits.flag()
            if self.equal_interval:
                bits.exp_golomb()  # num_ticks_per_picture_minus_1
            self.has_model = bits.flag()
            if self.has_model:
                delay_bits = <int>bits.take(5) + 1
                bits.skip(32)
                self.removal_bits = <int>bits.take(5) + 1
                self.time_bits = <int>bits.take(5) + 1
        display_delay = bits.flag()
        self.points = <int>bits.take(5) + 1
        for k in range(self.points):
            self.point[k] = <int>bits.take(12)
            if bits.take(5) > 7:  # seq_level_idx
                bits.skip(1)
            if self.has_model:
                self.point_has_model[k] = bits.flag()
                if self.point_has_model[k]:
                    bits.skip(2 * delay_bits + 1)
            if display_delay and bits.flag():
                bits.skip(4)
        self.operating_point = self.point[0]

    cdef void _read_frame(self, Bits bits, Frame made, int temporal_id, int spatial_id):
        cdef int kind = KEY
        cdef bint resilient = True, intra
        made.shown = True
        if not self.reduced:
            made.existing = bits.flag()
            if made.existing:
                made.slot = <int>bits.take(3)
                return
            kind = <int>bits.take(2)
            made.shown = bits.flag()
            if made.shown and self.has_model and not self.equal_interval:
                bits.skip(self.time_bits)
            if not made.shown:
                bits.skip(1)  # showable_frame
            if kind != SWITCH and not (kind == KEY and made.shown):
                resilient = bits.flag()
        made.key = kind == KEY
        intra = kind == KEY or kind == INTRA_ONLY
        bits.skip(1)  # disable_cdf_update
        if bits.flag() if self.screen_content == SELECT else self.screen_content:
            if self.integer_mv == SELECT:
                bits.skip(1)
        bits.skip(self.id_bits)
        if kind != SWITCH and not self.reduced:
            bits.skip(1)  # frame_size_override_flag
        bits.skip(self.order_bits)
        if not intra and not resilient:
            bits.skip(3)  # primary_ref_frame
        if self.has_model and bits.flag():
            self._skip_removal_times(bits, temporal_id, spatial_id)
        made.refreshed = ALL
        if kind != SWITCH and not (kind == KEY and made.shown):
            made.refreshed = <int>bits.take(8)
        if resilient and self.order_bits and not (intra and made.refreshed == ALL):
            # ref_order_hint: the header states the frame that each slot must hold.
            bits.skip(SLOTS * self.order_bits)
            made.named = ALL
        if not intra:
            made.named |= self._named(bits)

    cdef int _named(self, Bits bits):
        """Returns the slots that an inter frame names, as a bit mask."""
        cdef int named = 0, _
        if self.order_bits and bits.flag():  # frame_refs_short_signaling
            return ALL
        for _ in range(NAMED):
            named |= 1 << bits.take(3)
            bits.skip(self.delta_id_bits)
        return named

    cdef void _skip_removal_times(self, Bits bits, int temporal_id, int spatial_id):
        cdef int k, point
        for k in range(self.points):
            point = self.point[k]
            if self.point_has_model[k] and (
                point == 0 or (point >> temporal_id & 1 and point >> (spatial_id + 8) & 1)
            ):
                bits.skip(self.removal_bits)
