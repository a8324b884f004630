"""Real command lines on a real clip."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from clips import make_clip

COMMAND = (sys.executable, "-m", "framecap.cli.main")

Run: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]


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
def framecap(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Runs `framecap` in a directory of its own."""

    def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
