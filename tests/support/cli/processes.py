"""Which processes there are."""

from __future__ import annotations

import os
from pathlib import Path


def with_argument(text: str) -> list[str]:
    """Returns the command lines, of any process, that have `text` in them."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and int(entry) != os.getpid():
            try:
                words = Path("/proc", entry, "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if text in words:
                found.append(words)
    return found
