"""The values that a running capture yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import TypeAlias

from framecap.model.media import Frame, MediaInfo
from framecap.model.plan import Plan
from framecap.model.spec import ImageFormat
from framecap.timebase import Nanoseconds, Pts


class Reason(Enum):
    """Why a frame was chosen."""

    INSTANT = "instant"
    EVERY_FRAME = "every_frame"
    KEYFRAME = "keyframe"
    CHANGE = "change"
    SCORE = "score"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pick:
    """One frame that was chosen."""

    frame: Frame
    """The frame."""

    reason: Reason
    """Why it was chosen."""

    requested_time: Nanoseconds
    """The first instant that the frame answers, rounded down."""

    answered_count: int = 1
    """The number of instants that the frame answers."""

    dhash: int | None = None
    """Its difference hash, if the choice needed it."""

    changed_bits: int | None = None
    """Bits by which the hash differs from its reference, 0..64; None outside change selection."""

    score: float | None = None
    """The score by which it is ranked; None when samples are not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One encoded image and the facts about its frame."""

    index: int
    """Position in the output, from 1, without gaps."""

    pts: Pts
    """The frame's presentation time."""

    time_base: Fraction
    """The unit of `pts`, in seconds."""

    media_time: Nanoseconds
    """The frame's media time, rounded down."""

    requested_time: Nanoseconds
    """The first instant the frame answers."""

    answered_count: int
    """The number of instants that the frame answers."""

    keyframe: bool
    """True for a keyframe."""

    damaged: bool
    """True when the decoder reported the picture as corrupt."""

    reason: Reason
    """Why the frame was chosen."""

    dhash: int
    """The difference hash of the frame's luma, 64 bits."""

    changed_bits: int | None
    """Bits by which the hash differs from its reference, 0..64; None outside change selection."""

    width: int
    """Width in pixels."""

    height: int
    """Height in pixels."""

    format: ImageFormat
    """The image format."""

    data: bytes = field(repr=False)
    """The encoded image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """One file made of several frames."""

    index: int
    """Position among the output's files, from 1, without gaps."""

    start: Nanoseconds
    """The start of the media time that it covers."""

    end: Nanoseconds
    """The end of that time, exclusive."""

    width: int
    """Width in pixels; 0 for a track."""

    height: int
    """Height in pixels; 0 for a track."""

    media_type: str
    """Its media type, one of the output's `files`."""

    frame_count: int
    """The number of captured frames that this file, and none before it, is made of."""

    data: bytes = field(repr=False)
    """The file."""


class Phase(Enum):
    """The phase of a capture."""

    QUEUED = "queued"
    OPENING = "opening"
    MEASURING = "measuring"
    HASHING = "hashing"
    DECODING = "decoding"
    UPLOADING = "uploading"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a capture."""

    phase: Phase
    """The current phase."""

    done: Nanoseconds
    """Media time done, summed over the passes so far. Never falls."""

    total: Nanoseconds | None
    """Media time of all passes; None when not known. Equals `done` at the end of a success."""

    captured_count: int
    """Images so far."""

    read_bytes: int
    """Bytes read so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureWarning:
    """A fact that the client should know, which does not end the capture."""

    reason: str
    """A stable name in capitals."""

    message: str
    """The sentence for a person."""

    metadata: Mapping[str, str] = field(default_factory=dict)
    """Every variable value in the message."""


class Lack(Enum):
    """The cause of missing images."""

    AFTER_END = "after_end"
    SAME_FRAME = "same_frame"
    NO_MORE_FRAMES = "no_more_frames"
    BELOW_THRESHOLD = "below_threshold"
    UNDECODABLE = "undecodable"
    COVER_IS_ONE_IMAGE = "cover_is_one_image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """The number of images missing for one cause."""

    reason: Lack
    """The cause."""

    count: int
    """The number of images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Counts of damage in the media."""

    damaged: int = 0
    """Images whose frame the decoder reported as corrupt."""

    undecodable: int = 0
    """Packets that the decoder refused."""

    repaired_times: int = 0
    """Frames whose pts was missing or stepped back."""

    read_errors: int = 0
    """Errors of the container while reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The result of a capture. Always the last value it yields."""

    requested_count: int | None
    """The requested number of images; None when the request set none."""

    captured_count: int
    """The number of images captured."""

    shortfalls: tuple[Shortfall, ...]
    """The causes of missing images; empty when none is missing."""

    explanation: str
    """The shortfall in one sentence; empty when there is none."""

    damage: Damage
    """The damage that the capture met."""

    read_bytes: int
    """Bytes read from the source."""

    decoded_count: int
    """Frames decoded to find the images."""

    end: Nanoseconds | None
    """The true end of the video, if the capture read that far."""

    stage_times: Mapping[str, Nanoseconds]
    """Time spent by stage: open, decode, pixels, encode."""

    seek_repairs: int = 0
    """Seeks repeated because their result was wrong, and access paths abandoned for safer ones."""


Report: TypeAlias = MediaInfo | Plan | Progress | Image | OutputFile | CaptureWarning | Summary
