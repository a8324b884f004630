"""`framecap probe`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from framecap.call import CaptureCall
from framecap.cli.decoders import direct_fork
from framecap.cli.exits import Exit
from framecap.cli.explain import local_outline
from framecap.cli.facts import media_rows, table, to_json
from framecap.cli.options import DATA, JSON, SOURCE
from framecap.decoder.v1 import decoder_pb2
from framecap.v1.snapshot_service_pb2 import ProbeMediaResponse


@click.command
@SOURCE
@JSON
@DATA
def probe(source: str, as_json: bool, data: Path) -> Exit:
    """Show what a video contains.

    SOURCE is that of `capture`. What the header claims is said to be its claim.
    """
    call = CaptureCall(source=source, request=None, kind=decoder_pb2.JOB_KIND_PROBE)
    found = asyncio.run(local_outline(call, direct_fork(), data))
    if as_json:
        click.echo(to_json(ProbeMediaResponse(media=found.probed)))
    else:
        click.echo(table(media_rows(found.probed)))
    return Exit.DONE
