"""`framecap explain`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from framecap.api.gather import Outline, outline
from framecap.call import CaptureCall
from framecap.capture import capture
from framecap.cli.decoders import direct_fork
from framecap.cli.exits import Exit, report_failure
from framecap.cli.facts import accepted_rows, media_rows, plan_rows, table, to_json
from framecap.cli.local import Destination, local_services, stores_of
from framecap.cli.options import DATA, JSON, REQUEST, SOURCE
from framecap.decoder.service.launcher import Launcher
from framecap.decoder.v1 import decoder_pb2
from framecap.errors import CaptureError
from framecap.events.status import to_status
from framecap.v1.snapshot_service_pb2 import ExplainCaptureResponse


@click.command
@SOURCE
@REQUEST
@JSON
@DATA
def explain(source: str, request: str, as_json: bool, data: Path) -> Exit:
    """Show how a capture would decode, without capturing.

    SOURCE and REQUEST are those of `capture`. At most the first frame and the last group of
    pictures are decoded; estimates are shown with "about".
    """
    call = CaptureCall(source=source, request=request, kind=decoder_pb2.JOB_KIND_EXPLAIN)
    try:
        found = asyncio.run(local_outline(call, direct_fork(), data))
    except CaptureError as error:
        return report_failure(to_status(error), request)
    if as_json:
        click.echo(
            to_json(
                ExplainCaptureResponse(
                    accepted=found.accepted,
                    media=found.probed,
                    plan=found.planned,
                    warnings=found.warnings,
                )
            )
        )
    else:
        click.echo(table(accepted_rows(found.accepted)))
        click.echo("\n" + table(media_rows(found.probed)))
        click.echo("\n" + table(plan_rows(found.planned, found.accepted.spec, found.probed)))
        if found.warnings:
            click.echo("\n" + table(("warning", warning.message) for warning in found.warnings))
    return Exit.DONE


async def local_outline(call: CaptureCall, launcher: Launcher, data: Path) -> Outline:
    """Returns the events that precede the first image of a capture on this machine.

    Raises:
        CaptureError: The request is wrong, or the video cannot be opened.
    """
    async with local_services(launcher, Destination(stores=stores_of(data))) as services:
        return await outline(capture(call, services))
