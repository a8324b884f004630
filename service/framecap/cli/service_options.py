"""The options of the commands that run the service, and its run."""

from __future__ import annotations

import asyncio
import os
from typing import Final

import click
from click.core import ParameterSource

from framecap.cli.exits import Exit
from framecap.config import SettingsError, load
from framecap.server.serve import serve

LISTEN: Final = click.option(
    "--listen",
    default="127.0.0.1:50051",
    envvar="FRAMECAP_LISTEN",
    show_envvar=True,
    show_default=True,
    metavar="ADDRESS",
    help="Where calls are taken: HOST:PORT, or unix:PATH.",
)

METRICS: Final = click.option(
    "--metrics",
    default="127.0.0.1:9464",
    envvar="FRAMECAP_METRICS",
    show_envvar=True,
    show_default=True,
    metavar="ADDRESS",
    help="Where Prometheus finds the metrics; `off` for nowhere.",
)

DATA: Final = click.option(
    "--data",
    default="framecap-data",
    envvar="FRAMECAP_DATA",
    show_envvar=True,
    show_default=True,
    metavar="DIR",
    help="What the service keeps. The bucket B is the directory DIR/buckets/B.",
)

ALLOW_PATH: Final = click.option(
    "--allow-path",
    multiple=True,
    envvar="FRAMECAP_ALLOW_PATH",
    show_envvar=True,
    metavar="DIR",
    help="A directory whose files may be sources. Give it again for more; in the variable, "
    f"`{os.pathsep}` stands between two.",
)

SELECTIONS: Final = click.option(
    "--selections",
    default="",
    envvar="FRAMECAP_SELECTIONS",
    show_envvar=True,
    metavar="NAME,NAME",
    help="The installed selections (plug-ins) that requests may use. Default: none.",
)


def run_service(
    ctx: click.Context, options: dict[str, str | tuple[str, ...]], **fixed: str
) -> Exit:
    """Runs the service until a signal ends it.

    Args:
        ctx: The command's context.
        options: The command's options, by the names of the settings.
        fixed: Settings that the command itself makes, where the environment does not.
    """
    given = {
        name: text if isinstance(text, str) else os.pathsep.join(text)
        for name, text in options.items()
        # `load` reads the environment itself, so that an error names the variable.
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    try:
        asyncio.run(serve(load(options={**fixed, **given})))
    except SettingsError as error:
        raise click.UsageError(str(error), ctx) from error
    return Exit.DONE
