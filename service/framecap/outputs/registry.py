"""The registry of outputs."""

from __future__ import annotations

from typing import Any, Final

from framecap.model.output import ImagesOutput, OutputKind
from framecap.outputs.images import Images
from framecap.outputs.row import FileType, Output
from framecap.v1 import capture_pb2 as pb

OUTPUTS: Final[tuple[Output[Any], ...]] = (Images(),)
"""All outputs, in the order in which messages list them."""

DEFAULT: Final[OutputKind] = ImagesOutput()
"""The output of a request that names none."""

_BY_KIND: Final[dict[type[OutputKind], Output[Any]]] = {row.kind: row for row in OUTPUTS}
_BY_CASE: Final = {row.case: row for row in OUTPUTS}


def output_of(kind: OutputKind) -> Output[Any]:
    """Returns the output of a kind."""
    return _BY_KIND[type(kind)]


def output_for(case: str) -> Output[Any] | None:
    """Returns the output of a case of `framecap.v1.Output.kind`; None if there is none."""
    return _BY_CASE.get(case)


def read(message: pb.Output) -> OutputKind:
    """Returns the kind that a message states, which must be one there is; the default without."""
    case = message.WhichOneof("kind")
    if case is None:
        return DEFAULT
    kind: OutputKind = _BY_CASE[case].read_proto(getattr(message, case))
    return kind


def written(kind: OutputKind) -> pb.Output:
    """Returns a message that states only the kind; empty for the default."""
    message = pb.Output()
    if kind != DEFAULT:
        output_of(kind).write_proto(kind, message)
    return message


def file_types(message: pb.Output) -> tuple[FileType, ...]:
    """Returns the types of the files that the output of a message makes of several frames."""
    return output_of(read(message)).files


def file_type(media_type: str) -> FileType | None:
    """Returns the type of file of a media type; None if no output makes such files."""
    types = (type for row in OUTPUTS for type in row.files)
    return next((type for type in types if type.media_type == media_type), None)
