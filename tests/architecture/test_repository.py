"""What is in version control, and what is not.

In a tree that is no checkout (an unpacked archive), the files judged are those that would be
committed from it.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

GENERATED = re.compile(
    r"_pb2(_grpc)?\.pyi?$"
    r"|^ext/.*\.(c|html)$"
    r"|\.(so|pyc|egg-info|whl|gz|mp4|mkv|webm|mov|ts|jpe?g|db)$"
    r"|(^|/)(build|dist|node_modules|__pycache__|htmlcov|\.[a-z]+_cache|\.hypothesis)/"
    r"|(^|/)\.coverage"
)
MACHINE = re.compile(rb"(?<![\w.])/(home|root|Users|work|farm|workspace)/")
LARGEST = 400_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    where = ["-c", "safe.directory=*", "-C", str(ROOT)]
    if Path(ROOT, ".git").exists():
        return _git(*where, "ls-files", "-z")
    empty = tmp_path_factory.mktemp("git")
    _git("init", "--quiet", "--bare", str(empty))
    where += [f"--git-dir={empty}", f"--work-tree={ROOT}"]
    return _git(*where, "ls-files", "-z", "--others", "--exclude-standard")


def _git(*arguments: str) -> list[str]:
    ran = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return [name for name in ran.stdout.split("\0") if name]


def generated(files: Sequence[str]) -> list[str]:
    return [name for name in files if GENERATED.search(name)]


@pytest.mark.external("git")
def test_nothing_generated_is_tracked(files: list[str]) -> None:
    assert "setup.py" in files
    assert generated(files) == []


@pytest.mark.external("git")
def test_no_file_names_a_folder_of_somebodys_machine(files: list[str]) -> None:
    assert [name for name in files if MACHINE.search(_bytes(name))] == []


@pytest.mark.external("git")
def test_no_file_is_large(files: list[str]) -> None:
    assert [name for name in files if len(_bytes(name)) > LARGEST] == []


def _bytes(name: str) -> bytes:
    path = ROOT / name
    # Deleted, but not yet so in version control.
    return path.read_bytes() if path.is_file() else b""


@pytest.mark.parametrize(
    "name",
    [
        "service/framecap/v1/event_pb2.py",
        "service/framecap/v1/event_pb2.pyi",
        "service/framecap/v1/snapshot_service_pb2_grpc.py",
        "service/framecap/_kernels/resample.cpython-311-x86_64-linux-gnu.so",
        "ext/framecap/_kernels/resample.c",
        "build/cython/a.txt",
        "tests/media/clip.mp4",
        "tests/external/node/node_modules/a.js",
    ],
)
def test_what_is_generated_is_recognised(name: str) -> None:
    assert generated(["setup.py", name, "ext/framecap/_kernels/resample.pyx"]) == [name]


@pytest.mark.parametrize("text", [b"see /" + b"home/ann/x", b"'/" + b"work/main'", b"/" + b"root/"])
def test_a_folder_of_a_machine_is_recognised(text: bytes) -> None:
    assert MACHINE.search(text)


@pytest.mark.parametrize("text", [b"../shared/work/", b"a/home/b", b"https://x.org/home", b"/tmp"])
def test_other_paths_are_not(text: bytes) -> None:
    assert not MACHINE.search(text)


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_the_project_says_what_it_is(name: str) -> None:
    assert Path(ROOT, name).read_text().strip()


def test_the_readme_has_its_two_commands() -> None:
    readme = Path(ROOT, "README.md").read_text()
    assert "pip install . && framecap demo" in readme
    assert "pip install -e '.[test]' && pytest" in readme


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads(Path(ROOT, "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in Path(ROOT, "CHANGELOG.md").read_text()
