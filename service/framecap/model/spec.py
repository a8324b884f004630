"""The validated request of a capture."""

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
    """How a picture fits into its box, by its name in the text form."""

    STRETCH = "stretch"
    CROP = "crop"
    FILL = "fill"
    FIT = "fit"


class ShrinkFilter(Enum):
    """The filter that scales a picture down."""

    AREA = "area"
    BICUBIC = "bicubic"


class SeekPolicy(Enum):
    """The policy by which a frame answers an instant."""

    EXACT = "exact"
    NEAREST_KEYFRAME_BEFORE = "nearest_keyframe_before"


class DamagePolicy(Enum):
    """The effect of damage in the video on a capture."""

    BEST_EFFORT = "best_effort"
    STRICT = "strict"


class ChangeReference(Enum):
    """The reference with which a sample is compared."""

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
    """The number of instants, at least 1."""


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
    """The reference with which a sample is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstantSelection:
    """The frames on screen at listed instants."""

    instants: tuple[Nanoseconds, ...]
    """Media times, ascending, without repetition, at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSelection:
    """The samples that a selection installed by the operator chooses."""

    name: str
    """The name of the installed selection."""

    options: tuple[tuple[str, str], ...] = ()
    """Names and values of its options, by ascending name."""

    spacing: Nanoseconds = 0
    """The step of the sample grid; 0 samples every frame."""

    max_count: int = 0
    """The most frames, those with the highest score; 0 takes all that pass."""


Selection: TypeAlias = (
    IntervalSelection
    | KeyframeSelection
    | AverageSelection
    | ChangeSelection
    | InstantSelection
    | PluginSelection
)

ComparedSelection: TypeAlias = ChangeSelection | PluginSelection
"""Those that compare samples: with a step of the grid, and a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The box into which a picture fits, each axis set by itself."""

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
        """True when the box requests another size than the source's."""
        return self != Box()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDestination:
    """The objects in which images are stored."""

    bucket: str | None
    """The bucket; None is the source's."""

    key_template: str
    """The template of the keys."""

    manifest_template: str | None = None
    """The template of the manifest's key; None stores none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSpec:
    """A request, from its text or its structured form.

    Options without effect hold their defaults, so requests of equal meaning are equal values.
    """

    selection: Selection
    """The selection of frames."""

    format: ImageFormat
    """The image format."""

    start: Nanoseconds = 0
    """The start of the captured range, in media time."""

    end: Nanoseconds | None = None
    """The end of the range, exclusive; None is the end of the video."""

    box: Box = Box()
    """The box of the pictures."""

    scale_type: ScaleType = ScaleType.STRETCH
    """How pictures fit into the box."""

    shrink_filter: ShrinkFilter = ShrinkFilter.BICUBIC
    """The filter that scales pictures down."""

    quality: int | None = None
    """Within the format's range; None for its default, or for a format without quality."""

    seek_policy: SeekPolicy = SeekPolicy.EXACT
    """The policy by which a frame answers an instant."""

    damage_policy: DamagePolicy = DamagePolicy.BEST_EFFORT
    """The effect of damage in the video."""

    destination: ObjectDestination | None = None
    """The objects in which images are stored; None sends images in the events."""

    notify_topic: str | None = None
    """The topic to notify when a task ends; None notifies none."""

    @property
    def nearest_keyframe(self) -> bool:
        """True when the last keyframe at or before an instant answers it."""
        return self.seek_policy is SeekPolicy.NEAREST_KEYFRAME_BEFORE


PROBE: Final = CaptureSpec(selection=IntervalSelection(), format=ImageFormat.JPG)
"""Stands for the request of a probe, which has none."""
