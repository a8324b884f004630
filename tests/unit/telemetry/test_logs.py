"""Log lines."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from framecap.telemetry.logs import CALL_ID, LogLevel, LogSettings, configure_logs

logger = logging.getLogger("framecap.test")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, at level info."""
    root = logging.getLogger()
    handlers, level = root.handlers.copy(), root.level
    stream = io.StringIO()
    # Not removed but left aside: `configure_logs` would close pytest's own.
    root.handlers.clear()
    try:
        configure_logs(LogSettings(log_level=LogLevel.INFO), stream)
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def read(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object(lines: io.StringIO) -> None:
    logger.info("a sentence\nof %d lines, ü\u2028", 2, extra={"facts": {"answer": 42}})
    (line,) = read(lines)
    assert line["message"] == "a sentence\nof 2 lines, ü\u2028"
    assert (line["level"], line["logger"], line["answer"]) == ("info", "framecap.test", 42)
    assert line["time"].endswith("+00:00")
    assert "call_id" not in line
    assert lines.getvalue().isascii()


def test_a_line_names_the_call_it_belongs_to(lines: io.StringIO) -> None:
    token = CALL_ID.set("the call")
    logger.info("within")
    CALL_ID.reset(token)
    logger.info("outside")
    assert [line.get("call_id") for line in read(lines)] == ["the call", None]


def test_a_traceback_stays_on_its_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        logger.warning("it failed", exc_info=True)
    (line,) = read(lines)
    assert "Traceback" in line["exception"]
    assert line["exception"].endswith("ValueError: broken")


def test_what_is_below_the_level_is_not_written(lines: io.StringIO) -> None:
    logger.debug("too fine")
    assert lines.getvalue() == ""
