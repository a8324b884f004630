"""The decoders of a fork server: those that capture, and idle ones that were forked ahead.

An idle decoder is confined, and waits on a socket of its own for the descriptors of a capture. It
runs that one capture and ends. Until then all idle decoders are in the same state.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from framecap.decoder.wire import control
from framecap.timebase import NANOSECONDS_PER_SECOND

REST_S: Final = 1.0
"""Seconds to pause forking ahead after an idle decoder died or could not be forked."""


class Become(Protocol):
    """Turns a forked process into a decoder."""

    def at_work(self, descriptors: tuple[int, ...], parent: int) -> NoReturn:
        """Captures; the descriptors are the socket to the service, and a local source's."""

    def idle(self, waiting: int, parent: int) -> NoReturn:
        """Waits on a socket for the descriptors, then captures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A decoder."""

    pid: int
    """Its process id."""

    pidfd: int
    """Its pidfd, which the fork server holds until the process has ended."""

    number: int | None
    """The number of its request; None while idle."""

    waiting: socket.socket | None = None
    """The fork server's end of the socket on which an idle decoder waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A decoder that has ended."""

    child: Child
    """The decoder."""

    status: int
    """Its wait status."""

    cpu: int
    """Its CPU time from its fork on, in nanoseconds, with that of processes that it waited for."""


class Children:
    """Forks decoders and keeps track of them until they end.

    Args:
        become: Turns a forked process into a decoder.
        idle: The number of idle decoders to keep forked ahead.
    """

    def __init__(self, become: Become, idle: int) -> None:
        self._become = become
        self._wanted = idle
        self._all: dict[int, Child] = {}
        self._idle: deque[int] = deque()
        self._rest_until = 0.0

    def __iter__(self) -> Iterator[int]:
        """Yields the pidfds of all decoders."""
        return iter(self._all)

    def start(self, number: int, descriptors: tuple[int, ...]) -> Child:
        """Returns a decoder that captures with copies of the descriptors.

        Raises:
            OSError: The fork failed.
        """
        while self._idle:
            child = self._all[self._idle.popleft()]
            assert child.waiting is not None
            try:
                control.send(child.waiting, b"go", descriptors)
            except OSError:
                # It has just died; its exit is reported later.
                signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
                continue
            child.waiting.close()
            started = Child(pid=child.pid, pidfd=child.pidfd, number=number)
            self._all[child.pidfd] = started
            return started
        return self._fork(
            lambda parent: self._become.at_work(descriptors, parent), number=number, waiting=None
        )

    def ahead_in_ms(self) -> int | None:
        """Returns the time until the next fork ahead; None while there are enough idle decoders."""
        if len(self._idle) >= self._wanted:
            return None
        return max(0, round((self._rest_until - time.monotonic()) * 1000))

    def fork_ahead(self) -> None:
        """Forks an idle decoder; if that fails, the next attempt follows after a pause."""
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError:
            self._rest()
            return
        with theirs:
            try:
                child = self._fork(
                    lambda parent: self._become.idle(theirs.fileno(), parent),
                    number=None,
                    waiting=ours,
                )
            except OSError:
                ours.close()
                self._rest()
                return
        self._idle.append(child.pidfd)

    def reap(self, pidfd: int) -> Ended | None:
        """Returns a decoder that has ended; None if it has not."""
        child = self._all[pidfd]
        if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        _kill_group(child)
        _, status, used = os.wait4(child.pid, 0)
        del self._all[pidfd]
        os.close(pidfd)
        if child.waiting is not None:
            child.waiting.close()
            with suppress(ValueError):
                self._idle.remove(pidfd)
            # The cause may kill the next one too, so a pause limits how often that happens.
            self._rest()
        cpu = round((used.ru_utime + used.ru_stime) * NANOSECONDS_PER_SECOND)
        return Ended(child=child, status=status, cpu=cpu)

    def end(self) -> None:
        """Kills all decoders, waits for their exits and closes all descriptors."""
        for pidfd in self._all:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        for child in self._all.values():
            _kill_group(child)
            os.waitpid(child.pid, 0)
            os.close(child.pidfd)
            if child.waiting is not None:
                child.waiting.close()
        self._all.clear()
        self._idle.clear()

    def _rest(self) -> None:
        self._rest_until = time.monotonic() + REST_S

    def _fork(
        self,
        become: Callable[[int], NoReturn],
        *,
        number: int | None,
        waiting: socket.socket | None,
    ) -> Child:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            become(parent)
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            # The child is not reaped yet, so its process id is not reused.
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        child = Child(pid=pid, pidfd=pidfd, number=number, waiting=waiting)
        self._all[pidfd] = child
        return child


def _kill_group(child: Child) -> None:
    """Kills what a decoder has forked; call it before the decoder is reaped.

    Until then its process id, which is that of its process group too, is not reused. A process that
    left the group is not found.
    """
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
