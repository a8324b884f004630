"""A fork server whose decoders run the pipelines of `pipelines`."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

# Isolated interpreters do not look beside the script.
sys.path.append(str(Path(__file__).parents[2]))

from framecap.decoder.child import fork_server, worker
from support.decoder import pipelines

run = functools.partial(worker.run, pipeline=pipelines.run)

if __name__ == "__main__":
    os.environ["LC_CTYPE"] = "C.UTF-8"
    fork_server.main(sys.argv[1:], run)
