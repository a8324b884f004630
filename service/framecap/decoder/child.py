"""What happens in a decoder process between the fork and the work."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, NoReturn

from framecap.decoder import confine, worker
from framecap.decoder.confine import DECODER_STEPS, Confinement

if TYPE_CHECKING:
    from framecap.decoder.forkserver import Run


def become(run: Run | None, sock_fd: int, source_fd: int | None, parent: int) -> NoReturn:
    """Confines this process and has it work; ends it, whatever happens.

    Args:
        run: What to run; the worker when None.
        sock_fd: The socket to the service.
        source_fd: The source, where it is local.
        parent: The process that forked this one.
    """
    try:
        keep = (sock_fd,) if source_fd is None else (sock_fd, source_fd)
        sock = socket.socket(fileno=sock_fd)
        try:
            confine.confine(Confinement(parent=parent, keep=keep), DECODER_STEPS)
        except confine.ConfinementError as error:
            worker.tell_fault(sock, error)
        else:
            (run or worker.run)(sock, source_fd)
    finally:
        os._exit(1)
