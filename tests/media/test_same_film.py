"""The same film has the same frames, at the same times, in every container that has times."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import pytest

from framecap.model.spec import CaptureSpec
from support.clips import make_clip
from support.media.capturing import capture
from support.media.modes import SPECS

# What each tells of an image, but for the container's own clock.
Facts = tuple[int, int, int, bool, bytes]


def remuxed(source: Path, target: Path) -> Path:
    """Copies all streams of a film."""
    with av.open(str(source)) as film, av.open(str(target), "w") as container:
        streams = {
            stream.index: container.add_stream_from_template(stream) for stream in film.streams
        }
        for packet in film.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                container.mux(packet)
    return target


def facts(path: Path, specs: Mapping[str, CaptureSpec]) -> dict[str, list[Facts]]:
    return {
        name: [
            (
                image.media_time,
                image.requested_time,
                image.answered_count,
                image.keyframe,
                image.data,
            )
            for image in capture(path, spec).images
        ]
        for name, spec in specs.items()
    }


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with sound, whose encoder's delay starts it before the picture."""
    return make_clip(
        tmp_path_factory.mktemp("film") / "a.mp4",
        frames=90,
        # A whole number of ticks in each container.
        rate=Fraction(25),
        gop=15,
        b_frames=2,
        size=(96, 54),
        scene=13,
        audio=True,
    )


@pytest.mark.parametrize("suffix", ["ts", "mkv", "mov", "flv"])
def test_frames_and_times_are_those_in_mp4(film: Path, tmp_path: Path, suffix: str) -> None:
    path = remuxed(film, tmp_path / f"a.{suffix}")
    in_mp4, given = facts(film, SPECS), facts(path, SPECS)
    for name, expected in in_mp4.items():
        assert [fact[:-1] for fact in given[name]] == [fact[:-1] for fact in expected], name
        assert given[name] == expected, name
