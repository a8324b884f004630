"""Fails a test that leaves descriptors, processes or threads behind.

What a fixture of wider scope owns is there before the test and after it, so it does not count;
it is judged once, when the session ends.
"""

from __future__ import annotations

import gc
import os
import re
import threading
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import pytest

# How long closing may take that goes on in another thread, as gRPC's does.
GRACE_S = 5.0

# Opened once by libraries, on first use, for as long as the process lives.
LIBRARY_DESCRIPTORS = re.compile(
    r"anon_inode:\[(eventpoll|eventfd)\]"
    r"|/(dev|proc|sys|etc|usr)/.*"
    r"|.*\.(so(\.[0-9.]+)?|py|pyc|mo|ttf|pem)"
)

Leaks = dict[str, str]


def descriptors() -> Leaks:
    """Returns the open descriptors, by what they are open on."""
    found = {}
    for entry in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{entry}")
        except FileNotFoundError:  # The listing's own descriptor.
            continue
        if not LIBRARY_DESCRIPTORS.fullmatch(target):
            found[f"descriptor {entry} {target}"] = target
    return found


def children() -> Leaks:
    """Returns the child processes, ended ones that nobody waited for included."""
    found = {}
    for listing in Path("/proc/self/task").glob("*/children"):
        try:
            pids = listing.read_text().split()
        except OSError:  # The thread has ended.
            continue
        for pid in pids:
            try:
                words = Path("/proc", pid, "cmdline").read_bytes().replace(b"\0", b" ").decode()
                name, _, state = Path("/proc", pid, "stat").read_text().rpartition(") ")
            except OSError:
                continue
            if state.startswith("Z"):
                words = "ended, not waited for"
            # One that is just becoming another program has a name before it has words.
            found[f"process {pid}"] = words or name.partition(" (")[2]
    return found


def threads() -> Leaks:
    """Returns the threads that would keep the interpreter from ending."""
    return {f"thread {t.ident}": t.name for t in threading.enumerate() if not t.daemon}


KINDS: tuple[Callable[[], Leaks], ...] = (descriptors, children, threads)


def snapshot() -> Leaks:
    """Returns everything that can be left behind."""
    return {key: value for kind in KINDS for key, value in kind().items()}


def leaked_since(before: Mapping[str, str]) -> list[str]:
    """Returns what is there now and was not before, once there was time to close it."""
    give_up = time.monotonic() + GRACE_S
    while new := {key: value for key, value in snapshot().items() if key not in before}:
        # Waits for a traceback's frames too: pytest.raises keeps them in a cycle.
        gc.collect()
        if time.monotonic() > give_up:
            break
        time.sleep(0.01)
    return [f"{key}: {value}" for key, value in sorted(new.items())]


def judge(before: Mapping[str, str]) -> None:
    """Fails when something was left behind."""
    if leaked := leaked_since(before):
        pytest.fail("left behind:\n" + "\n".join(leaked), pytrace=False)


@pytest.fixture(autouse=True, scope="session")
def nothing_left_by_the_session() -> Generator[None, None, None]:
    """Judges what the fixtures of wider scope left."""
    before = snapshot()
    yield
    judge(before)


@pytest.fixture(autouse=True)
def nothing_left_by_the_test() -> Generator[None, None, None]:
    """Judges what a test and its own fixtures left."""
    before = snapshot()
    yield
    judge(before)
