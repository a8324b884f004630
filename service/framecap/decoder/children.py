"""The decoders that a fork server has forked: those at work, and idle ones forked ahead.

An idle decoder is confined and waits for its capture's descriptors on a socket of its own. What it
was forked for is the one capture it is then given; nothing it did before differs from another's.
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

from framecap.decoder import control

REST_S: Final = 1.0
"""Seconds without forking ahead after an idle decoder died or could not be forked."""


class Become(Protocol):
    """What a child process does."""

    def at_work(self, descriptors: tuple[int, ...], parent: int) -> NoReturn:
        """Captures: the descriptors are the socket to the service, and the source if local."""

    def idle(self, waiting: int, parent: int) -> NoReturn:
        """Waits on a socket for the descriptors, then captures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A decoder."""

    pid: int
    """Its process."""

    pidfd: int
    """Its descriptor, which the fork server holds until the process has ended."""

    number: int | None
    """Its number, from its request; None while idle."""

    waiting: socket.socket | None = None
    """The fork server's end of what an idle one waits on."""


class Children:
    """Forks decoders and knows them until they have ended.

    Args:
        become: What a child does.
        idle: How many to have forked ahead.
    """

    def __init__(self, become: Become, idle: int) -> None:
        self._become = become
        self._wanted = idle
        self._all: dict[int, Child] = {}
        self._idle: deque[int] = deque()
        self._rest_until = 0.0

    def __iter__(self) -> Iterator[int]:
        """Yields the pidfds of all."""
        return iter(self._all)

    def start(self, number: int, descriptors: tuple[int, ...]) -> Child:
        """Returns a decoder that captures with copies of the descriptors.

        Raises:
            OSError: None could be forked.
        """
        while self._idle:
            child = self._all[self._idle.popleft()]
            assert child.waiting is not None
            try:
                control.send(child.waiting, b"go", descriptors)
            except OSError:
                # It has just died; its exit is still to be read.
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
        """Returns when the next idle decoder is due; None while there are enough."""
        if len(self._idle) >= self._wanted:
            return None
        return max(0, round((self._rest_until - time.monotonic()) * 1000))

    def fork_ahead(self) -> None:
        """Forks an idle decoder; tries again later where that fails."""
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

    def reap(self, pidfd: int) -> tuple[Child, int] | None:
        """Returns a child that has ended and its wait status; None when it has not."""
        child = self._all[pidfd]
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if pid == 0:
            return None
        del self._all[pidfd]
        os.close(pidfd)
        if child.waiting is not None:
            child.waiting.close()
            with suppress(ValueError):
                self._idle.remove(pidfd)
            # Whatever killed it may kill the next: not at once, and not again and again.
            self._rest()
        return child, status

    def end(self) -> None:
        """Kills all, waits for their end and closes everything."""
        for pidfd in self._all:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        for child in self._all.values():
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
            # Not reaped yet, so the number is still its own.
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        child = Child(pid=pid, pidfd=pidfd, number=number, waiting=waiting)
        self._all[pidfd] = child
        return child
