"""Reads bits, highest first, from untrusted bytes.

Reads past the end give zeros and set `overrun`, so a header is read to its end and checked once.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t

cdef enum:
    # A longer prefix makes a number that fits in no header field.
    LONGEST_PREFIX = 32


cdef class Bits:
    """A read position in bytes of shape (n,), uint8."""

    def __cinit__(self, const uint8_t[::1] data not None):
        self.data = data
        self.position = 0
        self.size = <uint64_t>data.shape[0] * 8
        self.overrun = False

    cdef uint64_t take(self, int count) noexcept:
        """Returns the next bits, at most 64, as a number."""
        cdef uint64_t value = 0
        cdef int _
        if <uint64_t>count > self.size - self.position:
            self.overrun = True
            self.position = self.size
            return 0
        for _ in range(count):
            value = value << 1 | (
                self.data[<Py_ssize_t>(self.position >> 3)] >> (7 - (self.position & 7)) & 1)
            self.position += 1
        return value

    cdef bint flag(self) noexcept:
        """Returns the next bit."""
        return self.take(1) != 0

    cdef void skip(self, uint64_t count) noexcept:
        """Skips bits."""
        if count > self.size - self.position:
            self.overrun = True
            self.position = self.size
        else:
            self.position += count

    cdef uint64_t exp_golomb(self) noexcept:
        """Returns the next Exp-Golomb number: ue(v)."""
        cdef int zeros = 0
        while not self.overrun and not self.flag():
            zeros += 1
            if zeros > LONGEST_PREFIX:
                self.overrun = True
        if self.overrun:
            return 0
        return (<uint64_t>1 << zeros) - 1 + self.take(zeros)

    cdef int64_t signed_exp_golomb(self) noexcept:
        """Returns the next signed Exp-Golomb number: se(v)."""
        cdef uint64_t code = self.exp_golomb()
        cdef int64_t half = <int64_t>((code + 1) >> 1)
        return half if code & 1 else -half
