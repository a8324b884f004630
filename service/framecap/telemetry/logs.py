"""Log lines: one JSON object each, on standard error.

Every line that a call causes names it by `call_id`, whichever module writes it.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final, TextIO

CALL_ID: Final[ContextVar[str]] = ContextVar("call_id", default="")
"""The call that the current task works for; empty outside calls."""


class LogLevel(Enum):
    """The least severity that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is logged."""

    log_level: LogLevel = LogLevel.INFO
    """The least severity that is written."""


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON.

    Facts passed as `extra={"facts": {…}}` become members of their own.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line, without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if call_id := CALL_ID.get():
            line["call_id"] = call_id
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


def configure_logs(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Sends all log records of this process to `stream`, standard error by default."""
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=settings.log_level.value.upper(), force=True)
