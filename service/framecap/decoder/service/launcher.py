"""Starts decoders, through a fork server program or through a fork of this process."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Final, NoReturn, Protocol, Self

from framecap.decoder.service import exits
from framecap.decoder.service.fork_server_link import (
    ForkRefused,
    ForkServerLink,
    ServerGone,
    ServerUnusable,
)
from framecap.decoder.service.process import Decoder
from framecap.decoder.service.settings import DecoderSettings
from framecap.decoder.wire.control import SENTENCES

SOCKET_BUFFER_BYTES: Final = 256 * 1024
"""The bytes that a decoder may send ahead of the service; most images fit whole.

The kernel doubles it for its bookkeeping, and may allow less.
"""

COMMAND: Final = (sys.executable, "-I", "-m", "framecap.decoder.child.fork_server")

logger = logging.getLogger(__name__)


class StartRefused(Exception):
    """An installed selection cannot be loaded; the message names it and the reason."""


class Launcher(Protocol):
    """Starts decoders."""

    @property
    def selections(self) -> frozenset[str]:
        """The names of the installed selections that its decoders have loaded."""

    async def launch(self, source_fd: int | None = None) -> Decoder:
        """Returns a new decoder; enter its context at once: the context owns the process.

        Args:
            source_fd: A descriptor of a local source, open for reading; the caller keeps it and
                may close it when this returns. None when the decoder reads the source through
                the service.

        Raises:
            DecoderLost: No decoder could be started, for now.
        """

    async def close(self) -> None:
        """Ends all decoders and the process that forks them."""


class ForkServer:
    """Starts decoders through the fork server program; create it with `start`.

    The program inherits no environment and no descriptors of this process. When it dies, the
    decoders die with it, and the next launch starts it again.
    """

    def __init__(self, settings: DecoderSettings, command: Sequence[str]) -> None:
        self._settings = settings
        self._command = command
        self._names = sorted(settings.selections)
        self._link: ForkServerLink | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    @classmethod
    async def start(
        cls,
        settings: DecoderSettings | None = None,
        *,
        command: Sequence[str] | None = None,
    ) -> Self:
        """Returns a launcher whose program is ready.

        Args:
            settings: The limits of decoders.
            command: The program; None for `COMMAND`. The number of its control socket, the number
                of idle decoders and the names of installed selections are appended.

        Raises:
            StartRefused: An installed selection cannot be loaded, or ends the program.
            ServerGone: The program ended at once, without selections; it wrote the reason to
                standard error.
        """
        launcher = cls(settings or DecoderSettings(), command or COMMAND)
        try:
            await launcher._connected()
        except ServerUnusable as error:
            name = launcher._names[error.position]
            raise StartRefused(f"{name} {SENTENCES[error.fault]}") from error
        except ServerGone as error:
            if not launcher._names:
                raise
            names = ", ".join(launcher._names)
            raise StartRefused(
                f"the process that loads {names} ended at once, so one of them ends or crashes it "
                "when it is imported; enable them one by one to find it"
            ) from error
        return launcher

    @property
    def selections(self) -> frozenset[str]:
        """The names of the installed selections that its decoders have loaded."""
        return self._settings.selections

    @property
    def alive(self) -> int:
        """The number of running decoders."""
        return self._link.alive if self._link is not None else 0

    @property
    def pid(self) -> int | None:
        """The program's process id; None while it does not run."""
        return self._link.pid if self._link is not None and self._link.connected else None

    async def launch(self, source_fd: int | None = None) -> Decoder:
        """Returns a new decoder; see `Launcher`."""
        for _ in range(2):
            try:
                return await _launch(await self._connected(), source_fd, self._settings)
            except ServerGone:
                logger.warning("the fork server ended by itself")
        raise exits.lost()

    async def close(self) -> None:
        """Ends all decoders and the program."""
        self._closed = True
        async with self._starting:
            if self._link is not None:
                await self._link.close()

    async def _connected(self) -> ForkServerLink:
        """Returns the link to a running program; starts one if there is none."""
        async with self._starting:
            if self._closed:
                raise exits.lost()
            if self._link is None or not self._link.connected:
                if self._link is not None:
                    await self._link.close()
                self._link = _execute(
                    self._command, [str(self._settings.idle_decoders), *self._names]
                )
                try:
                    await self._link.ready()
                except BaseException:
                    await self._link.close()
                    raise
            return self._link


class DirectFork:
    """Starts decoders from a fork of this process, for a command that captures once.

    Create it early, before the process has threads, and preferably before it has an event loop: the
    fork loads the decoders' modules while this process continues.

    Args:
        serve: Runs the fork server in the fork, on the control socket of the given number and with
            the given installed selections: `decoder/child/forked_server.py: serve_forked`.
        settings: The limits of decoders.
    """

    def __init__(
        self,
        serve: Callable[[int, Sequence[str]], NoReturn],
        settings: DecoderSettings | None = None,
    ) -> None:
        self._settings = settings or DecoderSettings()
        self._sock, theirs = _control_pair()
        self._link: ForkServerLink | None = None
        # Until the child has reset its handlers, a signal would run this process's handlers there.
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid: Final = os.fork()
            """The fork's process id."""
            if self.pid == 0:
                serve(theirs.fileno(), sorted(self._settings.selections))
        except OSError:
            self._sock.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)
            theirs.close()

    @property
    def selections(self) -> frozenset[str]:
        """The names of the installed selections that its decoders have loaded."""
        return self._settings.selections

    @property
    def alive(self) -> int:
        """The number of running decoders."""
        return self._link.alive if self._link is not None else 0

    async def launch(self, source_fd: int | None = None) -> Decoder:
        """Returns a new decoder; see `Launcher`."""
        try:
            return await _launch(self._connected(), source_fd, self._settings)
        except ServerGone as error:
            raise exits.lost() from error

    async def close(self) -> None:
        """Ends all decoders and the fork."""
        await self._connected().close()

    def _connected(self) -> ForkServerLink:
        if self._link is None:
            reap = functools.partial(os.waitpid, self.pid, 0)
            self._link = ForkServerLink(self._sock, self.pid, reap)
        return self._link


async def _launch(
    link: ForkServerLink, source_fd: int | None, settings: DecoderSettings
) -> Decoder:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
        passed = [theirs.fileno()] if source_fd is None else [theirs.fileno(), source_fd]
        forked = await link.fork(passed)
    except BaseException as error:
        ours.close()
        if isinstance(error, ForkRefused):
            logger.warning("no decoder could be started: %s", error)
            raise exits.lost() from error
        raise
    finally:
        theirs.close()
    return Decoder(
        sock=ours, pid=forked.pid, pidfd=forked.pidfd, exited=forked.exited, settings=settings
    )


def _execute(command: Sequence[str], arguments: Sequence[str]) -> ForkServerLink:
    """Executes the program with the number of its control socket and the arguments after it."""
    ours, theirs = _control_pair()
    descriptor = theirs.fileno()
    try:
        with theirs:
            process = subprocess.Popen(
                [*command, str(descriptor), *arguments],
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(descriptor,),
                # The terminal's Ctrl-C must stop only the service, which then ends its captures.
                start_new_session=True,
            )
    except BaseException:
        ours.close()
        raise
    return ForkServerLink(ours, process.pid, process.wait)


def _control_pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
