"""Positions of the NAL units in an H.264 or HEVC packet.

Input is untrusted: a packet that its units do not fill exactly has none.
"""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint8_t, uint64_t


def units(const uint8_t[::1] packet not None, int length_size):
    """Returns byte offsets (begin, end) of each unit, headers included; None if unparsable.

    With a length size of 0, units are between start codes (Annex B of both specifications); zeros
    before a start code belong to the unit that they follow.

    Args:
        packet: The packet's bytes, shape (n,), uint8.
        length_size: The size of the length before each unit, 0 to 4 bytes; 0 for start codes.

    Raises:
        ValueError: The length size is not in [0, 4].
    """
    if not 0 <= length_size <= 4:
        raise ValueError("a length has 0 to 4 bytes")
    return _counted(packet, length_size) if length_size else _started(packet)


cdef list _counted(const uint8_t[::1] packet, int length_size):
    cdef ptrdiff_t size = packet.shape[0], at = 0
    cdef uint64_t length
    cdef int k
    cdef list found = []
    while at < size:
        if size - at < length_size:
            return None
        length = 0
        for k in range(length_size):
            length = length << 8 | packet[at + k]
        at += length_size
        if length == 0 or length > <uint64_t>(size - at):
            return None
        found.append((at, at + <ptrdiff_t>length))
        at += <ptrdiff_t>length
    return found


cdef list _started(const uint8_t[::1] packet):
    cdef ptrdiff_t size = packet.shape[0], at = 0, begin = -1
    cdef list found = []
    # If the third byte is above 1, no start code can begin at any of the three bytes.
    while at + 2 < size:
        if packet[at + 2] > 1:
            at += 3
        elif packet[at + 2] == 1 and packet[at] == 0 and packet[at + 1] == 0:
            if begin >= 0:
                if begin == at:
                    return None
                found.append((begin, at))
            elif _any(packet, at):
                return None
            begin = at + 3
            at += 3
        else:
            at += 1
    if not 0 <= begin < size:
        return None
    found.append((begin, size))
    return found


cdef bint _any(const uint8_t[::1] packet, ptrdiff_t end) noexcept:
    cdef ptrdiff_t k
    for k in range(end):
        if packet[k] != 0:
            return True
    return False
