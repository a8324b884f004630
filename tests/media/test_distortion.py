"""A lone side of a box is reported where it squeezes the picture, before the plan."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from framecap import pipeline
from framecap.model.capture import CaptureWarning, Progress
from framecap.model.media import MediaInfo
from framecap.model.plan import Plan
from framecap.spec import text
from support.clips import make_clip
from support.covers import Art, drawn, make_sound, saved


def reports(path: Path, options: str) -> list[object]:
    spec = text.parse(f"video/snapshots,f_jpg,m_key,{options}").spec
    with path.open("rb") as file:
        found = [*pipeline.run(spec, file, size=path.stat().st_size)]
    return [report for report in found if not isinstance(report, Progress)]


@pytest.mark.parametrize("option", ["w_64", "h_64", "pw_50", "ph_50"])
@pytest.mark.parametrize(("codec", "suffix"), [("libx264", "mp4"), ("libvpx-vp9", "webm")])
def test_once_after_the_facts(tmp_path: Path, codec: str, suffix: str, option: str) -> None:
    path = make_clip(tmp_path / f"a.{suffix}", codec=codec)
    info, warning, plan, *rest = reports(path, option)
    assert isinstance(info, MediaInfo)
    assert isinstance(warning, CaptureWarning)
    assert warning.reason == "ASPECT_CHANGED"
    assert warning.metadata["option"] == option.partition("_")[0]
    assert isinstance(plan, Plan)
    assert not any(isinstance(report, CaptureWarning) for report in rest)


@pytest.mark.parametrize(
    "options", ["w_64,scaletype_fit", "w_64,h_64", "w_193", "h_109", "pw_50,ph_50", "h_108"]
)
def test_not_where_the_shape_is_kept_or_both_sides_are_given(tmp_path: Path, options: str) -> None:
    path = make_clip(tmp_path / "a.mp4")
    assert not any(isinstance(report, CaptureWarning) for report in reports(path, options))


def test_the_shape_is_that_of_square_pixels(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", sample_aspect_ratio=Fraction(4, 3))
    assert not any(isinstance(report, CaptureWarning) for report in reports(path, "w_256"))
    _, warning, *_ = reports(path, "w_192")
    assert isinstance(warning, CaptureWarning)
    assert warning.metadata["source"] == "256x108"


@pytest.mark.parametrize("option", ["w_32", "h_32"])
def test_of_a_cover_too(tmp_path: Path, option: str) -> None:
    path = make_sound(tmp_path / "a.mp3", [Art(saved(drawn(), "png"))])
    warnings = [report for report in reports(path, option) if isinstance(report, CaptureWarning)]
    assert [warning.reason for warning in warnings] == ["OPTION_WITHOUT_EFFECT", "ASPECT_CHANGED"]
