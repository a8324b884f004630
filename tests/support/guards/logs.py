"""Fails a test during which something was logged as an error, unless the test expects it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator

import pytest

Factory = Callable[..., logging.LogRecord]

seen = pytest.StashKey[list[str]]()
replaced = pytest.StashKey[Factory]()


def pytest_configure(config: pytest.Config) -> None:
    """Notes every error where records are made: no logger's configuration can hide one.

    Only its words are kept. A record holds a traceback, and that whatever its frames held.
    """
    messages = config.stash[seen] = []
    make = config.stash[replaced] = logging.getLogRecordFactory()

    def noting(*args: object, **kwargs: object) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if record.levelno >= logging.ERROR:
            messages.append(f"{record.name}: {record.getMessage()}")
        return record

    logging.setLogRecordFactory(noting)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Restores the factory."""
    logging.setLogRecordFactory(config.stash[replaced])


@pytest.fixture
def expected_errors() -> list[str]:
    """Patterns for `re.search`; each must be logged by the test, and no other error may be."""
    return []


@pytest.fixture(autouse=True)
def no_unexpected_errors(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config, expected_errors: list[str]
) -> Generator[None, None, None]:
    """Judges the errors logged since the last test."""
    yield
    messages = pytestconfig.stash[seen].copy()
    pytestconfig.stash[seen].clear()
    surplus = [m for m in messages if not any(re.search(p, m) for p in expected_errors)]
    if surplus:
        pytest.fail("errors were logged:\n" + "\n".join(surplus), pytrace=False)
    absent = [p for p in expected_errors if not any(re.search(p, m) for m in messages)]
    if absent:
        pytest.fail(f"expected errors were not logged: {absent}", pytrace=False)
