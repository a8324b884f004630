"""Keyframes of which slices are missing or broken: flagged, in every mode, never shown as whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import pytest

from framecap.errors import MediaCorrupt
from framecap.model.spec import DamagePolicy
from framecap.spec import text
from oracles import timeline
from support.clips import make_clip
from support.cutting import Change, changed, key_packets, slices
from support.media.capturing import assert_captured, capture

SIZE: Final = (320, 256)
FRAMES: Final = 40
GOP: Final = 10

X265: Final = "log-level=none:slices=4:keyint=10:min-keyint=10:scenecut=0:bframes=2"
CODECS: Final[dict[str, dict[str, Any]]] = {
    "hevc": {"codec": "libx265", "options": {"x265-params": f"{X265}:open-gop=0"}},
    "hevc open gop": {"codec": "libx265", "options": {"x265-params": X265}},
    "hevc 10 bit": {
        "codec": "libx265",
        "pix_fmt": "yuv420p10le",
        "options": {"x265-params": f"{X265}:open-gop=0"},
    },
    "h264": {"codec": "libx264", "options": {"slices": "4"}},
}
CONTAINERS: Final = ("mp4", "mkv", "ts")

FAULTS: Final[dict[str, Change]] = {
    "all but the first": slices(0),
    "one within": slices(0, 1, 3),
    "the last": slices(0, 1, 2),
    "one is cut": slices(lambda unit: unit[: len(unit) // 2]),
    "one ends in zeros": slices(lambda unit: unit[: len(unit) // 2].ljust(len(unit), b"\0")),
}

REQUESTS: Final = ("m_key", "inter_0", "inter_90", "m_avg,num_6")


def asking(request: str) -> str:
    return f"video/snapshots,f_jpg,{request}"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("clips")

    def clip(kind: str) -> Path:
        path = folder / f"{kind}.mp4"
        if not path.exists():
            make_clip(path, frames=FRAMES, gop=GOP, size=SIZE, b_frames=2, **CODECS[kind])
        return path

    return clip


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", CODECS)
def test_a_keyframe_that_lacks_slices_is_damaged(
    clips: Callable[[str], Path], tmp_path: Path, kind: str, fault: str, container: str
) -> None:
    source = clips(kind)
    second = key_packets(source)[1]
    path = changed(source, tmp_path / f"a.{container}", {second: FAULTS[fault]})
    line = timeline.read(path)
    (key,) = [frame for frame in line.frames if frame.keyframe and frame.damaged]
    assert key.start == Fraction(GOP, 25)
    for request in REQUESTS:
        captured = assert_captured(path, line, asking(request))
        damaged = sum(image.damaged for image in captured.images)
        assert captured.summary.damage.damaged == damaged
        assert damaged or request not in ("m_key", "inter_0")
    strict = replace(text.parse(asking("m_key")).spec, damage_policy=DamagePolicy.STRICT)
    with pytest.raises(MediaCorrupt):
        capture(path, strict)


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_first_keyframe_may_lack_slices(
    clips: Callable[[str], Path], tmp_path: Path, container: str
) -> None:
    path = changed(clips("hevc"), tmp_path / f"a.{container}", {0: slices(0)})
    line = timeline.read(path)
    for request in REQUESTS:
        captured = assert_captured(path, line, asking(request))
        assert captured.images[0].damaged


@pytest.mark.parametrize("kind", ["hevc", "hevc open gop"])
def test_what_counts_on_it_is_damaged_up_to_the_next_keyframe(
    clips: Callable[[str], Path], tmp_path: Path, kind: str
) -> None:
    source = clips(kind)
    _, second, *_ = key_packets(source)
    path = changed(source, tmp_path / "a.mkv", {second: slices(0)})
    captured = capture(path, asking("inter_0"))
    damaged = [image.index - 1 for image in captured.images if image.damaged]
    # An open group's leading pictures count on the keyframe behind them too.
    leading = 0 if kind == "hevc" else captured.images[GOP].index - 1 - damaged[0]
    assert damaged == [*range(GOP - leading, 2 * GOP)]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("kind", CODECS)
def test_an_intact_clip_of_several_slices_is_not_damaged(
    clips: Callable[[str], Path], tmp_path: Path, kind: str, container: str
) -> None:
    path = changed(clips(kind), tmp_path / f"a.{container}", {})
    line = timeline.read(path)
    for request in REQUESTS:
        captured = assert_captured(path, line, asking(request))
        assert not any(image.damaged for image in captured.images)


@pytest.mark.parametrize("full_range", [False, True])
def test_a_picture_that_is_coded_green_is_not_damaged(tmp_path: Path, full_range: bool) -> None:
    """All samples zero: what a missing part looks like, but here slices say so."""
    path = tmp_path / "green.mp4"
    with av.open(str(path), "w") as container:
        options = {"x265-params": f"{X265}:range={'full' if full_range else 'limited'}"}
        stream = container.add_stream("libx265", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(12):
            frame = av.VideoFrame(*SIZE, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    for request in ("m_key", "inter_0"):
        captured = capture(path, asking(request))
        assert len(captured.images) == (2 if request == "m_key" else 12)
        assert not any(image.damaged for image in captured.images)
