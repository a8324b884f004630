"""What is published: a wheel built in isolation from the source archive, installed and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Compiling every kernel in an environment that is made first takes its time.
pytestmark = pytest.mark.timeout(600)

# What a build reads. What an editable install left beside it must not be needed.
SOURCES = ("LICENSE", "README.md", "ext", "proto", "pyproject.toml", "service", "setup.py")
BUILT = shutil.ignore_patterns("*_pb2*", "*.so", "*.c", "*.egg-info", "__pycache__")


# The kernels compile some ten times as fast so. How fast they run is tested elsewhere.
UNOPTIMIZED = """#!/bin/sh
exec cc "$@" -O0
"""


def run(*command: str | Path, cwd: Path, **settings: str) -> str:
    # Not PYTHONPATH and the like: the environment is the wheel's own.
    environment = {key: value for key, value in os.environ.items() if key[:6] != "PYTHON"}
    environment |= settings
    ran = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as they are checked out, with one stale build product planted."""
    tree = tmp_path_factory.mktemp("tree")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=BUILT)
        else:
            shutil.copyfile(ROOT / name, tree / name)
    Path(tree, "service/framecap/v1/event_pb2.py").write_text("raise ImportError('stale')\n")
    return tree


@pytest.fixture(scope="module")
def distribution(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source archive, and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    compiler = tmp_path_factory.mktemp("compiler") / "cc"
    compiler.write_text(UNOPTIMIZED)
    compiler.chmod(0o755)
    run(sys.executable, "-m", "build", "--outdir", out, tree, cwd=out, CC=str(compiler))
    return out


@pytest.fixture(scope="module")
def wheel(distribution: Path) -> Path:
    (path,) = distribution.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment with the wheel.

    What the wheel requires is lent from the environment that runs the tests, by a .pth file; the
    wheel's own package comes first.
    """
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False, symlinks=True)
    binaries = home / "bin"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    pip = (sys.executable, "-m", "pip", "--quiet", "--python", binaries / "python")
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=home)
    lent = "\n".join(path for path in sys.path if path.endswith("site-packages"))
    Path(site, "lent.pth").write_text(lent + "\n")
    return binaries


def test_the_source_archive_has_what_a_build_needs(tree: Path, distribution: Path) -> None:
    (path,) = distribution.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = [
        path.relative_to(tree)
        for folder, kinds in (("proto", ".proto"), ("ext", ".pyx .pxd .h"), ("service", ".py .pyi"))
        for path in Path(tree, folder).rglob("*.*")
        if path.suffix in kinds.split() and "_pb2" not in path.name
    ]
    assert {str(source) for source in sources} <= names
    assert {"LICENSE", "README.md", "setup.py", "pyproject.toml"} <= names


def test_the_wheel_has_all_of_the_package_and_nothing_else(tree: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    modules = {
        str(path.relative_to(tree / "service"))
        for path in Path(tree, "service").rglob("*.*")
        if path.suffix in {".py", ".pyi", ".typed"} and "_pb2" not in path.name
    }
    stubs = {
        str(path.relative_to(tree / "proto").with_suffix("")) + suffix
        for path in Path(tree, "proto/framecap").rglob("*.proto")
        for suffix in ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py")
        if path.stem.endswith("_service") or not suffix.endswith("_grpc.py")
    }
    tag = sysconfig.get_config_var("EXT_SUFFIX")
    kernels = {
        str(path.relative_to(tree / "ext").with_suffix("")) + tag
        for path in Path(tree, "ext").rglob("*.pyx")
    }
    assert kernels
    assert "framecap/py.typed" in modules
    packaged = {name for name in names if ".dist-info/" not in name}
    assert packaged == modules | stubs | kernels
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_a_stale_stub_in_the_tree_does_not_reach_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert b"stale" not in archive.read("framecap/v1/event_pb2.py")


def test_the_installed_package_runs(installed: Path, tmp_path: Path) -> None:
    found = run(
        installed / "python",
        "-c",
        "import framecap.capture, framecap._kernels.resample as k; print(k.__file__)",
        cwd=tmp_path,
    )
    assert Path(found.strip()).is_relative_to(installed.parent)
    assert "capture" in run(installed / "framecap", "--help", cwd=tmp_path)
    version = run(installed / "framecap", "--version", cwd=tmp_path)
    assert re.fullmatch(r"framecap \d+\.\d+\.\d+\n", version)
