"""The program on the page of tasks does what it says."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from api.tasks.conftest import RunTasks
from framecap.v1 import event_pb2
from support.tasks.engines import PLANNED, PROBED, end, write
from support.tasks.engines import take as take_task

PAGE = Path(__file__).parents[3] / "docs/tasks.md"


async def test_the_program_creates_a_task_and_watches_it(
    run_tasks: RunTasks, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    async with run_tasks() as (service, engine, _):
        assert program.count("127.0.0.1:50051") == 1
        text = program.replace("127.0.0.1:50051", service.address)
        client = asyncio.create_task(
            asyncio.to_thread(exec, compile(text, str(PAGE), "exec"), {"__name__": "page"})
        )
        while not (await engine.list("anonymous")).tasks:
            await engine.wait_for_work()
        lease = await take_task(engine)
        frame = event_pb2.FrameCaptured(index=1, uri="s3://shots/trip/1.jpg")
        await write(lease, PROBED, PLANNED, frame)
        await end(lease)
        await client
    assert capsys.readouterr().out == "1 s3://shots/trip/1.jpg\n3 images, status 0\n"
