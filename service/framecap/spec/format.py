"""The canonical text of a request: options in one order, defaults left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from framecap.model.spec import (
    AverageSelection,
    Box,
    CaptureSpec,
    ChangeReference,
    ChangeSelection,
    IntervalSelection,
    KeyframeSelection,
    ObjectTarget,
    Selection,
)
from framecap.spec.kinds import Value
from framecap.spec.options import NOTIFY, SAVE_AS, SNAPSHOTS, Action
from framecap.timebase import NANOSECONDS_PER_MILLISECOND, Nanoseconds


def format_text(spec: CaptureSpec) -> str | None:
    """Returns the canonical text of `spec`; None when the text form has no words for it.

    What it returns, `text.parse` reads back as an equal value.
    """
    start = _milliseconds(spec.start)
    selection = _selection(spec.selection)
    if start is None or selection is None or spec != _sayable(spec):
        return None
    values = {"ss": start, "f": spec.format.value, **selection, **_box(spec.box)}
    values["scaletype"] = spec.scale_type.value
    text = _action(SNAPSHOTS, values)
    follow_ups = []
    if spec.target is not None:
        follow_ups.append(_action(SAVE_AS, _target(spec.target)))
    if spec.notify_topic is not None:
        follow_ups.append(_action(NOTIFY, {"topic": spec.notify_topic}))
    return f"{text}|{'/'.join(follow_ups)}" if follow_ups else text


def _sayable(spec: CaptureSpec) -> CaptureSpec:
    """Returns `spec` without the options that only the structured form has."""
    return CaptureSpec(
        selection=spec.selection,
        format=spec.format,
        start=spec.start,
        box=spec.box,
        scale_type=spec.scale_type,
        target=spec.target and replace(spec.target, manifest_template=None),
        notify_topic=spec.notify_topic,
    )


def _selection(selection: Selection) -> dict[str, Value] | None:
    """Returns the options that say `selection`; None when none do."""
    match selection:
        case IntervalSelection(spacing=spacing, max_count=count):
            step = _milliseconds(spacing)
            return None if step is None else {"m": "inter", "inter": step, "num": count}
        case KeyframeSelection(max_count=count):
            return {"m": "key", "num": count}
        case AverageSelection(count=count):
            return {"m": "avg", "num": count}
        case ChangeSelection(
            spacing=spacing,
            threshold=threshold,
            max_count=count,
            reference=ChangeReference.PREVIOUS_SAMPLE,
        ):
            step = _milliseconds(spacing)
            if step is None:
                return None
            return {"m": "dhash", "inter": step, "thr": threshold, "num": count}
        case _:
            return None


def _box(box: Box) -> dict[str, Value]:
    values: dict[str, Value] = {"pw": box.width_percent, "ph": box.height_percent}
    if box.width is not None:
        values["w"] = box.width
    if box.height is not None:
        values["h"] = box.height
    return values


def _target(target: ObjectTarget) -> dict[str, Value]:
    values: dict[str, Value] = {"o": target.key_template}
    if target.bucket is not None:
        values["b"] = target.bucket
    return values


def _milliseconds(instant: Nanoseconds) -> int | None:
    milliseconds, rest = divmod(instant, NANOSECONDS_PER_MILLISECOND)
    return None if rest else milliseconds


def _action(action: Action, values: Mapping[str, Value]) -> str:
    parts = [action.name]
    for option in action.options:
        value = values.get(option.name, option.default)
        if value is not None and value != option.default:
            parts.append(f"{option.name}_{option.kind.write(value)}")
    return ",".join(parts)
