"""What processes have used: seconds of processors, and memory at their peak, from /proc."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TICK: Final = os.sysconf("SC_CLK_TCK")
SAMPLE_S: Final = 0.01
GONE: Final = (FileNotFoundError, ProcessLookupError)


def children(pid: int) -> list[int]:
    """Returns the children of a process, of all its threads."""
    found: list[int] = []
    with contextlib.suppress(*GONE):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(*GONE):
                listed = Path(f"/proc/{pid}/task/{task}/children").read_text()
                found += map(int, listed.split())
    return found


def tree(pid: int) -> list[int]:
    """Returns a process and all that came from it and are still there."""
    found = [pid]
    for child in children(pid):
        found += tree(child)
    return found


def used(pid: int) -> float:
    """Returns the processor seconds of a process and its descendants, those that ended included."""
    ticks = 0
    for member in tree(pid):
        with contextlib.suppress(*GONE):
            # The command's name may hold spaces; it ends with the last parenthesis.
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICK


def peak_mb(pid: int) -> float:
    """Returns the most memory a process ever held, in MB; 0 when it is gone."""
    with contextlib.suppress(*GONE):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


class Peaks:
    """The largest peak among the grandchildren of a process, and what came from them."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self.mb = 0.0

    def look(self) -> None:
        """Looks once: a process that ended between two looks is missed for its last moments."""
        for child in children(self._pid):
            for grandchild in children(child):
                for member in tree(grandchild):
                    self.mb = max(self.mb, peak_mb(member))

    def keep_looking(self) -> None:
        """Looks until told to stop."""
        while not self._stop.wait(SAMPLE_S):
            self.look()

    def stop(self) -> None:
        """Ends the looking."""
        self._stop.set()


@contextlib.contextmanager
def peaks(pid: int) -> Iterator[Peaks]:
    """Watches the decoders of a service while the block runs."""
    watched = Peaks(pid)
    thread = threading.Thread(target=watched.keep_looking)
    thread.start()
    try:
        yield watched
    finally:
        watched.stop()
        thread.join()


def settle(seconds: float = 0.05) -> None:
    """Waits for what just ended to be counted where it belongs."""
    time.sleep(seconds)
