"""The container image's recipe, as far as it can be judged without building it."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

from framecap.config import load
from support.served import command

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "deploy/Dockerfile"


def test_the_recipe_passes_lint() -> None:
    linted = subprocess.run(
        (command("hadolint"), "--failure-threshold", "style", RECIPE),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_what_the_recipe_sets_is_a_setting() -> None:
    given = dict(re.findall(r"(FRAMECAP_[A-Z_]+)=(\S+)", RECIPE.read_text()))
    assert load(given).server.data == Path("/var/lib/framecap")


def test_the_image_is_built_from_sources_alone() -> None:
    lines = Path(ROOT, "deploy/Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    assert kept == {"LICENSE", "README.md", "ext", "proto", "pyproject.toml", "service", "setup.py"}
    left_out = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    for built in ("resample.cpython-311-x86_64-linux-gnu.so", "event_pb2.py", "__pycache__"):
        assert any(fnmatch(built, rule) for rule in left_out)
