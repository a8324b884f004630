"""The end of a command: its exit status, and the sentence on standard error."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from google.rpc import status_pb2

from framecap.errors import Code
from framecap.events.status import error_info


class Exit(IntEnum):
    """The exit statuses. Scripts rely on them; they are never renumbered."""

    DONE = 0
    """All went well."""

    REQUEST = 2
    """The request is the cause: its syntax, a range, a source that does not exist."""

    MEDIA = 3
    """The file is the cause."""

    FAILED = 4
    """Anything else."""

    INTERRUPTED = 130
    """Ctrl-C."""


BY_CODE: Final[Mapping[int, Exit]] = {
    Code.OK: Exit.DONE,
    Code.INVALID_ARGUMENT: Exit.REQUEST,
    Code.NOT_FOUND: Exit.REQUEST,
    Code.OUT_OF_RANGE: Exit.REQUEST,
    Code.PERMISSION_DENIED: Exit.REQUEST,
    Code.FAILED_PRECONDITION: Exit.MEDIA,
}


def exit_of(status: status_pb2.Status) -> Exit:
    """Returns the exit status for a gRPC status."""
    return BY_CODE.get(status.code, Exit.FAILED)


def report_failure(status: status_pb2.Status, request: str = "") -> Exit:
    """Writes why a command failed to standard error, and returns its exit status.

    Args:
        status: The failure.
        request: The request's text form, shown with a caret below the column of its error.
    """
    info = error_info(status)
    reason = f" ({info.reason})" if info.reason else ""
    print(f"framecap: {status.message}{reason}", file=sys.stderr)
    column = info.metadata.get("column", "")
    if column.isdecimal() and request.isprintable():
        print(f"  {request}\n  {' ' * (int(column) - 1)}^", file=sys.stderr)
    return exit_of(status)
