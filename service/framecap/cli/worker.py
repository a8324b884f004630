"""`framecap worker`."""

from __future__ import annotations

import click

from framecap.cli.exits import Exit
from framecap.cli.service_options import ALLOW_PATH, DATA, SELECTIONS, run_service
from framecap.tasks.worker.settings import Role


@click.command
@click.option(
    "--listen",
    default="127.0.0.1:50052",
    envvar="FRAMECAP_LISTEN",
    show_envvar=True,
    show_default=True,
    metavar="ADDRESS",
    help="Where health checks are answered: HOST:PORT, or unix:PATH.",
)
@click.option(
    "--metrics",
    default="127.0.0.1:9465",
    envvar="FRAMECAP_METRICS",
    show_envvar=True,
    show_default=True,
    metavar="ADDRESS",
    help="Where Prometheus finds the metrics; `off` for nowhere.",
)
@DATA
@ALLOW_PATH
@SELECTIONS
@click.pass_context
def worker(ctx: click.Context, /, **options: str | tuple[str, ...]) -> Exit:
    """Work on the tasks of a service that has the same data directory.

    It answers health checks only. At SIGTERM or Ctrl-C running tasks have some time to finish; the
    others are handed back, and another worker goes on with them.
    """
    fixed = {"role": Role.WORKER.value}
    for name in ("listen", "metrics"):
        if ctx.get_parameter_source(name) is click.core.ParameterSource.DEFAULT:
            fixed[name] = str(options[name])
    return run_service(ctx, options, **fixed)
