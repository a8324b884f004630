"""Submissions by a process that may not write, until it may; prints what happened as JSON.

python -m support.tasks.confined FILE size|uid
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from framecap.errors import DataStoreUnavailable
from framecap.tasks.embedded.engine import EmbeddedEngine
from support.tasks.engines import MINE, PROBED, end, envelope, new_task, take, write

NOBODY = 65534
SIZE = 400_000
MOST = 2000


def limit_size(bound: int) -> None:
    """Sets the largest size of a file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (bound, resource.RLIM_INFINITY))


def take_away(path: Path) -> None:
    """Leaves the file to root, and goes on as another user; as a user, without the permission."""
    for each in path.parent.iterdir():
        each.chmod(0o400)
    path.parent.chmod(0o500)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


def give_back(path: Path) -> None:
    """Gives the file to the user who goes on."""
    if os.getuid() == 0:
        os.seteuid(0)
        for each in (path.parent, *path.parent.iterdir()):
            os.chown(each, NOBODY, NOBODY)
    path.parent.chmod(0o700)
    for each in path.parent.iterdir():
        each.chmod(0o600)
    if os.getuid() == 0:
        os.seteuid(NOBODY)


async def refused(engine: EmbeddedEngine) -> DataStoreUnavailable | None:
    """Submits until a submission is refused."""
    for _ in range(MOST):
        try:
            await engine.submit(new_task(user_data="x" * 500))
        except DataStoreUnavailable as error:
            return error
    return None


async def count(engine: EmbeddedEngine) -> int:
    """Returns the number of tasks."""
    total, token = 0, ""
    while True:
        page = await engine.list(MINE, page_size=1000, page_token=token)
        total += len(page.tasks)
        if not (token := page.next_page_token):
            return total


async def causes(engine: EmbeddedEngine) -> list[str]:
    """Returns the causes of three refusals."""
    errors = [await refused(engine) for _ in range(3)]
    return ["none" if error is None else error.metadata["cause"] for error in errors]


async def by_size(path: Path) -> dict[str, Any]:
    """Works while no file may grow, with a lease that was taken before."""
    engine = EmbeddedEngine(path, envelope=envelope)
    await engine.submit(new_task())
    lease = await take(engine)
    limit_size(SIZE)
    seen: dict[str, Any] = {"causes": await causes(engine)}
    limit_size(resource.RLIM_INFINITY)
    seen |= {"before": await count(engine), "held": lease.held}
    await write(lease, PROBED)
    await end(lease)
    await engine.submit(new_task())
    seen["after"] = await count(engine)
    await engine.close()
    return seen


async def by_user(path: Path) -> dict[str, Any]:
    """Works while the file is another user's."""
    first = EmbeddedEngine(path, envelope=envelope)
    await first.submit(new_task())
    # An open file stays open, whose ever it becomes.
    await first.close()
    engine = EmbeddedEngine(path, envelope=envelope)
    take_away(path)
    seen: dict[str, Any] = {"causes": await causes(engine)}
    give_back(path)
    seen["before"] = await count(engine)
    await engine.submit(new_task())
    seen["after"] = await count(engine)
    await engine.close()
    return seen


if __name__ == "__main__":
    work = {"size": by_size, "uid": by_user}[sys.argv[2]]
    print(json.dumps(asyncio.run(work(Path(sys.argv[1])))))
