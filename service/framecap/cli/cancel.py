"""`framecap cancel`."""

from __future__ import annotations

import click

from framecap.cli.exits import Exit
from framecap.cli.remote import SERVER, TASK_IDS, call, each
from framecap.client.client import Client


@click.command
@TASK_IDS
@SERVER
def cancel(task_ids: tuple[str, ...], server: str) -> Exit:
    """Cancel tasks. Images already stored stay; a task that has ended stays as it is."""

    async def work(client: Client) -> Exit:
        async def one(task_id: str) -> None:
            await client.cancel_task(task_id)

        return await each(task_ids, one)

    return call(server, work)
