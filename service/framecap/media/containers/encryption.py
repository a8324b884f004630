"""Detects encrypted video by the file's own description of its tracks.

libavformat returns encrypted packets like any others: they decode to noise or to nothing, and if
only some packets are encrypted, only some of the film decodes. So the track's description decides,
before anything is decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from framecap.errors import MediaEncrypted
from framecap.media.containers import ebml
from framecap.media.containers.boxes import Box, boxes_in, boxes_in_file, is_boxed, path_in_file
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.window import Window

# Sample entries of encrypted video: Common Encryption, and the one of iTunes purchases.
_ENCRYPTED_ENTRIES: Final = {b"encv": "Common Encryption", b"drmi": "FairPlay"}
_VISUAL_ENTRY_BYTES: Final = 78
_MAX_ENTRIES_BYTES: Final = 1 << 20

_ASF: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_STREAM: Final = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_ASF_EXTENSION: Final = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
_ASF_PROTECTION: Final = {
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),  # Content Encryption Object
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),  # Extended Content Encryption Object
    bytes.fromhex("338505438169e6499b74ad12cb86d58c"),  # Advanced Content Encryption Object
}
_ASF_ENCRYPTED: Final = 0x8000
_ASF_HEADER_BYTES: Final = 30
_ASF_EXTENSION_BYTES: Final = 46
_MAX_ASF_HEADER_BYTES: Final = 4 << 20

_TS_PACKET_BYTES: Final = 188
_TS_CHECKED_BYTES: Final = 4096 * _TS_PACKET_BYTES
_TS_SYNC: Final = 0x47


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The captured track, as libavformat reports it."""

    id: int
    """The id of its stream; 0 for none."""

    ordinal: int
    """Its ordinal among the video streams that are not covers."""


def check_encryption(file: SharedFile, track: Track | None) -> None:
    """Checks that the file does not describe its video as encrypted.

    Encrypted audio beside it does not matter.

    Args:
        file: The file.
        track: The captured track; None for any video.

    Raises:
        MediaEncrypted: The video is encrypted.
    """
    window = Window(file)
    head = window.read_at(0, len(_ASF))
    if is_boxed(window):
        _check_boxes(window, track)
    elif head.startswith(ebml.HEAD):
        _check_matroska(window, track)
    elif head == _ASF:
        _check_asf(window, track)


def check_scrambling(file: SharedFile, pid: int) -> None:
    """Checks that the packets of a transport stream are not scrambled.

    For files from which nothing was decoded: scrambled packets give no frames.

    Args:
        file: The file.
        pid: The packet id of the captured stream.

    Raises:
        MediaEncrypted: Most packets with a payload are scrambled.
    """
    data = np.frombuffer(file.read_at(0, _TS_CHECKED_BYTES), np.uint8)
    packets = data[: len(data) // _TS_PACKET_BYTES * _TS_PACKET_BYTES]
    heads = packets.reshape(-1, _TS_PACKET_BYTES)[:, :4].astype(np.uint16)
    ours = heads[(heads[:, 0] == _TS_SYNC) & (((heads[:, 1] & 0x1F) << 8 | heads[:, 2]) == pid)]
    control = ours[(ours[:, 3] & 0x10) != 0][:, 3] >> 6
    if 2 * np.count_nonzero(control >= 2) > len(control):
        raise _encrypted("a scrambled transport stream")


def _encrypted(how: str) -> MediaEncrypted:
    return MediaEncrypted(
        f"the video is encrypted ({how}); decrypt it first, and capture from the result",
        metadata={"scheme": how},
    )


def _check_boxes(window: Window, track: Track | None) -> None:
    moov = next((box for box in boxes_in_file(window) if box.kind == b"moov"), None)
    if moov is None:
        return
    traks = [box for box in boxes_in_file(window, moov.begin, moov.end) if box.kind == b"trak"]
    if track is not None:
        traks = [trak for trak in traks if _track_id(window, trak) == track.id] or traks
    for trak in traks:
        for kind, entry in _sample_entries(window, trak):
            if kind in _ENCRYPTED_ENTRIES:
                raise _encrypted(_scheme(entry) or _ENCRYPTED_ENTRIES[kind])


def _track_id(window: Window, trak: Box) -> int | None:
    tkhd = path_in_file(window, trak, b"tkhd")
    if tkhd is None:
        return None
    content = window.read_at(tkhd.begin, min(24, tkhd.size))
    try:
        number: int
        (number,) = struct.unpack_from(">I", content, 20 if content[0] else 12)
    except (struct.error, IndexError):
        return None
    return number


def _sample_entries(window: Window, trak: Box) -> Iterator[tuple[bytes, bytes]]:
    stsd = path_in_file(window, trak, b"mdia", b"minf", b"stbl", b"stsd")
    if stsd is not None:
        content = window.read_at(stsd.begin, min(stsd.size, _MAX_ENTRIES_BYTES))
        yield from boxes_in(content[8:])


def _scheme(entry: bytes) -> str | None:
    """Returns the scheme of Common Encryption that a sample entry names."""
    for kind, content in boxes_in(entry[_VISUAL_ENTRY_BYTES:]):
        if kind == b"sinf":
            schm = dict(boxes_in(content)).get(b"schm", b"")[4:8]
            return schm.decode() if len(schm) == 4 and schm.isalnum() else None
    return None


def _check_matroska(window: Window, track: Track | None) -> None:
    tracks = _matroska_tracks(window)
    videos = []
    for entry in ebml.children(window, tracks, ebml.TRACK_ENTRY) if tracks else ():
        kinds = ebml.children(window, entry, ebml.TRACK_TYPE)
        if any(ebml.integer(window, kind) == ebml.VIDEO for kind in kinds):
            videos.append(entry)
    if track is not None and track.ordinal < len(videos):
        videos = [videos[track.ordinal]]
    if any(_is_encrypted(window, video) for video in videos):
        raise _encrypted("Matroska content encryption")


def _matroska_tracks(window: Window) -> ebml.Element | None:
    for segment in ebml.elements(window, 0, window.size):
        if segment.id != ebml.SEGMENT:
            continue
        for element in ebml.elements(window, segment.begin, segment.end):
            if element.id == ebml.TRACKS:
                return element
            if element.id == ebml.CLUSTER:
                return None
    return None


def _is_encrypted(window: Window, entry: ebml.Element) -> bool:
    for encodings in ebml.children(window, entry, ebml.CONTENT_ENCODINGS):
        for encoding in ebml.children(window, encodings, ebml.CONTENT_ENCODING):
            for kind in ebml.children(window, encoding, ebml.CONTENT_ENCODING_TYPE):
                if ebml.integer(window, kind) == ebml.ENCRYPTION:
                    return True
    return False


def _check_asf(window: Window, track: Track | None) -> None:
    (size,) = struct.unpack("<Q", window.read_at(16, 8).ljust(8, b"\0"))
    header = window.read_at(0, min(size, _MAX_ASF_HEADER_BYTES))
    protected = False
    flags: dict[int, tuple[bool, bool]] = {}
    for kind, content in _asf_objects(header[_ASF_HEADER_BYTES:]):
        protected |= kind in _ASF_PROTECTION
        if kind == _ASF_STREAM and len(content) >= 50:
            (number,) = struct.unpack_from("<H", content, 48)
            encrypted = bool(number & _ASF_ENCRYPTED)
            flags[number & 0x7F] = (content[:16] == _ASF_VIDEO, encrypted)
    videos = {number: encrypted for number, (video, encrypted) in flags.items() if video}
    ours = [videos[track.id]] if track is not None and track.id in videos else videos.values()
    # A protection that states its streams does not cover the others.
    covers_all = protected and not any(encrypted for _, encrypted in flags.values())
    if any(ours) or covers_all:
        raise _encrypted("Windows Media protection")


def _asf_objects(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields kind and content of the objects of a header, and of its extension."""
    begin = 0
    while begin + 24 <= len(data):
        kind = data[begin : begin + 16]
        (size,) = struct.unpack_from("<Q", data, begin + 16)
        if size < 24:
            return
        content = data[begin + 24 : begin + size]
        yield kind, content
        if kind == _ASF_EXTENSION:
            yield from _asf_objects(content[_ASF_EXTENSION_BYTES - 24 :])
        begin += size
