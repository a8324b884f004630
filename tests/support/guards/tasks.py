"""Fails an asynchronous test that leaves tasks behind."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

GRACE_S = 2.0

GUARD = "no_leaked_tasks"
OUTER_GUARD = "nothing_left_by_the_test"


@pytest_asyncio.fixture
async def no_leaked_tasks() -> AsyncGenerator[None, None]:
    """Compares the loop's tasks before and after the test with its fixtures."""
    before = asyncio.all_tasks()
    yield
    give_up = time.monotonic() + GRACE_S
    while leaked := asyncio.all_tasks() - before - {asyncio.current_task()}:
        if time.monotonic() > give_up:
            names = "\n".join(sorted(map(repr, leaked)))
            for task in leaked:
                task.cancel()
            pytest.fail(f"tasks were left behind:\n{names}", pytrace=False)
        await asyncio.sleep(0.005)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Has asynchronous tests use the guard.

    It comes before the test's other fixtures, so that it ends after them, but after the guard of
    leaks, which is to find the event loop closed.
    """
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            names = item.fixturenames
            names.insert(names.index(OUTER_GUARD) + 1, GUARD)
