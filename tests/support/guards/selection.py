"""Leaves out the tests whose corpus or tool chain is absent, and says so in one line each.

They are deselected rather than skipped, so that a skip is always a failure.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from xdist.workermanage import WorkerController

FOLDERS = {"corpus": "FRAMECAP_CORPUS", "cases": "FRAMECAP_CASES"}
"""By fixture, the variable that names its folder."""

EXTERNAL_TOOLS = ("node", "npm")
OUTPUT = "left_out"

left_out = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of the media corpus. A test that asks for it counts as marked `corpus`."""
    return Path(os.environ[FOLDERS["corpus"]])


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of small broken inputs. A test that asks for it counts as marked `corpus`."""
    return Path(os.environ[FOLDERS["cases"]])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what cannot run here."""
    lacking = {item: what for item in items if (what := _lacks(item))}
    config.stash[left_out] = Counter(lacking.values())
    if lacking:
        config.hook.pytest_deselected(items=list(lacking))
        items[:] = [item for item in items if item not in lacking]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tells the process that deals the tests out, where there is one: it collects none itself."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[OUTPUT] = dict(session.config.stash.get(left_out, {}))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    """Hears from a process that ran tests; each left out the same."""
    told: dict[str, int] = getattr(node, "workeroutput", {}).get(OUTPUT, {})
    node.config.stash[left_out] = Counter(told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what was left out."""
    for what, count in terminalreporter.config.stash.get(left_out, Counter[str]()).items():
        terminalreporter.write_line(f"not collected: {count} tests, {what}")


def _lacks(item: pytest.Item) -> str | None:
    """Returns what the test needs and this machine lacks."""
    asked = {*getattr(item, "fixturenames", ()), *(mark.name for mark in item.iter_markers())}
    for name, variable in FOLDERS.items():
        if name not in asked:
            continue
        folder = os.environ.get(variable)
        if not folder:
            return f"marked corpus: {variable} is not set"
        if not Path(folder).is_dir():
            return f"marked corpus: {variable} names no folder"
    if marker := item.get_closest_marker("external"):
        absent = [tool for tool in marker.args or EXTERNAL_TOOLS if shutil.which(tool) is None]
        if absent:
            return f"marked external: there is no {' and no '.join(absent)}"
    return None
