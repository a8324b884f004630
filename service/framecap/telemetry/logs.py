"""Log lines: one JSON object each, on standard error.

Every line that a call causes contains its `call_id`, in any module.
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
"""The ID of the call that the current task serves; empty outside calls."""


class LogLevel(Enum):
    """The least severity that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """The settings of logs."""

    log_level: LogLevel = LogLevel.INFO
    """The least severity that is logged."""


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON.

    Facts passed as `extra={"facts": {…}}` become members of the object.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line, without a line break."""
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
