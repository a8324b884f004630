"""The contract in the eyes of buf, offline: what it imports is put beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.api import annotations_pb2

ROOT = Path(__file__).parents[2]
BUF = Path(sys.executable).with_name("buf")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of proto/ with google/api and google/rpc as a second module."""
    shutil.copytree(ROOT / "proto", tmp_path / "proto")
    config = Path(tmp_path, "proto/buf.yaml")
    text = config.read_text()
    config.unlink()
    google = Path(annotations_pb2.__file__).parents[1]
    for package in ("api", "rpc"):
        for source in sorted((google / package).glob("*.proto")):
            target = tmp_path / "vendor/google" / package / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    version, rest = text.split("\n", 1)
    modules = (
        "modules:\n  - path: proto\n    excludes: [proto/released]\n"
        "  - path: vendor\n    lint: {ignore: [vendor]}\n"
    )
    Path(tmp_path, "buf.yaml").write_text(
        f"{version}\n{modules}{rest}".replace("- framecap/", "- proto/framecap/")
    )
    return tmp_path


@pytest.fixture
def baseline(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The protos that were released, in a workspace of their own."""
    released = tmp_path_factory.mktemp("released")
    shutil.copytree(workspace / "vendor", released / "vendor")
    shutil.copytree(ROOT / "proto/released", released / "proto")
    Path(released, "buf.yaml").write_text(
        "version: v2\nmodules:\n  - path: proto\n  - path: vendor\n"
    )
    return released


def buf(*arguments: str, workspace: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BUF, *arguments], cwd=workspace, capture_output=True, text=True, check=False
    )


def test_the_contract_passes_lint(workspace: Path) -> None:
    linted = buf("lint", workspace=workspace)
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_the_contract_is_formatted(workspace: Path) -> None:
    formatted = buf("format", "--diff", "--exit-code", "proto", workspace=workspace)
    assert (formatted.returncode, formatted.stdout + formatted.stderr) == (0, "")


def test_a_planted_problem_is_found(workspace: Path) -> None:
    path = workspace / "proto/framecap/v1/capture.proto"
    path.write_text(path.read_text().replace("  SCALE_TYPE_FIT = 4;", "  FIT=4;"))
    linted = buf("lint", workspace=workspace)
    assert linted.returncode != 0
    assert "SCALE_TYPE_" in linted.stdout
    formatted = buf("format", "--diff", "--exit-code", "proto", workspace=workspace)
    assert formatted.returncode != 0
    assert "-  FIT=4;\n+  FIT = 4;" in formatted.stdout


def breaking(workspace: Path, baseline: Path) -> subprocess.CompletedProcess[str]:
    return buf("breaking", "--against", str(baseline), workspace=workspace)


def test_nothing_that_was_released_is_broken(workspace: Path, baseline: Path) -> None:
    compared = breaking(workspace, baseline)
    assert compared.stdout + compared.stderr == ""
    assert compared.returncode == 0
    assert [path.name for path in sorted(baseline.glob("proto/**/*.proto"))] == [
        path.name for path in sorted(Path(ROOT, "proto/framecap/v1").glob("*.proto"))
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("string call_id = 1;", "string call_name = 1;", "call_name"),
        ("string call_id = 1;", "string call_id = 31;", 'field "1"'),
        ("string call_id = 1;", "int32 call_id = 1;", "int32"),
    ],
)
def test_a_planted_break_is_found(
    workspace: Path, baseline: Path, old: str, new: str, says: str
) -> None:
    path = workspace / "proto/framecap/v1/event.proto"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    compared = breaking(workspace, baseline)
    assert compared.returncode != 0
    assert says in compared.stdout
