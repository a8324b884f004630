"""How a fork server stays small, and how a decoder gets much memory by few page faults.

All of this is advice to the C library and the kernel: where it is not taken, everything works the
same, with more memory or more faults. glibc and Linux are what it knows.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_libc = ctypes.CDLL(None)

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

_MADV_DONTNEED: Final = 4
_MADV_HUGEPAGE: Final = 14

ROOM_BYTES: Final = 128 * 1024 * 1024
"""How much of its heap a decoder asks for in huge pages; what it does not touch costs nothing."""

HUGE_PAGE_BYTES: Final = 2 * 1024 * 1024
LARGE_BYTES: Final = 16 * 1024
_NEVER: Final = 2**31 - 1


def leave_no_holes() -> None:
    """Keeps large blocks out of the heap, so that none leaves a hole there once it is freed.

    Into such holes a decoder's blocks would go: pages of the server, each copied at its first use.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Gives back what loading has used and serving does not need.

    That is free memory amid the heap, and pages of programs: they are in the page cache all the
    same, and a fork does not inherit them.
    """
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)
    for start, size in _untouched_programs():
        _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), _MADV_DONTNEED)


def take_room() -> None:
    """Readies the heap for pictures.

    The C library would map each picture's planes anew and unmap them after; every page of that
    faults again. Here they come from the heap, which keeps what it has and grows by huge pages:
    of 1080p, 8 300 faults become 2 000. One arena, so that threads share it.
    """
    if not hasattr(_libc, "mallopt"):
        return
    _libc.mallopt(_M_ARENA_MAX, 1)
    _libc.mallopt(_M_MMAP_THRESHOLD, _NEVER)
    _libc.mallopt(_M_TRIM_THRESHOLD, _NEVER)
    _libc.malloc.restype = ctypes.c_void_p
    room = _libc.malloc(ctypes.c_size_t(ROOM_BYTES))
    if room is not None:
        start = -(-room // HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES
        size = (room + ROOM_BYTES - start) // HUGE_PAGE_BYTES * HUGE_PAGE_BYTES
        _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), _MADV_HUGEPAGE)
        _libc.free(ctypes.c_void_p(room))


def _untouched_programs() -> Iterator[tuple[int, int]]:
    """Yields start and size of all mappings of files that hold nothing of this process's own."""
    start = size = 0
    of_a_file = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            first, last = (int(bound, 16) for bound in words[0].split("-"))
            start, size = first, last - first
            of_a_file = "w" not in words[1] and len(words) > 5 and words[5].startswith("/")
        elif words[:2] == ["Anonymous:", "0"] and of_a_file:
            yield start, size
