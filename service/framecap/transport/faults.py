"""Faults of stores, classified by their consequence for a capture."""

from __future__ import annotations

from enum import Enum


class FaultKind(Enum):
    """The class of a store's fault."""

    NO_OBJECT = "no_object"
    """There is no such object."""

    NO_BUCKET = "no_bucket"
    """There is no such bucket."""

    FORBIDDEN = "forbidden"
    """The credentials do not allow it, are wrong, or have expired."""

    CHANGED = "changed"
    """The object is no longer the one that was opened."""

    PASSING = "passing"
    """The store or the network fails for now; another attempt may succeed."""

    REFUSED = "refused"
    """The store refuses the request for good."""


class StoreFault(Exception):
    """A request to a store failed.

    Args:
        kind: The class of the fault.
        detail: The store's error code or status; never an address or a key.
    """

    def __init__(self, kind: FaultKind, detail: str) -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
        self.detail = detail


class StoreSilent(StoreFault):
    """All attempts failed with passing faults."""


def by_status(status: int) -> FaultKind:
    """Returns the class of a fault of which only the HTTP status is known."""
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
