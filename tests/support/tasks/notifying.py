"""Delivers the notifications of a store to a file, and kills itself around one durable write.

python -m support.tasks.notifying FILE DATA before|after NUMBER
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from framecap.tasks.embedded.writes import DurableWrite
from framecap.tasks.notify.notifier import open_notifier
from framecap.tasks.notify.topics import Topics
from support.tasks.outbox import QUICK, SOON, Meter, emptied, open_engine
from support.tasks.scenario import Kill

ONE_AT_A_TIME = replace(QUICK, concurrent=1)


async def main(path: str, data: str, point: str, number: str) -> None:
    """Delivers until the kill."""
    faults = Kill(DurableWrite.NOTIFICATION_DELIVERED, point == "before", int(number))
    async with (
        open_engine(Path(path), faults, SOON) as engine,
        open_notifier(engine, Topics(), Path(data), Meter(), ONE_AT_A_TIME),
    ):
        await emptied(engine)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
