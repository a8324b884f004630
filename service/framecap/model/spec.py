"""What was asked for, validated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from framecap.timebase import Nanoseconds

MAX_INT: Final = 2_147_483_647
MIN_SIDE: Final = 32
MAX_SIDE: Final = 4096
MAX_PERCENT: Final = 200
MAX_INSTANTS: Final = 10_000


class ImageFormat(Enum):
    """An image format, by its name in the text form."""

    JPG = "jpg"
    PNG = "png"


class ScaleType(Enum):
    """How a picture meets its box, by its name in the text form."""

    STRETCH = "stretch"
    CROP = "crop"
    FILL = "fill"
    FIT = "fit"


class ShrinkFilter(Enum):
    """How samples are weighted where a picture becomes smaller."""

    AREA = "area"
    BICUBIC = "bicubic"


class SeekPolicy(Enum):
    """Which frame stands for an instant."""

    EXACT = "exact"
    NEAREST_KEYFRAME_BEFORE = "nearest_keyframe_before"


class DamagePolicy(Enum):
    """What damage in the video does to a capture."""

    BEST_EFFORT = "best_effort"
    STRICT = "strict"


class ChangeReference(Enum):
    """What a sample is compared with."""

    PREVIOUS_SAMPLE = "previous_sample"
    LAST_CAPTURED = "last_captured"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalSelection:
    """One frame per step of a time grid."""

    spacing: Nanoseconds = 0
    """The step; 0 is every frame."""

    max_count: int = 0
    """The most frames; 0 is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyframeSelection:
    """Every keyframe."""

    max_count: int = 0
    """The most frames; 0 is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageSelection:
    """A number of frames spread evenly."""

    count: int
    """How many instants, at least 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSelection:
    """The frames where the picture changes."""

    spacing: Nanoseconds = 0
    """The step of the sample grid; 0 samples every frame."""

    threshold: int = 0
    """A sample passes when its change, in percent of 64 bits, is above this."""

    max_count: int = 0
    """The most frames, those with the largest change; 0 takes all that pass."""

    reference: ChangeReference = ChangeReference.PREVIOUS_SAMPLE
    """What a sample is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstantSelection:
    """The frames on screen at listed instants."""

    instants: tuple[Nanoseconds, ...]
    """Media times, ascending, without repetition, at least one."""


Selection: TypeAlias = (
    IntervalSelection | KeyframeSelection | AverageSelection | ChangeSelection | InstantSelection
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The box a picture meets, each axis on its own."""

    width: int | None = None
    """Pixels; None is `width_percent` of the source."""

    height: int | None = None
    """Pixels; None is `height_percent` of the source."""

    width_percent: int = 100
    """Percent of the source; 100 where `width` is given."""

    height_percent: int = 100
    """Percent of the source; 100 where `height` is given."""

    @property
    def given(self) -> bool:
        """True when the box asks for another size than the source's."""
        return self != Box()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTarget:
    """The objects that images become."""

    bucket: str | None
    """The bucket; None is the source's."""

    key_template: str
    """The template of the keys."""

    manifest_template: str | None = None
    """The template of the manifest's key; None stores none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSpec:
    """A request, whichever form it came in.

    Options without effect hold their defaults, so equal meanings are equal values.
    """

    selection: Selection
    """Which frames."""

    format: ImageFormat
    """The image format."""

    start: Nanoseconds = 0
    """Where capture begins, as media time."""

    end: Nanoseconds | None = None
    """Where capture ends, exclusive; None is the end of the video."""

    box: Box = Box()
    """The box of the pictures."""

    scale_type: ScaleType = ScaleType.STRETCH
    """How pictures meet the box."""

    shrink_filter: ShrinkFilter = ShrinkFilter.BICUBIC
    """How samples are weighted where pictures become smaller."""

    quality: int | None = None
    """Within the format's range; None for its default, and where it has none."""

    seek_policy: SeekPolicy = SeekPolicy.EXACT
    """Which frame stands for an instant."""

    damage_policy: DamagePolicy = DamagePolicy.BEST_EFFORT
    """What damage does."""

    target: ObjectTarget | None = None
    """Where images are stored; None sends them inside the events."""

    notify_topic: str | None = None
    """The topic told when a task ends; None tells none."""

    @property
    def nearest_keyframe(self) -> bool:
        """True when the last keyframe before an instant stands for it."""
        return self.seek_policy is SeekPolicy.NEAREST_KEYFRAME_BEFORE
