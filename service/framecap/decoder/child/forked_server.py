"""A fork server in a fork of a command, which shares the modules that the command has loaded."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from framecap.decoder.child.fork_server import Run, load, run_server


def serve_forked(
    descriptor: int, selections: Sequence[str] = (), *, run: Run | None = None
) -> NoReturn:
    """Runs the fork server in a process that was forked, not executed; never returns.

    Args:
        descriptor: The control socket.
        selections: The names of the installed selections to load.
        run: The main function of a decoder; the worker's when None.
    """
    try:
        # Garbage of the parent may own descriptors: collecting it here would close ours by number.
        gc.freeze()
        os.setsid()
        run_server(descriptor, load(descriptor, run, 0, selections), 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    os._exit(1)
