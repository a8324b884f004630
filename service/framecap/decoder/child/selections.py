"""Loads the installed selections that the operator enabled, in the fork server.

A module of its own, which is only loaded where selections are enabled.
"""

from __future__ import annotations

import inspect
import os
import traceback
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from framecap.decoder.wire.control import SelectionFault, SelectionUnusable
from framecap.modes.plugin import INSTALLED

GROUP: Final = "framecap.selections"
"""The group of the entry points."""


def load(names: Sequence[str]) -> None:
    """Loads the selections of these names, and no others.

    Raises:
        SelectionUnusable: One cannot be loaded.
    """
    for name in names:
        loaded = _loaded(name, _entry_point(name))
        try:
            INSTALLED.add(name, loaded)
        except TypeError as error:
            raise SelectionUnusable(name, SelectionFault.NO_SELECTION) from error
        if len(os.listdir("/proc/self/task")) > 1:
            raise SelectionUnusable(name, SelectionFault.STARTED_THREADS)
        if inspect.isabstract(loaded):
            raise SelectionUnusable(name, SelectionFault.INCOMPLETE)


def _entry_point(name: str) -> EntryPoint:
    # A package may be found twice, through two entries of the path.
    found = {point.value: point for point in entry_points(group=GROUP, name=name)}
    if not found:
        raise SelectionUnusable(name, SelectionFault.NOT_INSTALLED)
    if len(found) > 1:
        raise SelectionUnusable(name, SelectionFault.AMBIGUOUS)
    return next(iter(found.values()))


def _loaded(name: str, point: EntryPoint) -> Any:
    try:
        return point.load()
    except BaseException as error:
        traceback.print_exc()
        raise SelectionUnusable(name, SelectionFault.IMPORT_FAILED) from error
