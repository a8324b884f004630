"""`framecap serve`."""

from __future__ import annotations

import click

from framecap.cli.exits import Exit
from framecap.cli.service_options import (
    ALLOW_PATH,
    DATA,
    LISTEN,
    METRICS,
    SELECTIONS,
    run_service,
)
from framecap.tasks.worker.settings import Role


@click.command
@LISTEN
@METRICS
@DATA
@ALLOW_PATH
@SELECTIONS
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.BOTH.value,
    envvar="FRAMECAP_ROLE",
    show_envvar=True,
    show_default=True,
    help="Whether it answers calls, works on tasks, or both.",
)
@click.pass_context
def serve(ctx: click.Context, /, **options: str | tuple[str, ...]) -> Exit:
    """Run the service.

    It answers gRPC (framecap.v1: SnapshotService, TaskService, UsageService), health checks and
    reflection, and works on tasks, until SIGTERM or Ctrl-C; running captures then have some time
    to finish. README.md lists all settings.
    """
    return run_service(ctx, options)
