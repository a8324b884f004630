"""What holds for every test of the pipeline."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Daemon threads would not be missed by the guard of the suite."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
