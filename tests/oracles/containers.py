"""What containers say that PyAV has no name for, read from their bytes.

The programs of a transport stream (ISO/IEC 13818-1, 2.4.4) and whether a track of an MP4 file has
an edit list (ISO/IEC 14496-12, 8.6.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PACKET = 188
SYNC = 0x47
PAT_TABLE, PMT_TABLE = 0x00, 0x02


def programs(path: Path) -> list[set[int]]:
    """Returns the PIDs of the elementary streams of each program, as first listed."""
    pmt_pids: set[int] = set()
    found: dict[tuple[int, int], set[int]] = {}
    for pid, section in _sections(path.read_bytes()):
        length = 3 + ((section[1] & 0x0F) << 8 | section[2])
        body = section[8 : length - 4]
        if pid == 0 and section[0] == PAT_TABLE:
            for at in range(0, len(body) - 3, 4):
                if body[at : at + 2] != b"\0\0":
                    pmt_pids.add((body[at + 2] & 0x1F) << 8 | body[at + 3])
        elif pid in pmt_pids and section[0] == PMT_TABLE:
            number = section[3] << 8 | section[4]
            at = 4 + ((body[2] & 0x0F) << 8 | body[3])
            pids = set()
            while at + 5 <= len(body):
                pids.add((body[at + 1] & 0x1F) << 8 | body[at + 2])
                at += 5 + ((body[at + 3] & 0x0F) << 8 | body[at + 4])
            found.setdefault((pid, number), pids)
    return list(found.values())


def has_edit_list(path: Path, track: int) -> bool:
    """Returns whether a track's edit list has entries. Tracks are numbered by their header."""
    data = path.read_bytes()
    for kind, begin, end in _boxes(data, 0, len(data)):
        if kind != b"moov":
            continue
        for inner, first, last in _boxes(data, begin, end):
            if inner != b"trak":
                continue
            parts = {name: (a, b) for name, a, b in _boxes(data, first, last)}
            header = parts[b"tkhd"][0]
            at = header + (20 if data[header] == 1 else 12)
            if int.from_bytes(data[at : at + 4], "big") != track or b"edts" not in parts:
                continue
            for name, a, _ in _boxes(data, *parts[b"edts"]):
                if name == b"elst" and int.from_bytes(data[a + 4 : a + 8], "big"):
                    return True
    return False


def _boxes(data: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while begin + 8 <= end:
        size, head = int.from_bytes(data[begin : begin + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[begin + 8 : begin + 16], "big"), 16
        size = size or end - begin
        yield data[begin + 4 : begin + 8], begin + head, min(begin + size, end)
        begin += max(size, head)


def _sections(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yields sections that fit in one packet, which those of a few streams do."""
    at = data.find(SYNC)
    while at >= 0 and at + PACKET <= len(data):
        packet = data[at : at + PACKET]
        if packet[0] != SYNC:
            at = data.find(SYNC, at + 1)
            continue
        at += PACKET
        begins, adaptation = packet[1] & 0x40, packet[3] & 0x20
        payload = packet[5 + packet[4] :] if adaptation else packet[4:]
        if not begins or not packet[3] & 0x10 or not payload or payload[:3] == b"\0\0\1":
            continue
        section = payload[1 + payload[0] :]
        if len(section) > 8:
            yield (packet[1] & 0x1F) << 8 | packet[2], section
