"""The request form with named outputs, several of one decoding."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from framecap.errors import OutputUnsupported
from framecap.model.output import OutputKind
from framecap.outputs.registry import OUTPUTS, output_for, read
from framecap.spec import structured
from framecap.spec.request import ParsedRequest
from framecap.v1 import capture_pb2 as pb
from framecap.values import checks
from framecap.values.wording import listed

FIELD: Final = "outputs.outputs"

NAME: Final = re.compile(r"[a-z0-9_-]{1,64}")
NAMES_ALLOWED: Final = "1 to 64 of a to z, 0 to 9, _ and -"

MAX_OUTPUTS: Final = 1
"""The number of outputs that one decoding can make in this version."""


def from_proto(outputs: pb.OutputList, delivery: pb.Delivery | None) -> ParsedRequest:
    """Returns the request that the messages describe.

    Args:
        outputs: The outputs to make.
        delivery: The destination of an output that has none of its own.

    Raises:
        OptionMissing: There is no output, or it lacks its name, its spec or its kind.
        OutputUnsupported: There is more than one output, or none of its kind is made yet.
        ValueOutOfRange: A name or another value is not one of those allowed.
    """
    count = len(outputs.outputs)
    if not count:
        raise checks.missing(FIELD, "one output")
    names = [
        _name(f"{FIELD}[{number}].name", output.name)
        for number, output in enumerate(outputs.outputs)
    ]
    for number, name in enumerate(names):
        if name in names[:number]:
            field = f"{FIELD}[{number}].name"
            raise checks.refused(field, name, "is the name of another output", "another name")
    if count > MAX_OUTPUTS:
        raise OutputUnsupported(
            f"{FIELD}: {count} outputs of one decoding are not there yet; at most {MAX_OUTPUTS}",
            field=FIELD,
            metadata={"value": str(count), "allowed": str(MAX_OUTPUTS)},
        )
    (output,) = outputs.outputs
    kind = _kind(output)
    own = output.delivery if output.HasField("delivery") else delivery
    return replace(structured.from_proto(output.spec, own), output=names[0], kind=kind)


def _name(field: str, name: str) -> str:
    if not name:
        raise checks.missing(field, NAMES_ALLOWED)
    if NAME.fullmatch(name) is None:
        raise checks.refused(field, name, f"is not {NAMES_ALLOWED}", NAMES_ALLOWED)
    return name


def _kind(output: pb.Output) -> OutputKind:
    field = f"{FIELD}[0].kind"
    kinds = listed(row.case for row in OUTPUTS)
    case = output.WhichOneof("kind")
    if case is None:
        raise checks.missing(field, kinds)
    if output_for(case) is None:
        raise OutputUnsupported(
            f"{field}: {case} is not there yet; there is {kinds}",
            field=field,
            metadata={"value": case, "allowed": kinds},
        )
    return read(output)
