"""Deals the tests out to the processes that run them, one for each processor.

The tests of a module stay together, so that what its fixtures make is made once; those about a
film of the corpus stay with all others about it, since each process decodes a film whole for
itself. What takes longest comes first, so that at the end no process waits long for another.
"""

from __future__ import annotations

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from oracles.corpus import LONG, VIDEOS

# A module about one film, whose tests' names do not tell.
_ABOUT: Final = {"media/test_bbb.py": "bbb_10min_320x184.ts"}

_LONGEST: Final = (
    "packaging/test_distribution.py",
    *LONG,
    "architecture/test_guards.py",
    "external/",
    "gateway/",
    "unit/decoder/",
    "unit/tasks/test_killed.py",
)


class Spread(LoadScopeScheduling):
    """Deals out whole units."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


def unit(nodeid: str) -> str:
    """Returns the name of what a test stays together with: its film, or its module."""
    module, _, name = nodeid.partition("::")
    for ending, film in _ABOUT.items():
        if module.endswith(ending):
            return film
    return next((film for film in VIDEOS if film in name), module)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what takes longest first; units are dealt out in the order of their first tests."""
    units = {item: unit(item.nodeid) for item in items}
    items.sort(
        key=lambda item: next(
            (rank for rank, part in enumerate(_LONGEST) if part in units[item]), len(_LONGEST)
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spread:
    """Has the tests dealt out by unit."""
    return Spread(config, log)
