"""A small service, to be killed: starts decoders and prints the processes, one line each."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from functools import partial
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

from framecap.decoder.child.forked_server import serve_forked
from framecap.decoder.service.launcher import DirectFork, ForkServer
from framecap.decoder.service.settings import DecoderSettings
from support.decoder import program
from support.decoder.jobs import COMMAND, job, source

TEXTS = ("hang", "flood 100000")
IDLE = 2
SETTINGS = DecoderSettings(idle_decoders=IDLE)


async def main(direct: DirectFork | None) -> None:
    launcher = direct or await ForkServer.start(SETTINGS, command=COMMAND)
    print(launcher.pid, flush=True)
    async with contextlib.AsyncExitStack() as stack:
        for text in TEXTS:
            with source(text) as descriptor:
                decoder = await stack.enter_async_context(await launcher.launch(descriptor))
            await decoder.send(job())
            await anext(decoder.messages())
            print(decoder.pid, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(
        main(DirectFork(partial(serve_forked, run=program.run)) if "direct" in sys.argv else None)
    )
