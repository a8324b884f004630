"""The protobuf enums of a request, with the value of each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from framecap.model.spec import (
    ChangeReference,
    DamagePolicy,
    ScaleType,
    SeekPolicy,
    ShrinkFilter,
)
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.wording import listed

Named = TypeVar("Named")
Number = TypeVar("Number", bound=int)


class _Names(Protocol):
    """The names of a protobuf enum."""

    def Name(self, number: int) -> str:
        """Returns the name of a number."""


@dataclass(frozen=True, slots=True)
class EnumTable(Generic[Number, Named]):
    """One enum: the value that each number stands for."""

    names: _Names
    """The protobuf enum."""

    choices: Mapping[Number, Named]
    """The value of each number except 0, unspecified."""

    default: Named | None
    """The value of 0; None if 0 is refused."""

    def read(self, field: str, number: int) -> Named:
        """Returns the value that `number` stands for.

        Raises:
            OptionMissing: The number is 0 and there is no default.
            ValueOutOfRange: The number is not known.
        """
        for known, choice in self.choices.items():
            if known == number:
                return choice
        allowed = listed(self.names.Name(known) for known in self.choices)
        if number:
            raise checks.refused(field, str(number), f"is not one of {allowed}", allowed)
        if self.default is None:
            raise checks.missing(field, allowed)
        return self.default

    def number(self, choice: Named) -> Number:
        """Returns the number that stands for `choice`."""
        return next(known for known, named in self.choices.items() if named is choice)

    def written(self, choice: Named, *, defaults: bool) -> Number | None:
        """Returns the number that stands for `choice`; None for the default, unless `defaults`."""
        return self.number(choice) if defaults or choice is not self.default else None


SCALE_TYPES: Final = EnumTable(
    pb.ScaleType,
    {
        pb.SCALE_TYPE_STRETCH: ScaleType.STRETCH,
        pb.SCALE_TYPE_CROP: ScaleType.CROP,
        pb.SCALE_TYPE_FILL: ScaleType.FILL,
        pb.SCALE_TYPE_FIT: ScaleType.FIT,
    },
    default=ScaleType.STRETCH,
)
SHRINK_FILTERS: Final = EnumTable(
    pb.ShrinkFilter,
    {
        pb.SHRINK_FILTER_AREA: ShrinkFilter.AREA,
        pb.SHRINK_FILTER_BICUBIC: ShrinkFilter.BICUBIC,
    },
    default=ShrinkFilter.BICUBIC,
)
SEEK_POLICIES: Final = EnumTable(
    pb.SeekPolicy,
    {
        pb.SEEK_POLICY_EXACT: SeekPolicy.EXACT,
        pb.SEEK_POLICY_NEAREST_KEYFRAME_BEFORE: SeekPolicy.NEAREST_KEYFRAME_BEFORE,
    },
    default=SeekPolicy.EXACT,
)
DAMAGE_POLICIES: Final = EnumTable(
    pb.DamagePolicy,
    {
        pb.DAMAGE_POLICY_BEST_EFFORT: DamagePolicy.BEST_EFFORT,
        pb.DAMAGE_POLICY_STRICT: DamagePolicy.STRICT,
    },
    default=DamagePolicy.BEST_EFFORT,
)
REFERENCES: Final = EnumTable(
    pb.ChangeReference,
    {
        pb.CHANGE_REFERENCE_PREVIOUS_SAMPLE: ChangeReference.PREVIOUS_SAMPLE,
        pb.CHANGE_REFERENCE_LAST_CAPTURED: ChangeReference.LAST_CAPTURED,
    },
    default=ChangeReference.PREVIOUS_SAMPLE,
)
