"""Leases of decoded pictures."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

T = TypeVar("T")

_RELEASED: Final[Any] = object()


class PictureReleased(RuntimeError):
    """A picture was used after its release; the code is wrong."""


class Lease(Generic[T]):
    """Owns a decoded picture until it is released.

    The picture is freed with the release, however many variables name the lease. In a `with` block
    the lease is released at its end.

    Args:
        picture: The picture.
    """

    __slots__ = ("_picture",)

    def __init__(self, picture: T) -> None:
        self._picture = picture

    @classmethod
    def released(cls) -> Lease[T]:
        """Returns a lease without a picture."""
        return cls(_RELEASED)

    @property
    def held(self) -> bool:
        """True until the picture is released."""
        return self._picture is not _RELEASED

    @property
    def picture(self) -> T:
        """The picture.

        Raises:
            PictureReleased: The lease was released.
        """
        if self._picture is _RELEASED:
            raise PictureReleased("a picture is used after its release")
        return self._picture

    def take(self) -> T:
        """Returns the picture, and ends the lease: the caller owns the picture.

        Raises:
            PictureReleased: The lease was released.
        """
        picture, self._picture = self.picture, _RELEASED
        return picture

    def release(self) -> None:
        """Lets go of the picture. Releasing again does nothing."""
        self._picture = _RELEASED

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
