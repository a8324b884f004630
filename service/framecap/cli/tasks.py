"""`framecap tasks`."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

import click
from google.protobuf.timestamp_pb2 import Timestamp

from framecap.cli.exits import Exit
from framecap.cli.remote import JSON, SERVER, call, option, print_table
from framecap.client.client import Client
from framecap.events.status import error_info
from framecap.events.to_json import message_to_line
from framecap.model.names import visible
from framecap.v1 import task_service_pb2 as pb

STATES: Final = {
    "pending": pb.TASK_STATE_PENDING,
    "running": pb.TASK_STATE_RUNNING,
    "succeeded": pb.TASK_STATE_SUCCEEDED,
    "failed": pb.TASK_STATE_FAILED,
    "cancelled": pb.TASK_STATE_CANCELLED,
}
NAMES: Final = {number: name for name, number in STATES.items()}
HEAD: Final = ("TASK", "STATE", "CREATED", "IMAGES", "SOURCE", "ERROR")


@click.command
@click.argument("task_ids", metavar="[TASK…]", nargs=-1)
@option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(list(STATES)),
    help="Only tasks in this state; give it again for more.",
)
@option("--source", default="", metavar="PREFIX", help="Only sources that begin so.")
@option("--since", type=click.DateTime(), help="Only tasks created since then, in UTC.")
@option("--until", type=click.DateTime(), help="Only tasks created before, in UTC.")
@option("--dead", is_flag=True, help="Only tasks whose worker died in the last attempt.")
@option(
    "--limit", default=50, show_default=True, type=click.IntRange(min=1), help="The most tasks."
)
@SERVER
@JSON
def tasks(
    task_ids: tuple[str, ...],
    states: tuple[str, ...],
    source: str,
    since: datetime | None,
    until: datetime | None,
    dead: bool,
    limit: int,
    server: str,
    as_json: bool,
) -> Exit:
    """List tasks, newest first; or show those named.

    One line per task goes to standard output, in columns; with --json the whole task.
    """
    request = pb.ListTasksRequest(
        states=[STATES[state] for state in states],
        source_prefix=source,
        created_from=_time(since),
        created_before=_time(until),
        dead=dead,
        page_size=min(limit, 1000),
    )

    async def work(client: Client) -> Exit:
        if task_ids:
            found = [await client.get_task(task_id) for task_id in task_ids]
        else:
            found = []
            async with aclosing(client.list_tasks(request)) as listed:
                async for task in listed:
                    found.append(task)
                    if len(found) == limit:
                        break
        if as_json:
            for task in found:
                click.echo(message_to_line(task))
        elif found:
            print_table([HEAD, *(_row(task) for task in found)])
        return Exit.DONE

    return call(server, work)


def _time(given: datetime | None) -> Timestamp | None:
    if given is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(given.replace(tzinfo=UTC))
    return stamp


def _row(task: pb.Task) -> tuple[str, ...]:
    created = task.create_time.ToDatetime(UTC)
    done = task.usage.image_count or task.progress.captured_count
    return (
        task.task_id,
        NAMES.get(task.state, "unknown"),
        f"{created:%Y-%m-%d %H:%M:%S}",
        str(done),
        visible(task.accepted.source),
        error_info(task.error).reason if task.HasField("error") else "",
    )
