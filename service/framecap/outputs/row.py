"""The interface of an output: every property in which the kinds of output differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from framecap.model.output import OutputKind
from framecap.model.spec import ImageFormat
from framecap.v1 import capture_pb2 as pb

K = TypeVar("K", bound=OutputKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileType:
    """A type of files that an output makes of several frames."""

    media_type: str
    """Its media type."""

    extension: str
    """Its file extension."""

    signature: bytes
    """The first bytes of each of its files."""


class Output(ABC, Generic[K]):
    """One kind of output. Stateless; values of `OutputKind` carry the options."""

    kind: type[OutputKind]
    """The type of its options."""

    case: ClassVar[str]
    """Its case of `framecap.v1.Output.kind`."""

    maker: ClassVar[str]
    """The module of its `Maker` (`outputs/make.py`); only decoder processes load it."""

    files: ClassVar[tuple[FileType, ...]] = ()
    """The types of the files that it makes of several frames; none when it only makes images."""

    frame_format: ClassVar[ImageFormat | None] = None
    """The format in which its maker takes the frames; None for the request's."""

    @abstractmethod
    def read_proto(self, message: Any) -> K:
        """Returns the options that the case's message states.

        Raises:
            RequestError: The message states no valid options.
        """

    @abstractmethod
    def write_proto(self, kind: K, message: pb.Output) -> None:
        """Writes the case with its options into a message."""
