"""`framecap capture`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import TypeAlias

import click
from google.rpc import status_pb2

from framecap.call import CaptureCall
from framecap.capture import capture as capture_events
from framecap.cli.console import Console
from framecap.cli.decoders import direct_fork
from framecap.cli.events_file import open_events, write_event
from framecap.cli.exits import Exit, report_failure
from framecap.cli.local import Destination, local_services, stores_of
from framecap.cli.options import DATA, REQUEST, SOURCE
from framecap.cli.progress import ProgressBar
from framecap.decoder.service.launcher import Launcher
from framecap.errors import CaptureError, Code
from framecap.events import messages
from framecap.events.status import to_status
from framecap.model.spec import ShrinkFilter
from framecap.v1 import event_pb2

EventListener: TypeAlias = Callable[[event_pb2.CaptureEvent], None]
"""Receives each event of a capture."""


@click.command
@SOURCE
@REQUEST
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="FRAMECAP_OUTPUT",
    show_envvar=True,
    metavar="DIR",
    help="Where the images go. Default: the current directory.",
)
@click.option(
    "--events",
    envvar="FRAMECAP_EVENTS",
    show_envvar=True,
    metavar="FILE",
    help="Write each event as a line of JSON; `-` is standard output.",
)
@click.option(
    "--filter",
    "shrink",
    type=click.Choice([choice.value for choice in ShrinkFilter]),
    envvar="FRAMECAP_FILTER",
    show_envvar=True,
    help="How pictures become smaller: area is faster and softer. Default: bicubic.",
)
@DATA
def capture(
    source: str,
    request: str,
    output: Path | None,
    events: str | None,
    shrink: str | None,
    data: Path,
) -> Exit:
    """Capture frames of a video into files. Needs no service.

    SOURCE is a path, or BUCKET/KEY of a local bucket when there is no such path. REQUEST says what
    to capture, for example video/snapshots,f_jpg,inter_10000,w_320,scaletype_fit for an image 320
    pixels wide every 10 seconds.

    The images are named after the video: film_0_1.jpg, film_0_2.jpg and so on. One line per image,
    its path and its time, goes to standard output.
    """
    call = CaptureCall(
        source=source,
        request=request,
        shrink_filter=None if shrink is None else ShrinkFilter(shrink),
    )
    destination = Destination(stores=stores_of(data), output=output)
    with open_events(events) as stream:
        # Before the bar, which is drawn by a thread.
        launcher = direct_fork()
        with ProgressBar(sys.stderr) as bar:
            console = Console(bar, buckets=destination.stores.buckets, quiet=events == "-")

            def emit(event: event_pb2.CaptureEvent) -> None:
                if stream is not None:
                    write_event(stream, event)
                console.show(event)

            status = asyncio.run(_capture(call, launcher, destination, emit))
    if status.code != Code.OK:
        return report_failure(status, request)
    print(console.closing(), file=sys.stderr)
    return Exit.DONE


async def _capture(
    call: CaptureCall, launcher: Launcher, destination: Destination, emit: EventListener
) -> status_pb2.Status:
    """Emits the events of a capture, `finished` last even on failure, and returns its status."""
    last_sequence = 0
    try:
        async with (
            local_services(launcher, destination) as services,
            aclosing(capture_events(call, services)) as events,
        ):
            async for event in events:
                last_sequence = event.sequence
                emit(event)
    except CaptureError as error:
        if last_sequence == 0:
            emit(_refused(error))
        return to_status(error)
    return to_status(None)


def _refused(error: CaptureError) -> event_pb2.CaptureEvent:
    """Returns the only event of a capture that did not begin.

    A client of the service receives the refusal as the call's status; `--events` has only events.
    """
    event = event_pb2.CaptureEvent(sequence=1, finished=messages.finished(error=error))
    event.event_time.GetCurrentTime()
    return event
