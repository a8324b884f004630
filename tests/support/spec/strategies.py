"""Requests and texts for property tests, made from the option table and the model."""

from __future__ import annotations

import base64
from dataclasses import replace

from hypothesis import strategies as st

from framecap.model.spec import (
    MAX_INT,
    AverageSelection,
    Box,
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    DamagePolicy,
    ImageFormat,
    InstantSelection,
    IntervalSelection,
    KeyframeSelection,
    ObjectDestination,
    PluginSelection,
    ScaleType,
    SeekPolicy,
    ShrinkFilter,
)
from framecap.spec.options import FOLLOW_UPS, SNAPSHOTS, Action, Option
from framecap.values.kinds import Choice, Kind, Whole

MILLISECOND = 1_000_000
counts = st.one_of(st.just(0), st.integers(0, 50), st.just(MAX_INT))
option_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,9}", fullmatch=True)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


def times(unit: int) -> st.SearchStrategy[int]:
    """Instants that are whole multiples of `unit` nanoseconds."""
    whole = MAX_INT * MILLISECOND // unit
    return st.one_of(st.just(0), st.integers(0, 100_000), st.integers(0, whole)).map(
        lambda n: n * unit
    )


def selections(unit: int) -> st.SearchStrategy:
    """Selections that the text form can say."""
    return st.one_of(
        st.builds(IntervalSelection, spacing=times(unit), max_count=counts),
        st.builds(KeyframeSelection, max_count=counts),
        st.builds(AverageSelection, count=st.integers(1, MAX_INT)),
        st.builds(
            ChangeSelection,
            spacing=times(unit),
            threshold=st.integers(0, 100),
            max_count=counts,
        ),
    )


def structured_selections() -> st.SearchStrategy:
    """Selections of every kind."""
    instants = st.lists(times(1), min_size=1, max_size=6)
    return st.one_of(
        selections(1),
        st.builds(
            ChangeSelection,
            spacing=times(1),
            threshold=st.integers(0, 100),
            max_count=counts,
            reference=st.sampled_from(ChangeReference),
        ),
        instants.map(lambda some: InstantSelection(instants=tuple(sorted(set(some))))),
        st.builds(
            PluginSelection,
            name=words,
            options=st.dictionaries(option_names, words | st.just(""), max_size=4).map(
                lambda options: tuple(sorted(options.items()))
            ),
            spacing=times(1),
            max_count=counts,
        ),
    )


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes, with the percentage of a side in pixels left at its default."""
    sides = st.none() | st.integers(32, 4096)
    percents = st.integers(1, 200)
    width, height = draw(sides), draw(sides)
    return Box(
        width=width,
        height=height,
        width_percent=draw(percents) if width is None else 100,
        height_percent=draw(percents) if height is None else 100,
    )


@st.composite
def sayable(draw: st.DrawFn) -> CaptureSpec:
    """Requests that the text form can say."""
    box = draw(boxes() | st.just(Box()))
    return CaptureSpec(
        selection=draw(selections(MILLISECOND)),
        format=draw(st.sampled_from(ImageFormat)),
        start=draw(times(MILLISECOND)),
        box=box,
        scale_type=draw(st.sampled_from(ScaleType)) if box.given else ScaleType.STRETCH,
        destination=draw(
            st.none() | st.builds(ObjectDestination, bucket=st.none() | words, key_template=words)
        ),
        notify_topic=draw(st.none() | words),
    )


QUALITIES = st.integers(1, 100).map(lambda quality: None if quality == 90 else quality)


@st.composite
def specs(draw: st.DrawFn) -> CaptureSpec:
    """Requests that the structured form can say, which are all."""
    base = draw(sayable())
    selection = draw(structured_selections())
    start = draw(times(1))
    end = draw(st.none() | st.integers(1, MILLISECOND).map(lambda more: start + more))
    if end is not None and end > MAX_INT * MILLISECOND:
        end = None
    named = not isinstance(selection, KeyframeSelection) and getattr(selection, "spacing", 1) > 0
    return CaptureSpec(
        selection=selection,
        format=base.format,
        start=start,
        end=end,
        box=base.box,
        scale_type=base.scale_type,
        shrink_filter=draw(st.sampled_from(ShrinkFilter)),
        quality=draw(QUALITIES) if base.format is ImageFormat.JPG else None,
        seek_policy=draw(st.sampled_from(SeekPolicy)) if named else SeekPolicy.EXACT,
        damage_policy=draw(st.sampled_from(DamagePolicy)),
        destination=base.destination
        and replace(base.destination, manifest_template=draw(st.none() | words)),
        notify_topic=base.notify_topic,
    )


def valid_values(kind: Kind) -> st.SearchStrategy[str]:
    """Values of an option, as a text writes them."""
    if isinstance(kind, Whole):
        few = min(kind.high, kind.low + 200)
        return st.one_of(st.integers(kind.low, few), st.just(kind.high)).map(str)
    if isinstance(kind, Choice):
        return st.sampled_from(kind.names)
    return words.flatmap(
        lambda text: st.sampled_from(
            [
                base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
                base64.b64encode(text.encode()).decode(),
                base64.b64encode(f"{text}\n".encode()).decode(),
                base64.b64encode(f"{text}\r\n".encode()).decode().rstrip("="),
            ]
        )
    )


@st.composite
def actions(draw: st.DrawFn, action: Action) -> str:
    """One action with all its required options and some of the others, in any order."""
    chosen: list[Option] = [
        option for option in action.options if option.required or draw(st.booleans())
    ]
    parts = [f"{o.name}_{draw(valid_values(o.kind))}" for o in draw(st.permutations(chosen))]
    return ",".join([action.name, *parts])


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Texts of the right shape; valid but for rules that join options (`avg` without `num`)."""
    follow_ups = draw(st.lists(st.sampled_from(FOLLOW_UPS), unique_by=lambda a: a.name))
    text = draw(actions(SNAPSHOTS))
    if follow_ups:
        text += "|" + "/".join(draw(actions(action)) for action in follow_ups)
    return draw(st.sampled_from(["", " ", "\n\t"])) + text + draw(st.sampled_from(["", "\n"]))
