"""Captures into a folder for each request, and writes all events as lines of JSON.

A program of its own: it runs with the package of a changed tree.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import aclosing
from pathlib import Path

from google.protobuf.json_format import ParseDict

from framecap.api.requests import capture_call
from framecap.capture import capture
from framecap.cli.local import Destination, local_services, stores_of
from framecap.decoder.child.forked_server import serve_forked
from framecap.decoder.child.warm_up import warm_up
from framecap.decoder.service.launcher import DirectFork
from framecap.events.to_json import to_line
from framecap.v1.snapshot_service_pb2 import CaptureFramesRequest


async def main(output: Path, jobs: list[tuple[DirectFork, dict[str, object]]]) -> None:
    stores = stores_of(output)
    for number, (launcher, request) in enumerate(jobs):
        call = capture_call(ParseDict(request, CaptureFramesRequest()))
        # A request that has a destination of its own may have no other.
        folder = None if "delivery" in request else output / str(number)
        destination = Destination(stores=stores, output=folder)
        services = local_services(launcher, destination)
        async with services as ready, aclosing(capture(call, ready)) as events:
            async for event in events:
                print(to_line(event))


if __name__ == "__main__":
    # As a fork server does: what cannot be warmed up cannot be served.
    warm_up(0)
    # Each forks this process as it is now, before the event loop.
    jobs = [(DirectFork(serve_forked), request) for request in json.load(sys.stdin)]
    asyncio.run(main(Path(sys.argv[1]), jobs))
