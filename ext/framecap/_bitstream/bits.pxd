from libc.stdint cimport int64_t, uint8_t, uint64_t


cdef class Bits:
    cdef const uint8_t[::1] data
    cdef uint64_t position
    cdef uint64_t size
    cdef readonly bint overrun

    cdef uint64_t take(self, int count) noexcept
    cdef bint flag(self) noexcept
    cdef void skip(self, uint64_t count) noexcept
    cdef uint64_t exp_golomb(self) noexcept
    cdef int64_t signed_exp_golomb(self) noexcept
