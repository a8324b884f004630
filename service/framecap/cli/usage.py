"""`framecap usage`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

import click

from framecap.cli.exits import Exit
from framecap.cli.remote import JSON, SERVER, call, option, print_table
from framecap.client.client import Client
from framecap.events.to_json import message_to_line
from framecap.v1.event_pb2 import CaptureUsage
from framecap.v1.usage_service_pb2 import ListUsageRequest, UsageRecord

SUMMED: Final = (
    "image_count",
    "decoded_count",
    "cpu_seconds",
    "read_bytes",
    "written_bytes",
    "request_count",
)

BY: Final[Mapping[str, Callable[[UsageRecord], str]]] = {
    "principal": lambda record: record.principal,
    "day": lambda record: f"{record.end_time.ToDatetime(UTC):%Y-%m-%d}",
    "mode": lambda record: record.mode,
}


@click.command
@option("--since", type=click.DateTime(), help="Only captures that ended since then, in UTC.")
@option("--until", type=click.DateTime(), help="Only captures that ended before, in UTC.")
@option("--by", type=click.Choice(list(BY)), help="Sum up by this; default: each capture.")
@option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@SERVER
@JSON
def usage(
    since: datetime | None,
    until: datetime | None,
    by: str | None,
    as_csv: bool,
    server: str,
    as_json: bool,
) -> Exit:
    """Show what captures used: images, decoded frames, CPU time, bytes, requests to stores."""
    request = ListUsageRequest(page_size=1000)
    if since is not None:
        request.ended_from.FromDatetime(since.replace(tzinfo=UTC))
    if until is not None:
        request.ended_before.FromDatetime(until.replace(tzinfo=UTC))

    async def work(client: Client) -> Exit:
        async with aclosing(client.list_usage(request)) as listed:
            records = [record async for record in listed]
        if as_json:
            for record in records:
                click.echo(message_to_line(record))
            return Exit.DONE
        rows = _each(records) if by is None else _summed(records, by)
        if as_csv:
            csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        else:
            print_table(rows)
        return Exit.DONE

    return call(server, work)


def _figures(work: CaptureUsage) -> tuple[float, ...]:
    return (
        work.image_count,
        work.decoded_count,
        work.cpu_time.ToNanoseconds() / 1e9,
        work.read_bytes,
        work.written_bytes,
        work.request_count,
    )


def _each(records: Iterable[UsageRecord]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("ended", "id", "source", "mode", "outcome", *SUMMED)]
    for record in records:
        ended = f"{record.end_time.ToDatetime(UTC):%Y-%m-%dT%H:%M:%SZ}"
        name = record.task_id or record.call_id
        first = (ended, name, record.source, record.mode, record.outcome)
        rows.append((*first, *_texts(_figures(record.usage))))
    return rows


def _summed(records: Iterable[UsageRecord], by: str) -> list[tuple[str, ...]]:
    sums: dict[str, tuple[float, ...]] = {}
    for record in records:
        figures = (1, *_figures(record.usage))
        before = sums.get(BY[by](record), (0,) * len(figures))
        sums[BY[by](record)] = tuple(map(sum, zip(before, figures, strict=True)))
    rows: list[tuple[str, ...]] = [(by, "captures", *SUMMED)]
    rows += [(name, *_texts(sums[name])) for name in sorted(sums)]
    return rows


def _texts(figures: Iterable[float]) -> tuple[str, ...]:
    return tuple(
        f"{figure:.3f}" if isinstance(figure, float) else str(figure) for figure in figures
    )
