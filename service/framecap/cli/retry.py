"""`framecap retry`."""

from __future__ import annotations

from contextlib import aclosing

import click

from framecap.cli.exits import Exit
from framecap.cli.remote import JSON, SERVER, call, each, option
from framecap.client.client import Client
from framecap.events.to_json import message_to_line
from framecap.v1.task_service_pb2 import ListTasksRequest


@click.command
@click.argument("task_ids", metavar="[TASK…]", nargs=-1)
@option("--dead", is_flag=True, help="Retry all tasks whose worker died in the last attempt.")
@option("--source", default="", metavar="URL", help="The source with its query, if it needs it.")
@SERVER
@JSON
def retry(task_ids: tuple[str, ...], dead: bool, source: str, server: str, as_json: bool) -> Exit:
    """Retry ended tasks: each becomes a new task, which reads its source as it is now.

    One line per task, the new id and the old one, goes to standard output.
    """
    if bool(task_ids) == dead:
        raise click.UsageError("give either TASK or --dead")

    async def work(client: Client) -> Exit:
        async def one(task_id: str) -> str:
            created = await client.retry_task(task_id, source)
            return message_to_line(created) if as_json else f"{created.task_id}\t{task_id}"

        ids = list(task_ids)
        if dead:
            async with aclosing(client.list_tasks(ListTasksRequest(dead=True))) as listed:
                ids = [task.task_id async for task in listed]
        return await each(ids, one)

    return call(server, work)
