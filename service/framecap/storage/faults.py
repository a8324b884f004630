"""What can go wrong with a store, told apart by what it means to a capture."""

from __future__ import annotations

from enum import Enum


class FaultKind(Enum):
    """What a store's refusal means."""

    NO_OBJECT = "no_object"
    """There is no such object."""

    NO_BUCKET = "no_bucket"
    """There is no such bucket."""

    FORBIDDEN = "forbidden"
    """The credentials do not allow it, are wrong, or have expired."""

    CHANGED = "changed"
    """The object is no longer the one that was opened."""

    PASSING = "passing"
    """The store, or the way to it, is in trouble; another attempt may go better."""

    REFUSED = "refused"
    """The store will not do it, now or later."""


class StoreFault(Exception):
    """A store did not do what it was asked.

    Args:
        kind: What it means.
        detail: The store's own word for it: a code or a status, never an address or a key.
    """

    def __init__(self, kind: FaultKind, detail: str) -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
        self.detail = detail


class StoreSilent(StoreFault):
    """All attempts failed for passing reasons."""


def by_status(status: int) -> FaultKind:
    """Returns what an HTTP status means when nothing else is known."""
    match status:
        case 404 | 410:
            return FaultKind.NO_OBJECT
        case 401 | 403:
            return FaultKind.FORBIDDEN
        case 412:
            return FaultKind.CHANGED
        case 408 | 425 | 429:
            return FaultKind.PASSING
        case _ if status >= 500:
            return FaultKind.PASSING
    return FaultKind.REFUSED
