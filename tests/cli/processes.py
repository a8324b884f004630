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


def of_group(group: int) -> list[int]:
    """Returns the processes of a process group, ended ones that wait for their parent left out."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                # After the command's name, which may hold anything: state, parent, group.
                state, _, theirs = (
                    Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()[:3]
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(theirs) == group and state != "Z":
                found.append(int(entry))
    return found
