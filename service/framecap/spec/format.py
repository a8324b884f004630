"""The canonical text of a request: options in one order, defaults left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from framecap.model.spec import Box, CaptureSpec, ObjectDestination, Selection
from framecap.modes.registry import mode_of
from framecap.spec.options import NOTIFY, SAVE_AS, SNAPSHOTS, Action
from framecap.values import checks
from framecap.values.kinds import Value


def format_text(spec: CaptureSpec) -> str | None:
    """Returns the canonical text of `spec`; None when the text form cannot express it.

    `text.parse` reads the text back as an equal value.
    """
    start = checks.milliseconds(spec.start)
    selection = _selection(spec.selection)
    if start is None or selection is None or spec != _expressible(spec):
        return None
    values = {"ss": start, "f": spec.format.value, **selection, **_box(spec.box)}
    values["scaletype"] = spec.scale_type.value
    text = _action(SNAPSHOTS, values)
    follow_ups = []
    if spec.destination is not None:
        follow_ups.append(_action(SAVE_AS, _destination(spec.destination)))
    if spec.notify_topic is not None:
        follow_ups.append(_action(NOTIFY, {"topic": spec.notify_topic}))
    return f"{text}|{'/'.join(follow_ups)}" if follow_ups else text


def _expressible(spec: CaptureSpec) -> CaptureSpec:
    """Returns `spec` without the options that only the structured form has."""
    return CaptureSpec(
        selection=spec.selection,
        format=spec.format,
        start=spec.start,
        box=spec.box,
        scale_type=spec.scale_type,
        destination=spec.destination and replace(spec.destination, manifest_template=None),
        notify_topic=spec.notify_topic,
    )


def _selection(selection: Selection) -> dict[str, Value] | None:
    """Returns the options that express `selection`; None when the text form cannot."""
    mode = mode_of(selection)
    options = mode.write_text(selection)
    return None if options is None else {"m": mode.name, **options}


def _box(box: Box) -> dict[str, Value]:
    values: dict[str, Value] = {"pw": box.width_percent, "ph": box.height_percent}
    if box.width is not None:
        values["w"] = box.width
    if box.height is not None:
        values["h"] = box.height
    return values


def _destination(destination: ObjectDestination) -> dict[str, Value]:
    values: dict[str, Value] = {"o": destination.key_template}
    if destination.bucket is not None:
        values["b"] = destination.bucket
    return values


def _action(action: Action, values: Mapping[str, Value]) -> str:
    parts = [action.name]
    for option in action.options:
        value = values.get(option.name, option.default)
        if value is not None and value != option.default:
            parts.append(f"{option.name}_{option.kind.write(value)}")
    return ",".join(parts)
