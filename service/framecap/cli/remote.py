"""Commands that call a service: their options, their output, and how they end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import click

from framecap.cli.exits import Exit, report_failure
from framecap.client.client import Client
from framecap.client.failure import CallFailed

T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., Any])

AT_ONCE: Final = 16
"""The most calls of one command at the same time."""

SEVERITY: Final = (Exit.DONE, Exit.REQUEST, Exit.MEDIA, Exit.FAILED)


def option(name: str, *declarations: str, **settings: Any) -> Callable[[C], C]:
    """Returns an option of a command that also has its variable, `FRAMECAP_` and its name."""
    variable = f"FRAMECAP_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, *declarations, envvar=variable, show_envvar=True, **settings)


SERVER: Final = option(
    "--server",
    default="127.0.0.1:50051",
    show_default=True,
    metavar="HOST:PORT",
    help="Where the service listens.",
)

JSON: Final = option("--json", "as_json", is_flag=True, help="Print lines of JSON.")

TASK_IDS: Final = click.argument("task_ids", metavar="TASK…", nargs=-1, required=True)


def worst(exits: Iterable[Exit]) -> Exit:
    """Returns the exit status of a command that did several things."""
    return max(exits, key=SEVERITY.index, default=Exit.DONE)


def call(server: str, work: Callable[[Client], Awaitable[Exit]]) -> Exit:
    """Runs `work` with a client of the service; a failed call ends the command with its reason."""

    async def connected() -> Exit:
        async with Client(server) as client:
            return await work(client)

    try:
        return asyncio.run(connected())
    except CallFailed as failure:
        return report_failure(failure.status)


async def each(
    items: Sequence[T], work: Callable[[T], Awaitable[str | None]], at_once: int = AT_ONCE
) -> Exit:
    """Runs `work` for each item, several at once, and prints the lines it returns, in their order.

    An item whose call fails is reported; the others go on.
    """
    room = asyncio.Semaphore(at_once)

    async def one(item: T) -> str | None:
        async with room:
            return await work(item)

    exits = []
    running = [asyncio.ensure_future(one(item)) for item in items]
    try:
        for item, coming in zip(items, running, strict=True):
            try:
                line = await coming
                exits.append(Exit.DONE)
                if line is not None:
                    click.echo(line)
            except CallFailed as failure:
                if len(items) > 1:
                    print(f"framecap: {item}:", file=sys.stderr)
                exits.append(report_failure(failure.status))
    finally:
        for coming in running:
            coming.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return worst(exits)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Prints rows of cells in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
