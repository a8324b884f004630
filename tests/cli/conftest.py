"""Real command lines on a real clip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from support.clips import make_clip

COMMAND = (sys.executable, "-m", "framecap.cli.main")


@dataclass(frozen=True, slots=True)
class Done:
    """How a command line ended."""

    returncode: int
    stdout: str
    stderr: str


Run: TypeAlias = Callable[..., Done]


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, 50 frames, a keyframe and a new scene after the first."""
    path = tmp_path_factory.mktemp("cli") / "film.mp4"
    return make_clip(path, frames=50, rate=25, gop=25, scene=25)


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment without this project's variables."""
    return {name: text for name, text in os.environ.items() if not name.startswith("FRAMECAP_")}


@pytest.fixture(scope="session")
def preloaded() -> Iterator[subprocess.Popen[str]]:
    """The process whose forks `framecap` runs."""
    program = Path(__file__).parents[1] / "support" / "cli" / "preloaded.py"
    with subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


@pytest.fixture
def framecap(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    environment: dict[str, str],
    preloaded: subprocess.Popen[str],
) -> Run:
    """Runs a command line in a directory of its own, in a process that need load nothing."""
    assert preloaded.stdin and preloaded.stdout
    asked, answered = preloaded.stdin, preloaded.stdout
    pipes = tmp_path_factory.mktemp("pipes")
    stdout, stderr = pipes / "stdout", pipes / "stderr"

    def execute(*arguments: str | Path, **variables: str) -> Done:
        request = {
            "arguments": [str(argument) for argument in arguments],
            "folder": str(tmp_path),
            "environment": {**environment, **variables},
            "stdout": str(stdout),
            "stderr": str(stderr),
        }
        print(json.dumps(request), file=asked, flush=True)
        return Done(int(answered.readline()), stdout.read_text(), stderr.read_text())

    return execute


@pytest.fixture
def process(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Runs a command line as a shell does."""

    def execute(*arguments: str | Path, **variables: str) -> Done:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return execute
