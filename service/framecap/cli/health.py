"""`framecap health`."""

from __future__ import annotations

import click
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from framecap.cli.exits import Exit

SERVING = health_pb2.HealthCheckResponse.SERVING


@click.command
@click.option(
    "--address",
    default="127.0.0.1:50051",
    envvar="FRAMECAP_ADDRESS",
    show_envvar=True,
    show_default=True,
    metavar="HOST:PORT",
    help="Where the service listens.",
)
@click.option(
    "--timeout",
    default=5.0,
    envvar="FRAMECAP_TIMEOUT",
    show_envvar=True,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for an answer.",
)
def health(address: str, timeout: float) -> Exit:
    """Ask a running service whether it is well.

    Exits with 0 when it serves, with 4 when it does not or does not answer.
    """
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=timeout
            )
        except grpc.RpcError as error:
            raise click.ClickException(f"{address} does not answer: {error.details()}") from error
    click.echo(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status).lower())
    return Exit.DONE if answer.status == SERVING else Exit.FAILED
