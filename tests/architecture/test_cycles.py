"""No folder imports, directly or indirectly, what imports it; nor does a module."""

from __future__ import annotations

from pathlib import Path

from support.architecture.cycles import arrows, circles

ROOT = Path(__file__).parents[2]


def test_nothing_goes_round() -> None:
    found = arrows(ROOT / "service")
    assert {"framecap.capture", "framecap.config", "framecap.server.serve"} <= found.keys()
    assert circles(found) == []


def test_a_circle_of_folders_is_found() -> None:
    planted = {
        "framecap.media.probe": {"framecap.model.media.Rate", "framecap.media.errors"},
        "framecap.source.opened": {"framecap.media.probe.rate"},
        "framecap.media.index": {"framecap.source.origin"},
    }
    (circle,) = circles(planted)
    assert set(circle) == {"framecap.media", "framecap.source"}


def test_a_circle_of_three_modules_is_found() -> None:
    planted = {
        "framecap.media.a": {"framecap.media.b.One"},
        "framecap.media.b": {"framecap.media.rooms.c.Two"},
        "framecap.media.rooms.c": {"framecap.media.a"},
    }
    (circle,) = circles(planted)
    assert set(circle) == {"framecap.media.a", "framecap.media.b", "framecap.media.rooms"}


def test_one_direction_is_no_circle() -> None:
    planted = {
        "framecap.server.serve": {"framecap.config.Settings"},
        "framecap.config": {"framecap.storage.settings.StorageSettings"},
        "framecap.storage.__init__": {"framecap.errors"},
    }
    assert circles(planted) == []
