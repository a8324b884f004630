"""docs/architecture.md names nothing that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from support.architecture.page import Named, exists, named, paths, resolve

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = Path(ROOT, "docs/architecture.md").read_text()
NAMES: Final = sorted(set(named(PAGE)))


def test_the_page_names_much() -> None:
    assert len(NAMES) > 30
    assert len(set(paths(PAGE))) > 60


def test_every_path_is_there() -> None:
    assert sorted({path for path in paths(PAGE) if not exists(ROOT, path)}) == []


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_every_name_is_in_its_module(name: Named) -> None:
    resolve(name)


def test_a_name_that_is_not_there_is_found() -> None:
    (planted,) = named("`plan/choose.py: chosen`")
    with pytest.raises(AttributeError, match="there is no chosen"):
        resolve(planted)
    (planted,) = named("`plan/chosen.py: choose`")
    with pytest.raises(ImportError):
        resolve(planted)


@pytest.mark.parametrize("path", ["plan/chosen.py", "rooms/", "proto/framecap/v2/"])
def test_a_path_that_is_not_there_is_found(path: str) -> None:
    assert [*paths(f"see `{path}`, not `{path.upper()}NAME`")] == [path]
    assert not exists(ROOT, path)
