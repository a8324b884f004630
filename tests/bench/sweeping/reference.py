"""What a file shows, and which of its frames each mode takes, straight from the contract.

    python tests/bench/sweeping/reference.py FILE

prints it as one line of JSON. This program shares no code with framecap and imports none of it: it
decodes the chosen stream whole, from its first packet, with one thread and with all other streams
discarded, and then applies the contract's sentences to the list of frames. It is slow and plain on
purpose.

All times are exact fractions of a second. On the container's clock they are called `clock`; media
time counts from `zero`.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

import av
import av.error
import av.logging
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags
from av.stream import Discard, Disposition

VIDEO: Final = "video"
COVER: Final = "cover"
NOTHING: Final = "nothing"

NO_TIMESTAMPS: Final = 0x80
"""AVFMT_NOTIMESTAMPS: a raw stream."""

LATE: Final = Fraction(1)
"""How far behind the last frame on screen a frame may be and is merely late, in seconds."""

LEAD: Final = Fraction(1, 10)
"""How much earlier another stream of the program must start for zero to be its start."""

BITS: Final = 64
NANOSECONDS: Final = 1_000_000_000

# Formats that have no place for a pixel aspect of their own: it is the frame's.
WITHOUT_ASPECT: Final = [
    "mpegts",
    "mpeg",
    "h264",
    "hevc",
    "vvc",
    "mpegvideo",
    "m4v",
    "vc1",
    "obu",
    "av1",
    "ivf",
    "flv",
    "ogg",
    "mjpeg",
    "dnxhd",
    "cavsvideo",
]

# Kr, Kg, Kb in ten-thousandths by AVCOL_SPC_*; what is not flagged is BT.601.
SHARES: Final = {
    1: (2126, 7152, 722),
    4: (3000, 5900, 1100),
    7: (2120, 7010, 870),
    9: (2627, 6780, 593),
    10: (2627, 6780, 593),
}
SHARES_601: Final = (2990, 5870, 1140)

ASF: Final = UUID("75b22630-668e-11cf-a6d9-00aa0062ce6c").bytes_le
ASF_PROTECTION: Final = tuple(
    UUID(guid).bytes_le
    for guid in ("2211b3fb-bd23-11d2-b4b7-00a0c955fc6e", "298ae614-2622-4c17-b935-dae07ee9289c")
)
"""The objects of a header that say so: content encryption, and its extended form."""


class Refused(Exception):
    """There is nothing to capture; `args` are the reason and a sentence."""


@dataclass(frozen=True)
class Raw:
    """A frame as the decoder returned it."""

    pts: Fraction | None
    """On the container's clock."""

    duration: Fraction | None
    keyframe: bool = True
    damaged: bool = False
    dhash: str = ""
    luma: str = ""
    size: tuple[int, int] = (0, 0)
    """As displayed."""

    interlaced: bool = False


@dataclass(frozen=True)
class Shown:
    """A frame on screen over [start, end) of media time."""

    ordinal: int
    """Its place among all frames that the decoder returned, from 0."""

    start: Fraction
    end: Fraction
    keyframe: bool
    damaged: bool
    dhash: str
    luma: str
    """A digest of the luma samples."""

    size: tuple[int, int]
    interlaced: bool
    pts: Fraction | None
    """As the decoder gave it, on the container's clock."""


@dataclass(frozen=True)
class Film:
    """Everything on screen, and the facts that belong to it."""

    kind: str
    """`video`, `cover` or `nothing`."""

    reason: str = ""
    """Of a file with nothing to capture."""

    facts: dict[str, Any] = field(default_factory=dict)
    zero: Fraction = Fraction(0)
    frames: tuple[Shown, ...] = ()
    late: int = 0
    """Frames that are on screen for no time."""

    moved: int = 0
    """Frames that were moved, or had no time of their own."""

    @property
    def end(self) -> Fraction:
        """The end of the last frame."""
        return self.frames[-1].end


@dataclass(frozen=True)
class Pick:
    """A frame that a request chooses."""

    frame: Shown
    requested: Fraction
    answered: int
    changed_bits: int | None = None


@dataclass(frozen=True)
class Refusal:
    """A request that is refused, for a reason."""

    reason: str
    end: Fraction | None = None


# ---- times (contract, section 2)


@dataclass(frozen=True)
class Timed:
    """When frames are on screen, on the container's clock; those shown for no time are left out."""

    ordinals: list[int]
    starts: list[Fraction]
    end: Fraction
    late: int = 0
    moved: int = 0


def counted(frames: Sequence[Raw], delay: Fraction, rate: Fraction | None) -> Timed:
    """AVI: the n-th picture shown takes the n-th smallest pts, less the constant delay."""
    present = sorted(frame.pts for frame in frames if frame.pts is not None)
    if len(present) < len(frames):
        raise Refused("REFERENCE", "a frame of a counting container without a chunk's number")
    starts = [pts - delay for pts in present]
    return Timed([*range(len(frames))], starts, starts[-1] + length(frames[-1], starts, rate))


def in_a_row(frames: Sequence[Raw], rate: Fraction | None) -> Timed:
    """Raw streams: frames follow one another from 0."""
    starts, at = [], Fraction(0)
    for frame in frames:
        starts.append(at)
        at += frame.duration or 1 / needed(rate)
    return Timed([*range(len(frames))], starts, at)


def by_pts(
    frames: Sequence[Raw], packets: Sequence[Fraction], begin: Fraction, rate: Fraction | None
) -> Timed:
    """All others: by their pts, with the rules for those that are missing or contradict others.

    Args:
        frames: As the decoder returned them, at least one.
        packets: The pts of all packets that have one, as read.
        begin: The start of a first frame without pts.
        rate: Frames per second, as known when the file was opened.
    """
    own = [frame.pts for frame in frames if frame.pts is not None]
    rising = all(a < b for a, b in pairwise(packets))
    if rising and len(own) == len(frames) and own != sorted(own):
        # The packets' pts are their dts.
        frames = [replace(f, pts=p) for f, p in zip(frames, sorted(own), strict=True)]
    ordinals: list[int] = []
    starts: list[Fraction] = []
    shift = Fraction(0)
    late = moved = 0
    behind = False
    for ordinal, frame in enumerate(frames):
        if frame.pts is None:
            at = starts[-1] + length(frames[ordinals[-1]], starts, rate) if starts else begin
            moved += bool(starts)
        else:
            at = frame.pts + shift
            if starts and at < starts[-1]:
                if starts[-1] - at <= LATE:
                    late += 1
                    behind = True
                    continue
                follows = starts[-1] + length(frames[ordinals[-1]], starts, rate)
                shift += follows - at
                at = follows
            moved += bool(shift)
        if starts and at == starts[-1]:
            # Of frames with equal pts only the last is on screen, but for those behind a late one:
            # with it they belong to what comes too late.
            if not behind:
                ordinals[-1] = ordinal
            late += 1
            continue
        behind = False
        ordinals.append(ordinal)
        starts.append(at)
    end = starts[-1] + length(frames[ordinals[-1]], starts, rate)
    return Timed(ordinals, starts, end, late, moved)


def length(last: Raw, starts: Sequence[Fraction], rate: Fraction | None) -> Fraction:
    """Returns how long the frame that began last is on screen where nothing follows it."""
    if last.duration:
        return last.duration
    if len(starts) > 1:
        return starts[-1] - starts[-2]
    return 1 / needed(rate)


def needed(rate: Fraction | None) -> Fraction:
    """Returns the rate, which must be there."""
    if not rate:
        raise Refused("REFERENCE", "a single frame without duration or rate")
    return rate


def zero_of(start: Fraction, others: Iterable[Fraction]) -> Fraction:
    """Returns the moment that is media time 0.

    Args:
        start: The captured stream's start.
        others: Those of the other audio and video streams of its program.
    """
    earliest = min(others, default=start)
    return earliest if start - earliest > LEAD else start


def film(facts: dict[str, Any], frames: Sequence[Raw], timed: Timed, zero: Fraction) -> Film:
    """Returns what is on screen from 0 on."""
    ends = [*timed.starts[1:], timed.end]
    shown = []
    for ordinal, start, end in zip(timed.ordinals, timed.starts, ends, strict=True):
        if end <= zero:
            continue
        raw = frames[ordinal]
        shown.append(
            Shown(
                ordinal=ordinal,
                start=start - zero,
                end=end - zero,
                keyframe=raw.keyframe,
                damaged=raw.damaged,
                dhash=raw.dhash,
                luma=raw.luma,
                size=raw.size,
                interlaced=raw.interlaced,
                pts=raw.pts,
            )
        )
    if not shown:
        raise Refused("MEDIA_CORRUPT", "every frame is hidden")
    return Film(VIDEO, "", facts, zero, tuple(shown), timed.late, timed.moved)


# ---- modes (contract, section 3)


def select(line: Film, request: str) -> list[Pick] | Refusal:
    """Returns which frames a request in its string form takes."""
    if line.kind == NOTHING:
        return Refusal(line.reason)
    if line.kind == COVER:
        return [Pick(line.frames[0], Fraction(0), 1)]
    options = dict(option.split("_", 1) for option in request.split(",")[1:])
    start = Fraction(int(options.get("ss", 0)), 1000)
    step = Fraction(int(options.get("inter", 0)), 1000)
    number = int(options.get("num", 0))
    if start >= line.end:
        return Refusal("OFFSET_AFTER_END", line.end)
    match options.get("m", "inter"):
        case "inter":
            picks = sampled(line, start, step)
        case "key":
            picks = keyframes(line, start)
        case "avg":
            span = line.end - start
            return at_instants(line, [start + i * span / number for i in range(number)])
        case "dhash":
            return changed(sampled(line, start, step), int(options.get("thr", 0)), number)
        case mode:
            raise ValueError(f"{request}: {mode} is no mode")
    return picks[:number] if number else picks


def sampled(line: Film, start: Fraction, step: Fraction) -> list[Pick]:
    """Every frame on screen at or after `start`, or those on screen at the instants of a grid."""
    if not step:
        return [Pick(f, max(f.start, start), 1) for f in line.frames if f.end > start]
    picks = []
    for frame in line.frames:
        # Before the first frame it is the first.
        since = start if frame is line.frames[0] else max(frame.start, start)
        first = -((start - since) // step)
        beyond = -((start - frame.end) // step)
        if first < beyond:
            picks.append(Pick(frame, start + first * step, beyond - first))
    return picks


def keyframes(line: Film, start: Fraction) -> list[Pick]:
    """Every keyframe that begins at or after `start`; from 0, every one not hidden."""
    return [
        Pick(frame, max(frame.start, start), 1)
        for frame in line.frames
        if frame.keyframe and (start == 0 or frame.start >= start)
    ]


def at_instants(line: Film, instants: Sequence[Fraction]) -> list[Pick]:
    """The frames on screen at ascending instants, each once."""
    starts = [frame.start for frame in line.frames]
    picks: list[Pick] = []
    for instant in instants:
        frame = line.frames[max(bisect_right(starts, instant) - 1, 0)]
        if picks and picks[-1].frame is frame:
            picks[-1] = replace(picks[-1], answered=picks[-1].answered + 1)
        else:
            picks.append(Pick(frame, instant, 1))
    return picks


def changed(samples: Sequence[Pick], threshold: int, number: int) -> list[Pick]:
    """Samples whose hash differs from the previous sample's by more than the threshold."""
    taken = []
    before: int | None = None
    for sample in samples:
        bits = int(sample.frame.dhash, 16)
        change = BITS if before is None else (bits ^ before).bit_count()
        if before is None or 100 * change > threshold * BITS:
            taken.append(replace(sample, changed_bits=change))
        before = bits
    if not number:
        return taken
    order = sorted(range(len(taken)), key=lambda i: (-(taken[i].changed_bits or 0), i))
    return [taken[i] for i in sorted(order[:number])]


# ---- the hash (contract, section 3)


def dhash_of(luma: npt.NDArray[Any]) -> str:
    """Returns the hash of a picture's luma, or of anything that is a whole multiple of it."""
    rows, columns = overlaps(luma.shape[0], 8), overlaps(luma.shape[1], 9)
    # Whole numbers below 2 to the power of 53 all the way, so floating point is exact.
    cells = rows @ luma.astype(np.float64) @ columns.T
    bits = np.packbits(cells[:, 1:] > cells[:, :-1])
    return bits.tobytes().hex()


def overlaps(length: int, parts: int) -> npt.NDArray[np.float64]:
    """Returns by how much each of equal parts overlaps each sample, in 1/parts of a sample."""
    sample = np.arange(length) * parts
    part = np.arange(parts)[:, None] * length
    shared = np.minimum(sample + parts, part + length) - np.maximum(sample, part)
    return np.maximum(shared, 0).astype(np.float64)


def luma_of(frame: av.VideoFrame) -> tuple[npt.NDArray[Any], bool]:
    """Returns the luma of a frame, and whether it is the samples that are stored.

    That of RGB is weighted by its matrix, in ten-thousandths.
    """
    components = frame.format.components
    if frame.format.is_rgb or frame.format.has_palette:
        alike = frame.reformat(format="gbrp" if components[0].bits <= 8 else "gbrp16le")
        green, blue, red = (plane_of(alike, plane) for plane in range(3))
        shares = SHARES.get(int(frame.colorspace), SHARES_601)
        planes = zip(shares, (red, green, blue), strict=True)
        return sum(share * plane.astype(np.int64) for share, plane in planes), False
    luma = components[0]
    if sum(component.plane == luma.plane for component in components) > 1:
        # Packed: the same samples, in planes.
        frame = frame.reformat(format="yuv444p" if luma.bits <= 8 else "yuv444p16le")
    if frame.format.name.startswith("mono"):
        frame = frame.reformat(format="gray")
    return plane_of(frame, luma.plane), True


def plane_of(frame: av.VideoFrame, index: int) -> npt.NDArray[Any]:
    """Returns the samples of a plane without the padding of its rows."""
    plane = frame.planes[index]
    wide = frame.format.components[0].bits > 8
    order = ">" if frame.format.is_big_endian else "<"
    samples = np.frombuffer(plane, np.dtype(f"{order}u{1 + wide}"))
    rows = samples.reshape(-1, plane.line_size // (1 + wide))
    return rows[: plane.height, : plane.width]


def digest(samples: npt.NDArray[Any]) -> str:
    """Returns a digest of samples, whatever their order of bytes in memory."""
    little = np.ascontiguousarray(samples, samples.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()[:20]


# ---- reading


@dataclass(eq=False)
class Fed:
    """What travels through the decoder from a packet to its frame."""

    keyframe: bool
    aspect: Fraction | None = None
    """The pixel aspect that the decoder knew once it had the packet."""


def read(path: Path) -> Film:
    """Returns what a file shows."""
    try:
        refuse_by_head(path)
        with opened(path) as container:
            boxes = Boxes.of(path) if "mp4" in container.format.name else Boxes()
            return of_container(path, container, boxes)
    except Refused as refused:
        reason, sentence = refused.args
        return Film(NOTHING, reason, {"sentence": sentence})


def opened(path: Path) -> av.container.InputContainer:
    """Opens a file.

    Raises:
        Refused: It does not open.
    """
    try:
        return av.open(str(path), metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise Refused("MEDIA_CORRUPT", f"does not open: {error}") from error


def of_container(path: Path, container: av.container.InputContainer, boxes: Boxes) -> Film:
    """Returns what an open file shows."""
    covers = [s for s in container.streams.video if s.disposition & Disposition.attached_pic]
    videos = [s for s in container.streams.video if s not in covers]
    if not videos and not covers:
        raise Refused("NO_VIDEO_STREAM", "neither video nor cover")
    if not videos:
        return of_cover(container, sorted(covers, key=not_in_front)[0])
    stream = container.streams.best("video")
    if stream not in videos:
        stream = videos[0]
    if boxes.encrypted.get(stream.id):
        raise Refused("MEDIA_ENCRYPTED", "the sample description is encv")
    if any(video.disposition & Disposition.dependent for video in videos):
        # One put together from its tiles is to be allowed by name.
        raise Refused("CODEC_UNSUPPORTED", "a still made of tiles")
    context = stream.codec_context
    if context is None:
        raise Refused("CODEC_UNSUPPORTED", "there is no decoder")
    dump = Dump.of(container)
    # Decided when the file is opened.
    rate = stream.guessed_rate or stream.average_rate
    unit = Fraction(stream.time_base)
    raw_stream = bool(container.format.flags & NO_TIMESTAMPS)
    begin = None if stream.start_time is None else stream.start_time * unit
    own_aspect = not set(container.format.name.split(",")) & set(WITHOUT_ASPECT)
    if boxes.known:
        own_aspect = boxes.aspect.get(stream.id, False)
    aspect = stream.sample_aspect_ratio if own_aspect else None
    frames, packets, facts = decode(container, stream, dump.cropping.get(stream.index), aspect)
    if not frames:
        raise Refused("MEDIA_CORRUPT", "no frame decodes")
    if container.format.name == "avi":
        first_pts, first_dts = packets[0]
        delay = Fraction(0) if None in packets[0] else (first_pts - first_dts) * unit
        timed, zero = counted(frames, delay, rate), Fraction(0)
    elif raw_stream:
        timed, zero = in_a_row(frames, rate), Fraction(0)
    else:
        known = [pts * unit for pts, _ in packets if pts is not None]
        timed = by_pts(frames, known, begin or Fraction(0), rate)
        start = timed.starts[0] if begin is None else begin
        if not boxes.edited.get(stream.id):
            start = min(start, timed.starts[0])
        beside = dump.beside(stream.index)
        zero = zero_of(start, starts_of(path, stream.index, beside))
    facts |= {
        "container": container.format.name,
        "stream": stream.index,
        "zero": fraction(zero),
        "end": fraction(timed.end - zero),
        "frames": len(timed.starts),
        "rate": None if (even := rate_of(timed)) is None else fraction(even),
        "time base": fraction(unit),
        "own times": container.format.name != "avi" and not raw_stream,
    }
    return film(facts, frames, timed, zero)


def decode(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    cropping: tuple[int, int, int, int] | None,
    aspect: Fraction | None,
) -> tuple[list[Raw], list[tuple[int | None, int | None]], dict[str, Any]]:
    """Decodes a stream whole. Returns its frames, its packets' pts and dts, and facts."""
    context = stream.codec_context
    context.thread_count = 1
    context.flags |= Flags.copy_opaque | Flags.unaligned
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    packets: list[tuple[int | None, int | None]] = []
    frames: list[Raw] = []
    facts: dict[str, Any] = {"codec": context.codec.canonical_name}
    note = Noting(Fraction(stream.time_base), cropping, aspect, facts)
    for packet in packets_of(container, stream):
        fed = None
        if packet is not None:
            packets.append((packet.pts, packet.dts))
            fed = packet.opaque = Fed(packet.is_keyframe)
        try:
            made = context.decode(packet)
        except av.error.FFmpegError:
            made = []
            facts["refused packets"] = facts.get("refused packets", 0) + 1
        if fed is not None:
            fed.aspect = context.sample_aspect_ratio
        frames += map(note.raw, made)
    return frames, packets, facts


def packets_of(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Iterator[av.Packet | None]:
    """Yields the packets of a stream as far as they can be read, and then None."""
    while True:
        try:
            for packet in container.demux(stream):
                if packet.size:
                    yield packet
        except IndexError:
            # A packet of a stream that began after opening, which PyAV does not know.
            continue
        except av.error.FFmpegError:
            pass
        yield None
        return


class Noting:
    """Notes what there is to say of frames."""

    def __init__(
        self,
        unit: Fraction,
        cropping: tuple[int, int, int, int] | None,
        aspect: Fraction | None,
        facts: dict[str, Any],
    ) -> None:
        self._unit = unit
        self._cropping = cropping
        self._aspect = aspect
        self._facts = facts
        self._turns: dict[int, tuple[int, bool]] = {}
        self._luma: npt.NDArray[Any] | None = None
        self._hashes = ("", "")

    def raw(self, frame: av.VideoFrame) -> Raw:
        """Returns what is noted of a frame."""
        fed = frame.opaque if isinstance(frame.opaque, Fed) else Fed(True)
        samples, stored = luma_of(frame)
        coded = samples.shape[::-1]
        if self._cropping:
            left, right, top, bottom = self._cropping
            height, width = samples.shape
            samples = samples[top : height - bottom, left : width - right]
        # Equal pictures have equal hashes; long films have long still parts.
        if self._luma is None or not np.array_equal(self._luma, samples):
            self._luma = samples.copy()
            self._hashes = dhash_of(samples), digest(samples) if stored else ""
        height, width = samples.shape
        aspect = self._aspect or fed.aspect or Fraction(1)
        turns, mirrored = self._orientation(frame)
        size = max(1, int(width * aspect + Fraction(1, 2))), height
        size = size[::-1] if turns % 2 else size
        if "displayed" not in self._facts:
            self._facts |= {
                "coded": list(coded),
                "stored": [width, height],
                "displayed": list(size),
                "aspect": fraction(aspect),
                "rotation": 90 * turns,
                "mirrored": mirrored,
                "pixel format": frame.format.name,
                "transfer": int(frame.color_trc),
                "subsampled": frame.format.chroma_width(64) != 64,
                "odd": bool(width % 2 or height % 2),
            }
        return Raw(
            pts=None if frame.pts is None else frame.pts * self._unit,
            duration=frame.duration * self._unit if frame.duration else None,
            keyframe=bool(frame.key_frame and fed.keyframe),
            damaged=bool(frame.is_corrupt),
            dhash=self._hashes[0],
            luma=self._hashes[1],
            size=(size[0], size[1]),
            interlaced=bool(frame.interlaced_frame),
        )

    def _orientation(self, frame: av.VideoFrame) -> tuple[int, bool]:
        """Returns clockwise quarter turns, and whether the picture is mirrored before them."""
        # A frame that was asked for its side data lives on for long: only the first of each turn.
        turn = frame.rotation
        if turn not in self._turns:
            self._turns[turn] = 0, False
            for entry in frame.side_data:
                if entry.type.name == "DISPLAYMATRIX":
                    self._turns[turn] = turned(struct.unpack("9i", bytes(entry)))
        return self._turns[turn]


def turned(matrix: Sequence[int]) -> tuple[int, bool]:
    """Returns what a display matrix does: (x, y) is shown at (ax + cy, bx + dy), y downwards."""
    a, b, _, c, d = matrix[:5]
    mirrored = a * d - b * c < 0
    # Mirroring leaves the y axis alone, so where that goes tells the turn.
    if abs(d) >= abs(c):
        return (0 if d > 0 else 2), mirrored
    return (1 if c < 0 else 3), mirrored


def rate_of(timed: Timed) -> Fraction | None:
    """Returns frames per second where all last equally long."""
    ends = [*timed.starts[1:], timed.end]
    lengths = {b - a for a, b in zip(timed.starts, ends, strict=True)}
    return 1 / lengths.pop() if len(lengths) == 1 else None


def starts_of(path: Path, captured: int, beside: Callable[[int], bool]) -> list[Fraction]:
    """Returns when the other audio and video streams of the program start."""
    starts: dict[int, Fraction] = {}
    with opened(path) as container:
        others = [
            stream
            for stream in (*container.streams.audio, *container.streams.video)
            if stream.index != captured
            and beside(stream.index)
            and not stream.disposition & Disposition.attached_pic
        ]
        waiting = set()
        for stream in others:
            if stream.type == "audio":
                waiting.add(stream.index)
            elif stream.start_time is not None:
                starts[stream.index] = stream.start_time * Fraction(stream.time_base)
        for stream in container.streams:
            if stream.index not in waiting:
                stream.discard = Discard.all
        try:
            for packet in container.demux() if waiting else ():
                index = packet.stream.index
                if packet.is_discard:
                    # An edit list hides it: a player's clock begins behind it.
                    continue
                if index in waiting and packet.size and packet.pts is not None:
                    starts[index] = packet.pts * Fraction(packet.time_base)
                    waiting.discard(index)
                    if not waiting:
                        break
        except (av.error.FFmpegError, IndexError):
            pass
    return [*starts.values()]


def of_cover(container: av.container.InputContainer, stream: av.VideoStream) -> Film:
    """Returns the one picture of an audio file."""
    frames, _, facts = decode(container, stream, None, None)
    if not frames:
        raise Refused("MEDIA_CORRUPT", "the cover does not decode")
    facts |= {"container": container.format.name, "stream": stream.index}
    timed = Timed([0], [Fraction(0)], Fraction(1))
    still = replace(frames[0], keyframe=True)
    return replace(film(facts, [still], timed, Fraction(0)), kind=COVER)


def not_in_front(cover: av.VideoStream) -> bool:
    """Returns whether a cover is another than the front one."""
    named = {str(key).lower(): str(value) for key, value in cover.metadata.items()}
    attached = named.get("filename", "").partition(".")[0] == "cover"
    front = named.get("comment") == "Cover (front)" or "cover art (front)" in named
    return not (front or attached)


def refuse_by_head(path: Path) -> None:
    """Refuses what its first bytes name.

    Raises:
        Refused: Animated WebP, or a protected ASF.
    """
    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
    except OSError as error:
        raise Refused("MEDIA_CORRUPT", str(error)) from error
    if head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and head[20:21] > b"" and head[20] & 2:
        raise Refused("CODEC_UNSUPPORTED", "animated WebP")
    if head.startswith(ASF) and any(guid in head for guid in ASF_PROTECTION):
        raise Refused("MEDIA_ENCRYPTED", "protected ASF")


@dataclass(frozen=True)
class Dump:
    """What libavformat prints of a container and PyAV has no names for."""

    programs: tuple[frozenset[int], ...]
    """The indexes of the streams of each."""

    cropping: dict[int, tuple[int, int, int, int]]
    """By stream: samples to cut at the left, right, top and bottom."""

    @classmethod
    def of(cls, container: av.container.InputContainer) -> Dump:
        """Reads it."""
        level = av.logging.get_level()
        av.logging.set_level(av.logging.INFO)
        try:
            return cls.parse(container.dumps_format())
        finally:
            av.logging.set_level(level)

    @classmethod
    def parse(cls, text: str) -> Dump:
        """Reads the printed lines."""
        programs: list[set[int]] = []
        cropping = {}
        inside, current = False, -1
        for line in text.splitlines():
            word = line.strip()
            if line.startswith("  Program "):
                programs.append(set())
                inside = True
            elif line.startswith("  No Program"):
                inside = False
            elif line.startswith("  Stream #"):
                current = int(line.split(":", 2)[1].partition("[")[0].partition("(")[0])
                if inside:
                    programs[-1].add(current)
            elif word.startswith("Frame Cropping:") and current not in cropping:
                left, right, top, bottom = map(int, word.split(":")[1].split("/"))
                cropping[current] = left, right, top, bottom
        return cls(tuple(map(frozenset, programs)), cropping)

    def beside(self, captured: int) -> Callable[[int], bool]:
        """Returns what says whether a stream belongs to the captured one's program."""
        own = [program for program in self.programs if captured in program]
        return lambda index: not own or any(index in program for program in own)


@dataclass
class Boxes:
    """What an MP4 says that libavformat keeps to itself. By track number."""

    known: bool = False
    edited: dict[int, bool] = field(default_factory=dict)
    """Whether there is an edit list."""

    encrypted: dict[int, bool] = field(default_factory=dict)
    """Whether the sample description says so."""

    aspect: dict[int, bool] = field(default_factory=dict)
    """Whether there is a pixel aspect."""

    @classmethod
    def of(cls, path: Path) -> Boxes:
        """Reads them."""
        found = cls()
        with path.open("rb") as file:
            size = file.seek(0, 2)
            for kind, begin, end in children(file, 0, size):
                if kind == b"moov":
                    found.known = True
                    for inner, first, last in children(file, begin, end):
                        if inner == b"trak":
                            found.track(file, first, last)
        return found

    def track(self, file: BinaryIO, begin: int, end: int) -> None:
        """Notes what a track says."""
        number = 0
        edited = False
        description = b""
        for path, first, last in descendants(file, begin, end):
            if path == b"tkhd":
                file.seek(first)
                head = file.read(24)
                number = struct.unpack_from(">I", head, 20 if head[:1] == b"\1" else 12)[0]
            elif path == b"elst":
                file.seek(first)
                edited = file.read(8)[4:] > bytes(4)
            elif path == b"stsd":
                file.seek(first)
                description = file.read(min(last - first, 1 << 20))
        self.edited[number] = edited
        self.encrypted[number] = description[12:16] == b"encv"
        self.aspect[number] = b"pasp" in description


def children(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields the boxes within [begin, end): the kind, and where the contents lie."""
    while begin + 8 <= end:
        file.seek(begin)
        head = file.read(16)
        size, kind = struct.unpack_from(">I4s", head)
        body = begin + 8
        if size == 1 and len(head) == 16:
            size, body = struct.unpack_from(">Q", head, 8)[0], begin + 16
        stop = end if size == 0 else begin + size
        if stop < body:
            return
        yield kind, body, min(stop, end)
        begin = stop


def descendants(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields the boxes of a track, at any depth."""
    for kind, first, last in children(file, begin, end):
        yield kind, first, last
        if kind in (b"edts", b"mdia", b"minf", b"stbl"):
            yield from descendants(file, first, last)


# ---- as JSON


def fraction(value: Fraction) -> str:
    """Returns a fraction as text."""
    return str(Fraction(value))


def to_json(line: Film) -> str:
    """Returns a film as one line."""
    plain = asdict(line) | {"zero": fraction(line.zero)}
    for frame in plain["frames"]:
        for name in ("start", "end", "pts"):
            frame[name] = None if frame[name] is None else fraction(frame[name])
    return json.dumps(plain)


def from_json(text: str) -> Film:
    """Returns the film that a line stands for."""
    plain = json.loads(text)
    frames = []
    for frame in plain.pop("frames"):
        for name in ("start", "end", "pts"):
            frame[name] = None if frame[name] is None else Fraction(frame[name])
        frames.append(Shown(**frame | {"size": tuple(frame["size"])}))
    return Film(**plain | {"zero": Fraction(plain["zero"]), "frames": tuple(frames)})


if __name__ == "__main__":
    print(to_json(read(Path(sys.argv[1]))))
