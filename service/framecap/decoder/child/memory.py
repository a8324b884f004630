"""Keeps a fork server small, and gives a decoder much memory with few page faults.

All of this is advice to the C library and the kernel (glibc and Linux): if they ignore it,
everything works the same, with more memory or more page faults.
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
"""The heap that a decoder requests in huge pages; untouched pages cost nothing."""

HUGE_PAGE_BYTES: Final = 2 * 1024 * 1024
LARGE_BYTES: Final = 16 * 1024
_NEVER: Final = 2**31 - 1


def leave_no_holes() -> None:
    """Keeps large blocks out of the heap, so that freed ones leave no holes there.

    A decoder would fill such holes: they are pages shared with the server, each copied on the first
    write.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Returns memory to the kernel that loading used and serving does not need.

    This is free memory within the heap, and mapped pages of executables: these stay in the page
    cache, and a fork does not inherit their mappings.
    """
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)
    for start, size in _untouched_programs():
        _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), _MADV_DONTNEED)


def take_room() -> None:
    """Prepares the heap for decoded pictures.

    By default the C library maps and unmaps the planes of each picture, and every page faults
    again. With these settings the planes come from the heap, which never shrinks and grows by huge
    pages: for 1080p, 8 300 faults become 2 000. Threads share one arena.
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
    """Yields start and size of the read-only file mappings without private pages."""
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
