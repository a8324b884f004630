"""Sets the objects of the collected suite aside, so that no garbage collection traverses them.

They are some millions, and live to the end. Collections are frequent: the leak guard collects
after each test that leaves anything for a moment, and tests of memory look at all objects.
"""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Freezes all objects there are once the tests are collected, before the first one runs."""
    gc.collect()
    gc.freeze()
