"""The process of a library: reads jobs, a line of JSON each, and answers each with a line.

python -m bench.speed.peers.worker MODULE
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.speed.peers import pillow


def main() -> None:
    """Works until its input ends."""
    answers = os.fdopen(os.dup(1), "w")
    # What libraries print must not be taken for an answer.
    os.dup2(2, 1)
    peer = importlib.import_module(f"bench.speed.peers.{sys.argv[1]}_peer")
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(peer, json.loads(line))), file=answers, flush=True)


def answer(peer: Any, job: dict[str, Any]) -> dict[str, object]:
    """Does a job; returns how many pictures or changes it gave, or why none."""
    try:
        if "skip" in job:
            return {"error": None, "count": peer.changes(job["path"], job["skip"])}
        count = 0
        for count, picture in enumerate(peer.pictures(job["path"], job["instants"]), 1):
            target = Path(job["into"], f"{count:06d}.jpg")
            pillow.write(picture, target, tuple(job["size"]), crop=job["crop"])
        return {"error": None, "count": count}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300], "count": 0}


if __name__ == "__main__":
    main()
