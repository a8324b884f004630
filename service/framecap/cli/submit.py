"""`framecap submit`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from framecap.cli.exits import Exit
from framecap.cli.remote import JSON, SERVER, call, each, option
from framecap.client.client import Client
from framecap.events.to_json import message_to_line
from framecap.model.names import visible
from framecap.v1.task_service_pb2 import CreateTaskRequest

REQUEST_PREFIX: Final = "video/"


@click.command
@click.argument("arguments", metavar="SOURCE… REQUEST", nargs=-1, required=True)
@option(
    "--sources",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="A file with a source in each line, besides those given; `-` is standard input.",
)
@option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label of the tasks.")
@option("--user-data", default="", metavar="TEXT", help="Comes back with the tasks.")
@option("--project", default="", metavar="NAME", help="The project of the tasks.")
@option("--validate-only", is_flag=True, help="Check, and create nothing.")
@SERVER
@JSON
def submit(
    arguments: tuple[str, ...],
    sources: Path | None,
    labels: tuple[str, ...],
    user_data: str,
    project: str,
    validate_only: bool,
    server: str,
    as_json: bool,
) -> Exit:
    """Submit captures to a service, each source as a task in the background.

    SOURCE is BUCKET/KEY, a URL, or a path that the service allows. REQUEST, the argument that
    begins with video/, says what to capture and where the images go, for example
    video/snapshots,f_jpg,inter_10000|sys/saveas,b_c2hvdHM=,o_e2JhcmVuYW1lfS97aW5kZXh9LmpwZw==.

    One line per task, its id and its source, goes to standard output, in the order of the sources.
    A source that is refused is
    reported, and the others are submitted all the same.
    """
    requests = [text for text in arguments if text.startswith(REQUEST_PREFIX)]
    if len(requests) != 1:
        raise click.UsageError("give one REQUEST, an argument that begins with video/")
    given = [text for text in arguments if text not in requests] + _listed(sources)
    if not given:
        raise click.UsageError("give at least one SOURCE, or a file of them with --sources")
    message = CreateTaskRequest(
        text=requests[0],
        labels=_labels(labels),
        user_data=user_data,
        project=project,
        validate_only=validate_only,
    )

    async def work(client: Client) -> Exit:
        async def one(source: str) -> str:
            request = CreateTaskRequest(source=source)
            request.MergeFrom(message)
            created = await client.create_task(request)
            line = f"{created.task_id or 'valid'}\t{visible(source)}"
            return message_to_line(created) if as_json else line

        return await each(given, one)

    return call(server, work)


def _listed(path: Path | None) -> list[str]:
    if path is None:
        return []
    with click.open_file(str(path), encoding="utf-8") as lines:
        return [line.strip() for line in lines if line.strip()]


def _labels(given: Sequence[str]) -> dict[str, str]:
    labels = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise click.UsageError(f'--label: "{text}" is not KEY=VALUE (example: film=42)')
        labels[key] = value
    return labels
