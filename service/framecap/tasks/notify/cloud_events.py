"""Headers of messages as CloudEvents 1.0 over HTTP, binary mode."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from framecap.tasks.notify.message import Message
from framecap.tasks.notify.rfc3339 import rfc3339

CONTENT_TYPE: Final = "application/json"

# Visible ASCII but for quotes and the percent sign, as the HTTP binding has it.
_UNESCAPED: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def event_headers(message: Message) -> dict[str, str]:
    """Returns the headers that describe a message."""
    attributes = {
        "specversion": "1.0",
        "id": message.event_id,
        "source": message.source,
        "type": message.type,
        "subject": message.subject,
        "time": rfc3339(message.time),
    }
    return {
        "Content-Type": CONTENT_TYPE,
        **{f"ce-{name}": quote(value, safe=_UNESCAPED) for name, value in attributes.items()},
    }
