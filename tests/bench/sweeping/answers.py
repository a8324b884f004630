"""Has framecap answer requests, in a process that may crash or hang."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

OURS: Final = Path(__file__).with_name("ours.py")

Answers = dict[str, dict[str, Any] | None]
"""By the name of the request; None where there is no answer."""


def collect(
    path: Path,
    requests: Mapping[str, str],
    images: Path,
    *,
    timeout: float,
    through: str,
    threads: int | None,
    program: Path = OURS,
) -> Answers:
    """Returns the answers that came before the process ended.

    Args:
        path: The source.
        requests: By name.
        images: The folder for full-size images.
        timeout: In seconds, for all of them.
        through: `process` or `command`.
        threads: Of one capture; None for one per processor.
        program: What answers.
    """
    command = [sys.executable, str(program), str(path), str(images), "--through", through]
    command += [] if threads is None else ["--threads", str(threads)]
    lines = "".join(f"{name} {request}\n" for name, request in requests.items())
    # Into a file: an answer that is cut off does not take those before it along.
    answers: Answers = dict.fromkeys(requests)
    with (images / "answers").open("w+") as output:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                command,
                input=lines,
                stdout=output,
                stderr=subprocess.DEVNULL,
                text=True,
                timeout=timeout,
            )
        output.seek(0)
        for line in output:
            if line.endswith("\n"):
                answer = json.loads(line)
                answers[answer.pop("name")] = answer
    return answers
