"""The output of `--events`."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

import click

from framecap.events.to_json import to_line
from framecap.v1 import event_pb2


def open_events(name: str | None) -> AbstractContextManager[TextIO | None]:
    """Returns the stream to write events to: None without a name, standard output for `-`."""
    if name is None:
        return nullcontext(None)
    if name == "-":
        return nullcontext(sys.stdout)
    try:
        return open(name, "w", encoding="ascii")
    except OSError as error:
        raise click.FileError(name, error.strerror) from error


def write_event(stream: TextIO, event: event_pb2.CaptureEvent) -> None:
    """Writes an event as one line and flushes it, so that a reader gets it at once."""
    stream.write(to_line(event) + "\n")
    stream.flush()
