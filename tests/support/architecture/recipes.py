"""The recipes of docs/architecture.md, and what a patch that follows one touches."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import grpc_tools
from google.api import annotations_pb2
from grpc_tools import protoc

PACKAGE: Final = "service/framecap/"
OUTSIDE: Final = ("service/", "ext/", "proto/", "tests/", "docs/", "README.md")
"""What the paths of the page that are not below the package begin with."""

TREE: Final = ("service", "proto", "README.md")
"""What a recipe may touch, tests and the changelog apart."""

NAME: Final = "NAME"

_GENERATED: Final = re.compile(r"_pb2(_grpc)?\.pyi?$|\.pyc$")
_NOT_COPIED: Final = shutil.ignore_patterns("__pycache__", "*.egg-info", "released")


class Recipe(NamedTuple):
    """The files that a recipe names."""

    own: frozenset[str]
    """Those of the new member, with `NAME` for its name; a folder's name ends in `/`."""

    touched: frozenset[str]
    """Those there are already."""

    def is_own(self, path: str, name: str) -> bool:
        """Returns whether a file belongs to the member of that name alone."""
        return any(
            path == own or (own.endswith("/") and path.startswith(own))
            for own in (each.replace(NAME, name) for each in self.own)
        )


class Copy:
    """A copy of the tree that a patch is applied to.

    Args:
        root: The tree.
        folder: Where the copy is made; it must be empty.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder
        for name in TREE:
            if (root / name).is_dir():
                shutil.copytree(root / name, folder / name, ignore=_NOT_COPIED)
            else:
                shutil.copyfile(root / name, folder / name)
        self._before = self._files()

    def apply(self, patch: Path) -> None:
        """Applies a patch, and builds the stubs again where it touches a proto.

        Raises:
            AssertionError: It does not apply.
        """
        # Not the repository that the copy may lie in: paths are those of the copy.
        applied = subprocess.run(
            ["git", "--git-dir=none", "apply", "-C1", str(patch)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert applied.returncode == 0, (
            f"{patch.name} no longer applies, because lines around what it changes have changed."
            f" Renew it: make its change by hand in a clean checkout, following the recipe, and"
            f" write the output of `git add -A && git diff --cached` to it.\n{applied.stderr}"
        )
        if any(path.endswith(".proto") for path in self.new() | self.touched()):
            self._build_stubs()

    def new(self) -> set[str]:
        """Returns the files that the patch added."""
        return self._files().keys() - self._before.keys()

    def touched(self) -> set[str]:
        """Returns the files that the patch changed or removed."""
        now = self._files()
        return {path for path, data in self._before.items() if now.get(path) != data}

    def _files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and path.suffix != ".so" and not _GENERATED.search(path.name)
        }

    def _build_stubs(self) -> None:
        proto, out = self.folder / "proto", self.folder / "service"
        includes = (
            proto,
            Path(annotations_pb2.__file__).parents[2],
            Path(grpc_tools.__file__).parent / "_proto",
        )
        paths = [str(path.relative_to(proto)) for path in sorted(proto.rglob("*.proto"))]
        services = [path for path in paths if path.endswith("_service.proto")]
        options = ["protoc", *(f"--proto_path={path}" for path in includes)]
        assert protoc.main([*options, f"--python_out={out}", *paths]) == 0
        assert protoc.main([*options, f"--grpc_python_out={out}", *services]) == 0


def recipe(page: str, title: str) -> Recipe:
    """Returns the recipe of that title in the text of the page."""
    section = page.partition(f"\n### {title}\n")[2].partition("\n#")[0]
    named = set()
    for item in re.findall(r"^\d+\. (.+?):", section, re.MULTILINE):
        named |= {in_tree(path) for path in re.findall(r"`([^`]+)`", item)}
    own = {path for path in named if NAME in path}
    return Recipe(frozenset(own), frozenset(named - own))


def in_tree(path: str) -> str:
    """Returns the place in the tree of a path that the page names."""
    return path if path.startswith(OUTSIDE) else PACKAGE + path
