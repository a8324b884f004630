"""Real command lines on a real clip."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch

import pytest

from clips import make_clip
from framecap.cli.main import run

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


@pytest.fixture
def framecap(
    tmp_path: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command line in a directory of its own, in this process, which is quicker."""
    monkeypatch.chdir(tmp_path)

    def execute(*arguments: str | Path, **variables: str) -> Done:
        with patch.dict(os.environ, {**environment, **variables}, clear=True):
            status = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Done(int(status), captured.out, captured.err)

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
