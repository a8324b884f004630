"""Makes files say that their tracks are encrypted, in every container that can."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from imageio_ffmpeg import get_ffmpeg_exe

from support.boxes import box, boxes, children, moov_children, replace_moov

KEY: Final = "76a6c65c5ea762046bd749a2e632ccbb"
KEY_ID: Final = "a7e61c373e219033c21091fa607bf3b8"

VISUAL_ENTRY_BYTES: Final = 78
AUDIO_ENTRY_BYTES: Final = 28

SEGMENT: Final = 0x18538067
TRACKS: Final = 0x1654AE6B
TRACK_ENTRY: Final = 0xAE
TRACK_TYPE: Final = 0x83
VIDEO: Final = 1
AUDIO: Final = 2

ASF_STREAM: Final = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
ASF_EXTENSION: Final = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
ASF_PROTECTIONS: Final = {
    "content": bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    "extended": bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
    "advanced": bytes.fromhex("338505438169e6499b74ad12cb86d58c"),
}


def make_film(path: Path, encoder: str, *options: str, sound: str = "") -> Path:
    """Writes a second of film by FFmpeg's own command, with sound where its encoder is named."""
    command = [get_ffmpeg_exe(), "-v", "error", "-y"]
    command += ["-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=1"]
    command += ["-f", "lavfi", "-i", "sine=d=1", "-map", "1", "-c:a", sound] if sound else []
    command += ["-map", "0", "-c:v", encoder, "-g", "10", "-pix_fmt", "yuv420p"]
    subprocess.run([*command, *options, str(path)], check=True, capture_output=True)
    return path


def encrypt_entries(
    path: Path, handler: bytes, *, kind: bytes = b"", scheme: bytes = b"cenc"
) -> None:
    """Makes the tracks of a kind say that their samples are encrypted, which are left as they are.

    That is what the description of a film with a clear beginning says of all its samples.

    Args:
        path: An MP4 or MOV file that ends with `moov`.
        handler: `vide` or `soun`.
        kind: The new type of the sample entries; that of Common Encryption where left out.
        scheme: The scheme of Common Encryption; none at all where it is empty.
    """
    new = kind or {b"vide": b"encv", b"soun": b"enca"}[handler]
    fixed = VISUAL_ENTRY_BYTES if handler == b"vide" else AUDIO_ENTRY_BYTES

    def entry(whole: bytes) -> bytes:
        tenc = box(b"tenc", bytes(6), b"\1\10", bytes.fromhex(KEY_ID))
        schm = box(b"schm", bytes(4), scheme, struct.pack(">I", 0x10000)) if scheme else b""
        sinf = box(b"sinf", box(b"frma", whole[4:8]), schm, box(b"schi", tenc))
        return box(new, whole[8 : 8 + fixed], whole[8 + fixed :], sinf)

    def descend(whole: bytes, *kinds: bytes) -> bytes:
        if not kinds:
            return box(b"stsd", whole[8:16], *(entry(each) for _, each in boxes(whole[16:])))
        parts = (
            descend(child, *kinds[1:]) if name == kinds[0] else child
            for name, child in children(whole)
        )
        return box(whole[4:8], *parts)

    def is_ours(trak: bytes) -> bool:
        hdlr = dict(children(dict(children(trak))[b"mdia"]))[b"hdlr"]
        return hdlr[16:20] == handler

    replace_moov(
        path,
        [
            descend(whole, b"mdia", b"minf", b"stbl", b"stsd")
            if name == b"trak" and is_ours(whole)
            else whole
            for name, whole in moov_children(path)
        ],
    )


def encrypt_matroska(path: Path, track_type: int) -> None:
    """Makes the tracks of a type in a Matroska or WebM file say that they are encrypted."""
    data = path.read_bytes()

    def entry(whole: bytes) -> bytes:
        found = dict(_elements(whole))
        if int.from_bytes(found[TRACK_TYPE], "big") != track_type:
            return whole
        algorithm = _element(0x47E1, b"\5")
        encryption = _element(0x5035, algorithm + _element(0x47E2, bytes.fromhex(KEY_ID)))
        scope, kind = _element(0x5032, b"\1"), _element(0x5033, b"\1")
        return whole + _element(0x6D80, _element(0x6240, scope + kind + encryption))

    def tracks(content: bytes) -> bytes:
        return b"".join(
            _element(number, entry(each) if number == TRACK_ENTRY else each)
            for number, each in _elements(content)
        )

    def segment(content: bytes) -> bytes:
        return b"".join(
            _element(number, tracks(each) if number == TRACKS else each)
            for number, each in _elements(content)
        )

    path.write_bytes(
        b"".join(
            _element(number, segment(each) if number == SEGMENT else each)
            for number, each in _elements(data)
        )
    )


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    position = 0
    while position < len(data):
        length = 9 - data[position].bit_length()
        number = int.from_bytes(data[position : position + length], "big")
        position += length
        length = 9 - data[position].bit_length()
        size = int.from_bytes(data[position : position + length], "big") & (1 << 7 * length) - 1
        position += length
        found.append((number, data[position : position + size]))
        position += size
    return found


def _element(number: int, content: bytes) -> bytes:
    size = (1 << 56 | len(content)).to_bytes(8, "big")
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + size + content


def protect_asf(path: Path, protection: str, flagged: Callable[[bool], bool]) -> None:
    """Makes an ASF file say that it is protected.

    Args:
        path: The file.
        protection: Which of `ASF_PROTECTIONS` it gets; none where empty.
        flagged: Says which streams are flagged as encrypted, given whether one is video.
    """
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data, 16)
    objects = []
    position = 30
    while position < size:
        (length,) = struct.unpack_from("<Q", data, position + 16)
        whole = bytearray(data[position : position + length])
        if whole[:16] == ASF_STREAM and flagged(bytes(whole[24:40]) == ASF_VIDEO):
            whole[73] |= 0x80
        objects.append(bytes(whole))
        position += length
    if protection:
        made = ASF_PROTECTIONS[protection] + struct.pack("<Q", 24 + 16) + bytes(16)
        if protection == "advanced":
            number = next(n for n, whole in enumerate(objects) if whole[:16] == ASF_EXTENSION)
            whole = objects[number]
            inside = whole[46:] + made
            head = whole[24:42] + struct.pack("<I", len(inside))
            length = struct.pack("<Q", 24 + len(head) + len(inside))
            objects[number] = ASF_EXTENSION + length + head + inside
        else:
            objects.append(made)
    content = b"".join(objects)
    head = struct.pack("<QI", 30 + len(content), len(objects)) + data[28:30]
    path.write_bytes(data[:16] + head + content + data[size:])


def scramble(path: Path, pid: int) -> None:
    """Scrambles the packets of a transport stream's stream, as a broadcaster does."""
    data = bytearray(path.read_bytes())
    for position in range(0, len(data), 188):
        own = (data[position + 1] & 0x1F) << 8 | data[position + 2]
        if own == pid and data[position + 3] & 0x10:
            data[position + 3] |= 0x80
            begin = position + 4
            if data[position + 3] & 0x20:
                begin += 1 + data[begin]
            for place in range(begin, position + 188):
                data[place] ^= 0xA5 ^ (place * 89 & 0xFF)
    path.write_bytes(data)
