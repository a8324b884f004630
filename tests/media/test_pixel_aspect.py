"""Pixels whose shape changes on the way: each frame has its own, unless the container has one.

Encoders reorder pictures, so that the decoder knows the next part's shape before the last pictures
of the part before it come out.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest

from framecap import pipeline
from framecap.media.decoding import segments
from framecap.model.capture import Image
from framecap.spec import text
from framecap.timebase import NANOSECONDS_PER_SECOND
from oracles import timeline
from support.clips import make_clip
from support.cropped import remuxed
from support.media.capturing import Captured, capture
from support.media.judging import Film, assert_exact
from support.media.modes import SPECS

FRAMES = 45
SIZE = (192, 108)
FIRST, SECOND = Fraction(4, 3), Fraction(5, 3)
WIDE, WIDER = (256, 108), (320, 108)

# Of MPEG-2, which has the shape of the screen, 16 to 9 and 4 to 3.
OF_MPEG_2 = (Fraction(1), Fraction(3, 4))

CODECS = {
    "h264": ("libx264", {}),
    "hevc": (
        "libx265",
        {"x265-params": "log-level=none:pools=1:keyint=15:min-keyint=15:bframes=2"},
    ),
    "mpeg2video": ("mpeg2video", {}),
}


def in_a_row(folder: Path, codec: str, suffix: str) -> Path:
    """Returns a film of two parts that differ by the shape of their pixels only."""
    encoder, options = CODECS[codec]
    whole = folder / f"whole.{suffix}"
    with whole.open("wb") as film:
        for number, shape in enumerate(OF_MPEG_2 if codec == "mpeg2video" else (FIRST, SECOND)):
            clip = make_clip(
                folder / f"{number}.{suffix}",
                frames=FRAMES,
                size=SIZE,
                codec=encoder,
                gop=15,
                b_frames=2,
                scene=13,
                # Late enough for decoding times to begin after 0: nothing shifts them then.
                pts=partial(operator.add, 10 + number * FRAMES),
                options=options,
                sample_aspect_ratio=shape,
            )
            film.write(clip.read_bytes())
    return whole


def sizes(captured: Captured) -> list[tuple[int, int]]:
    return [(image.width, image.height) for image in captured.images]


def fitted(size: tuple[int, int]) -> tuple[int, int]:
    """Returns what a landscape becomes in a square of 128 pixels."""
    return 128, int(Fraction(128 * size[1], size[0]) + Fraction(1, 2))


FILMS = [
    ("h264", "ts"),
    ("h264", "h264"),
    ("hevc", "ts"),
    ("mpeg2video", "ts"),
    ("mpeg2video", "mpg"),
]


@pytest.mark.parametrize(("codec", "suffix"), FILMS)
def test_each_mode_is_exact(tmp_path: Path, codec: str, suffix: str) -> None:
    assert_exact(Film(in_a_row(tmp_path, codec, suffix)), SPECS)


@pytest.mark.parametrize(("codec", "suffix"), FILMS)
def test_the_size_changes_with_the_picture(tmp_path: Path, codec: str, suffix: str) -> None:
    path = in_a_row(tmp_path, codec, suffix)
    before, after = ((192, 108), (144, 108)) if codec == "mpeg2video" else (WIDE, WIDER)
    every = capture(path, "video/snapshots,f_png,inter_0")
    # Where the library guesses times, in program streams, the last frames of a part may be late.
    ordinals = [frame.ordinal for frame in timeline.read.__wrapped__(path).frames]
    kept = sum(ordinal < FRAMES for ordinal in ordinals)
    assert len(ordinals) == 2 * FRAMES or suffix == "mpg"
    assert sizes(every) == [before] * kept + [after] * (len(ordinals) - kept)
    assert (every.info.display_width, every.info.display_height) == before
    change = every.images[kept].media_time
    boxed = capture(path, "video/snapshots,f_png,inter_600,w_128,h_128,scaletype_fit")
    assert sizes(boxed) == [
        fitted(before if image.media_time < change else after) for image in boxed.images
    ]
    assert len({*sizes(boxed)}) == 2


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(
    "mode", ["inter_0", "inter_200", "m_key", "m_avg,num_6", "ss_2400,num_1", "ss_3000,num_1"]
)
def test_however_many_threads_decode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, threads: int
) -> None:
    monkeypatch.setattr(segments, "_WORTH_THREADS", 1)
    path = in_a_row(tmp_path, "h264", "ts")
    spec = text.parse(f"video/snapshots,f_png,{mode}").spec
    with path.open("rb") as file:
        reports = [*pipeline.run(spec, file, size=path.stat().st_size, threads=threads)]
    images = [report for report in reports if isinstance(report, Image)]
    assert images
    change = Fraction(FRAMES, 25) * NANOSECONDS_PER_SECOND
    assert [(image.width, image.height) for image in images] == [
        WIDE if image.media_time < change else WIDER for image in images
    ]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_the_container_decides_where_it_has_a_shape(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    path = remuxed(in_a_row(tmp_path, codec, "ts"), tmp_path / f"a.{suffix}")
    film = Film(path)
    assert {frame.opaque.aspect_ratio for frame in film.frames} == {FIRST, SECOND}
    for mode in ("inter_0", "inter_600", "m_key"):
        captured = capture(path, f"video/snapshots,f_png,{mode}")
        assert set(sizes(captured)) == {WIDE}
    assert_exact(film, SPECS)


# It ends at 5.92 s: the seventh of twelve is on screen at 2.96 s, before the change at 3 s.
@pytest.mark.parametrize(("mode", "first"), [("inter_500", 6), ("m_avg,num_12", 7)])
class TestACase:
    """A broadcast of 4 to 3 and then 16 to 9."""

    def test_without_a_box(self, cases: Path, mode: str, first: int) -> None:
        captured = capture(cases / "sarchange264.ts", f"video/snapshots,f_png,{mode}")
        assert sizes(captured) == [(768, 576)] * first + [(1024, 576)] * (12 - first)

    def test_in_a_box(self, cases: Path, mode: str, first: int) -> None:
        request = f"video/snapshots,f_jpg,{mode},w_640,h_640,scaletype_fit"
        captured = capture(cases / "sarchange264.ts", request)
        assert sizes(captured) == [(640, 480)] * first + [(640, 360)] * (12 - first)


def test_keyframes_of_a_case(cases: Path) -> None:
    captured = capture(cases / "sarchange264.ts", "video/snapshots,f_jpg,m_key")
    assert sizes(captured)[:3] == [(768, 576)] * 3
    assert set(sizes(captured)[3:]) == {(1024, 576)}
