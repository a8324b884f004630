"""Sound with pictures in its tags, which the tests make themselves.

PyAV writes the sound, and mutagen the tags, which knows nothing of FFmpeg; only Matroska, which it
does not write, gets its attachments from PyAV.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np
import numpy.typing as npt
from mutagen.aiff import AIFF
from mutagen.apev2 import BINARY, APEValue
from mutagen.asf import ASF, ASFByteArrayAttribute
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.trueaudio import TrueAudio
from mutagen.wave import WAVE
from mutagen.wavpack import WavPack
from PIL import Image

FRONT: Final = 3
BACK: Final = 4
OTHER: Final = 0

MIMES: Final = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
}
"""The kinds of pictures, as Pillow calls them, and as tags do."""

RATE: Final = 48_000


class Sound(NamedTuple):
    """How a kind of file is written."""

    codec: str
    sample_format: str
    muxer: str | None = None
    options: dict[str, str] = {}  # noqa: RUF012


SOUNDS: Final = {
    "aac": Sound("aac", "fltp"),
    "aiff": Sound("pcm_s16be", "s16"),
    "flac": Sound("flac", "s16", None, {"compression_level": "0"}),
    "m4a": Sound("aac", "fltp"),
    "mka": Sound("libopus", "s16"),
    "mkv": Sound("flac", "s16"),
    "mp3": Sound("libmp3lame", "s16p"),
    "mp4": Sound("flac", "s16"),
    "oga": Sound("flac", "s16", "ogg"),
    "ogg": Sound("vorbis", "fltp", None, {"strict": "experimental"}),
    "opus": Sound("libopus", "s16"),
    "tta": Sound("tta", "s16"),
    "wav": Sound("pcm_s16le", "s16"),
    "wma": Sound("wmav2", "fltp", None, {"b": "128000"}),
    "wv": Sound("wavpack", "s16p"),
}
"""Kinds of files that hold sound and pictures, by their names' endings."""


class Art(NamedTuple):
    """A picture to be put into a tag."""

    data: bytes
    mime: str = "image/jpeg"
    kind: int = FRONT
    name: str = ""
    """The name of the attachment in Matroska; one that says the kind where left out."""

    @property
    def file_name(self) -> str:
        stem = {FRONT: "cover", BACK: "back"}.get(self.kind, "other")
        return self.name or f"{stem}.{self.mime.removeprefix('image/').replace('jpeg', 'jpg')}"


def drawn(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Returns a picture with slopes in every channel, of which no turn equals another."""
    rows, columns = np.mgrid[0:height, 0:width]
    red = 30 + columns * 200 // max(1, width - 1)
    green = 20 + rows * 180 // max(1, height - 1)
    blue = np.full_like(rows, 90)
    alpha = 255 - columns * 255 // max(1, width - 1)
    drawing = np.stack([red, green, blue, alpha], axis=-1).astype(np.uint8)
    return Image.fromarray(drawing if mode == "RGBA" else drawing[..., :3]).convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Returns a picture as a file of a kind that Pillow knows."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _empty_png(width: int, height: int) -> bytes:
    """Returns a PNG that claims a size and has next to nothing in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(64)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def claiming(kind: str, width: int, height: int) -> bytes:
    """Returns a small picture file whose header says another size."""
    if kind == "PNG":
        return _empty_png(width, height)
    cover = bytearray(saved(drawn(), kind))
    place, layout = {
        "JPEG": (cover.find(b"\xff\xc0") + 5, ">HH"),
        "GIF": (6, "<HH"),
        "BMP": (18, "<ii"),
    }[kind]
    size = (height, width) if kind == "JPEG" else (width, height)
    struct.pack_into(layout, cover, place, *size)
    return bytes(cover)


def make_sound(path: Path, arts: Sequence[Art] = (), *, seconds: float = 0.1) -> Path:
    """Writes noise with pictures, in the kind of file that the path's ending says."""
    ending = path.suffix.removeprefix(".")
    sound = SOUNDS[ending]
    with av.open(str(path), "w", format=sound.muxer) as container:
        stream = container.add_stream(
            sound.codec,
            rate=RATE,
            layout="stereo",
            format=sound.sample_format,
            options=sound.options,
        )
        if ending in ("mka", "mkv"):
            for art in arts:
                container.add_attachment(art.file_name, art.mime, art.data)
        length = stream.codec_context.frame_size or 4096
        noise = np.random.default_rng(1).integers(-(2**15), 2**15, (2, length), np.int16)
        for number in range(max(2, int(seconds * RATE) // length)):
            frame = av.AudioFrame.from_ndarray(
                _stored(np.roll(noise, 37 * number, axis=1), sound.sample_format),
                format=sound.sample_format,
                layout="stereo",
            )
            frame.sample_rate = RATE
            frame.pts = number * length
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if arts and ending in TAGGERS:
        TAGGERS[ending](path, arts)
    return path


def _stored(samples: npt.NDArray[np.int16], sample_format: str) -> npt.NDArray[np.generic]:
    if sample_format == "s16":
        return np.ascontiguousarray(samples.T).reshape(1, -1)
    return samples if sample_format == "s16p" else (samples / 2**15).astype(np.float32)


def _id3(tags: ID3, arts: Sequence[Art]) -> None:
    for number, art in enumerate(arts):
        tags.add(APIC(encoding=3, mime=art.mime, type=art.kind, desc=str(number), data=art.data))


def _tag_id3(open_file: Callable[[Path], MP3 | AIFF | WAVE | TrueAudio]) -> Tagger:
    def tag(path: Path, arts: Sequence[Art]) -> None:
        file = open_file(path)
        if file.tags is None:
            file.add_tags()
        _id3(file.tags, arts)
        file.save()

    return tag


def _tag_adts(path: Path, arts: Sequence[Art]) -> None:
    tags = ID3()
    _id3(tags, arts)
    tags.save(path)


def flac_picture(art: Art) -> Picture:
    """Returns a picture as FLAC has them."""
    picture = Picture()
    picture.type, picture.mime, picture.data = art.kind, art.mime, art.data
    return picture


def _tag_flac(path: Path, arts: Sequence[Art]) -> None:
    file = FLAC(path)
    for art in arts:
        file.add_picture(flac_picture(art))
    file.save()


def _tag_ogg(open_file: Callable[[Path], OggFLAC | OggOpus | OggVorbis]) -> Tagger:
    def tag(path: Path, arts: Sequence[Art]) -> None:
        file = open_file(path)
        blocks = [flac_picture(art).write() for art in arts]
        file["metadata_block_picture"] = [base64.b64encode(block).decode() for block in blocks]
        file.save()

    return tag


# The types of data in an MP4 tag; the last two are what other programs have written there.
_MP4_TYPES: Final = {
    "image/jpeg": 13,
    "image/png": 14,
    "image/bmp": 27,
    "image/gif": 12,
}


def tag_mp4(path: Path, arts: Sequence[Art]) -> None:
    """Puts pictures into the tag of an MP4 file, with video or without."""
    file = MP4(path)
    if file.tags is None:
        file.add_tags()
    file["covr"] = [MP4Cover(art.data, _MP4_TYPES.get(art.mime, 0)) for art in arts]
    file.save()


def tag_asf(path: Path, arts: Sequence[Art]) -> None:
    """Puts pictures into the tag of an ASF file, with video or without."""
    file = ASF(path)
    file["WM/Picture"] = [
        ASFByteArrayAttribute(
            struct.pack("<BI", art.kind, len(art.data))
            + f"{art.mime}\0\0".encode("utf-16-le")
            + art.data
        )
        for art in arts
    ]
    file.save()


def _tag_ape(path: Path, arts: Sequence[Art]) -> None:
    file = WavPack(path)
    if file.tags is None:
        file.add_tags()
    for art in arts:
        place = {FRONT: "Front", BACK: "Back"}.get(art.kind, "Other")
        named = f"{art.file_name}\0".encode() + art.data
        file.tags[f"Cover Art ({place})"] = APEValue(named, BINARY)
    file.save()


Tagger = Callable[[Path, Sequence[Art]], None]

TAGGERS: Final[dict[str, Tagger]] = {
    "aac": _tag_adts,
    "aiff": _tag_id3(AIFF),
    "flac": _tag_flac,
    "m4a": tag_mp4,
    "mp3": _tag_id3(MP3),
    "mp4": tag_mp4,
    "oga": _tag_ogg(OggFLAC),
    "ogg": _tag_ogg(OggVorbis),
    "opus": _tag_ogg(OggOpus),
    "tta": _tag_id3(TrueAudio),
    "wav": _tag_id3(WAVE),
    "wma": tag_asf,
    "wv": _tag_ape,
}
