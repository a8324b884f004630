"""`framecap delete`."""

from __future__ import annotations

import click

from framecap.cli.exits import Exit
from framecap.cli.remote import SERVER, TASK_IDS, call, each
from framecap.client.client import Client


@click.command
@TASK_IDS
@SERVER
def delete(task_ids: tuple[str, ...], server: str) -> Exit:
    """Delete ended tasks with their events. Their images and usage records stay."""

    async def work(client: Client) -> Exit:
        async def one(task_id: str) -> None:
            await client.delete_task(task_id)

        return await each(task_ids, one)

    return call(server, work)
