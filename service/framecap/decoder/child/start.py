"""The start of a decoder process: confinement, and the wait of an idle decoder."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from typing import Final, NoReturn, TypeAlias

from framecap.decoder.child import confine, memory, worker
from framecap.decoder.child.confine import DECODER_STEPS, Confinement, ConfinementError
from framecap.decoder.wire import control

Run: TypeAlias = Callable[[socket.socket, int | None], NoReturn]


class ChildProcess:
    """Turns a process that was just forked into a decoder; always ends the process.

    Args:
        run: The main function, called once the process is confined.
    """

    def __init__(self, run: Run) -> None:
        self._run: Final = run

    def at_work(self, descriptors: tuple[int, ...], parent: int) -> NoReturn:
        """Captures at once.

        Args:
            descriptors: The socket to the service, and the source if it is local.
            parent: The process that forked this one.
        """
        try:
            failure = _confined(Confinement(parent=parent, keep=descriptors))
            self._work(descriptors, failure)
        finally:
            os._exit(1)

    def idle(self, waiting: int, parent: int) -> NoReturn:
        """Waits for the descriptors, then captures.

        Args:
            waiting: The socket on which the descriptors arrive.
            parent: The process that forked this one.
        """
        try:
            failure = _confined(Confinement(parent=parent, keep=(waiting,)))
            with socket.socket(fileno=waiting) as sock:
                select.select([sock], [], [])
                packet = control.receive(sock)
            if packet.descriptors and packet.complete:
                self._work(packet.descriptors, failure)
        finally:
            os._exit(1)

    def _work(self, descriptors: tuple[int, ...], failure: ConfinementError | None) -> None:
        sock = socket.socket(fileno=descriptors[0])
        if failure is not None:
            worker.report_fault(sock, failure)
        else:
            self._run(sock, descriptors[1] if len(descriptors) > 1 else None)


def _confined(confinement: Confinement) -> ConfinementError | None:
    """Confines this process; returns the error if that failed."""
    try:
        confine.confine(confinement, DECODER_STEPS)
    except ConfinementError as error:
        return error
    memory.take_room()
    return None
