"""Runs command lines in forks of one process that has loaded the commands and the decoder already.

Each is a process of its own, with its own exit status, without the second that loading takes.
A request is a line of JSON; the answer is the exit status.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from typing import Any

from framecap.cli.main import main
from framecap.decoder.child.fork_server import PRELOAD


def serve() -> None:
    """Answers until there are no more requests."""
    # Threads do not survive a fork.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    for name in (*(f"framecap.cli.{name}" for name in ("capture", "explain", "probe")), *PRELOAD):
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            become(json.loads(line))
            main()
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become(request: dict[str, Any]) -> None:
    """Makes this process one that a shell has just started."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)


if __name__ == "__main__":
    serve()
