"""`framecap watch`."""

from __future__ import annotations

import sys
from contextlib import aclosing

import click

from framecap.cli.exits import Exit, report_failure
from framecap.cli.progress import ProgressBar, counted
from framecap.cli.remote import JSON, SERVER, TASK_IDS, call, worst
from framecap.client.client import Client
from framecap.events.to_json import to_line
from framecap.model.names import visible
from framecap.timebase import format_time
from framecap.v1.event_pb2 import CaptureEvent


@click.command
@TASK_IDS
@SERVER
@JSON
def watch(task_ids: tuple[str, ...], server: str, as_json: bool) -> Exit:
    """Watch tasks to their end, one after the other.

    One line per image, its address and its time, goes to standard output, with --json each event.
    A connection that breaks is made again. The exit status is that of the captures.
    """

    async def work(client: Client) -> Exit:
        return worst([await _watch(client, task_id, as_json=as_json) for task_id in task_ids])

    return call(server, work)


async def _watch(client: Client, task_id: str, *, as_json: bool) -> Exit:
    finished = CaptureEvent().finished
    with ProgressBar(sys.stderr) as bar:
        async with aclosing(client.watch_task(task_id)) as events:
            async for event in events:
                if event.HasField("progress"):
                    bar.update(event.progress)
                if event.HasField("finished"):
                    finished = event.finished
                if as_json:
                    click.echo(to_line(event))
                elif event.HasField("frame") and event.frame.uri:
                    when = format_time(event.frame.media_time.ToNanoseconds())
                    click.echo(f"{visible(event.frame.uri)}\t{when}")
    if finished.status.code:
        return report_failure(finished.status)
    print(f"{task_id}: {counted(finished.captured_count)}", file=sys.stderr)
    return Exit.DONE
