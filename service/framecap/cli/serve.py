"""`framecap serve`."""

from __future__ import annotations

import asyncio
import os

import click
from click.core import ParameterSource

from framecap.cli.exits import Exit
from framecap.config import SettingsError, load
from framecap.server.serve import serve as run_service


@click.command
@click.option(
    "--listen",
    default="127.0.0.1:50051",
    envvar="FRAMECAP_LISTEN",
    show_envvar=True,
    show_default=True,
    metavar="ADDRESS",
    help="Where calls are taken: HOST:PORT, or unix:PATH.",
)
@click.option(
    "--metrics",
    default="127.0.0.1:9464",
    envvar="FRAMECAP_METRICS",
    show_envvar=True,
    show_default=True,
    metavar="ADDRESS",
    help="Where Prometheus finds the metrics; `off` for nowhere.",
)
@click.option(
    "--data",
    default="framecap-data",
    envvar="FRAMECAP_DATA",
    show_envvar=True,
    show_default=True,
    metavar="DIR",
    help="What the service keeps. The bucket B is the directory DIR/buckets/B.",
)
@click.option(
    "--allow-path",
    multiple=True,
    envvar="FRAMECAP_ALLOW_PATH",
    show_envvar=True,
    metavar="DIR",
    help="A directory whose files may be sources. Give it again for more; in the variable, "
    f"`{os.pathsep}` stands between two.",
)
@click.option(
    "--selections",
    default="",
    envvar="FRAMECAP_SELECTIONS",
    show_envvar=True,
    metavar="NAME,NAME",
    help="The installed selections (plug-ins) that requests may use. Default: none.",
)
@click.pass_context
def serve(ctx: click.Context, /, **options: str | tuple[str, ...]) -> Exit:
    """Run the service.

    It answers gRPC (framecap.v1.SnapshotService and TaskService), health checks and reflection
    until SIGTERM or Ctrl-C; running captures then have some time to finish. README.md lists all
    settings.
    """
    given = {
        name: text if isinstance(text, str) else os.pathsep.join(text)
        for name, text in options.items()
        # `load` reads the environment itself, so that an error names the variable.
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    try:
        asyncio.run(run_service(load(options=given)))
    except SettingsError as error:
        raise click.UsageError(str(error), ctx) from error
    return Exit.DONE
