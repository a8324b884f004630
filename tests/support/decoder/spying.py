"""A fork server whose decoders capture as always, then write down what they loaded for that."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

# Isolated interpreters do not look beside the script.
sys.path.append(str(Path(__file__).parents[2]))

from framecap.decoder.child import fork_server


def run(sock: socket.socket, source_fd: int | None) -> NoReturn:
    """Captures; the names of modules loaded meanwhile go behind the end of the source."""
    worker = sys.modules["framecap.decoder.child.worker"]
    loaded = set(sys.modules)
    assert source_fd is not None
    end = os.fstat(source_fd).st_size
    worker.work(sock, source_fd)
    os.pwrite(source_fd, " ".join(["-", *set(sys.modules) - loaded]).encode(), end)
    os._exit(0)


if __name__ == "__main__":
    fork_server.main(sys.argv[1:], run)
