"""The ten questions of docs/architecture.md: the functions that answer them are the ones at work.

For each question there is a behaviour here. It works, and fails once a function that the answer
names fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Final

import av
import pytest

from framecap.call import CaptureCall
from framecap.capture import capture
from framecap.cli.local import Destination, local_services, stores_of
from framecap.decoder.child.forked_server import serve_forked
from framecap.decoder.service.launcher import DirectFork
from framecap.errors import CaptureError, Code
from framecap.media.media import Media
from framecap.model.plan import Strategy
from framecap.model.wanted import Instants
from framecap.pipeline import Until
from framecap.v1 import event_pb2
from support.architecture.page import Named, functions, questions
from support.clips import make_clip
from support.decoder import jobs, program
from support.media.readings import drain, wanted_frames
from support.pipeline.running import Run, run

PAGE: Final = Path(__file__).parents[2] / "docs/architecture.md"
QUESTIONS: Final = questions(PAGE.read_text())

PLANTED: Final = "planted by a test"


def planted(*_: object, **__: object) -> None:
    # Its code replaces another function's, so it may use nothing of this module.
    raise RuntimeError("planted by a test")


def piped(path: Path, request: str | None, until: Until = Until.END) -> Run:
    """Runs the pipeline in this thread."""
    return run(path, request, until, threads=1)


def shows_the_rate_of_a_raw_stream(folder: Path) -> None:
    clip = make_clip(folder / "a.h264", frames=30, rate=30)
    assert piped(clip, None, Until.PROBED).reports[-1].frame_rate == 30  # type: ignore[attr-defined]


def counts_from_media_time_0(folder: Path) -> None:
    clip = make_clip(folder / "a.mkv", frames=30, pts=lambda k: k + 50)
    (first, *_) = piped(clip, "f_jpg,num_1").images
    assert first.media_time == 0 < first.pts


def plans_to_seek_or_to_read_through(folder: Path) -> None:
    clip = make_clip(folder / "a.mp4", frames=250, gop=5)
    plans = [piped(clip, f"f_jpg,inter_{step}", Until.PLANNED).plan for step in (5000, 200)]
    assert [plan.strategy for plan in plans] == [Strategy.SEEK, Strategy.SLICED]


def repeats_a_seek_that_ended_too_late(folder: Path) -> None:
    # A transport stream is searched by decoding times, which lie before the pictures'.
    clip = make_clip(folder / "a.ts", frames=250, b_frames=2)
    with clip.open("rb") as file, Media(file, strict=False) as media:
        drain(media.find_first())
        instants = [media.clock.floor(second * 10**9) for second in (2, 6)]
        wanted_frames(media, Instants(instants), Strategy.SEEK)
        assert media.seek_repairs > 0


def switches_to_a_safer_access_path(folder: Path) -> None:
    clip = make_clip(folder / "a.mp4", frames=50, gop=25)
    with av.open(str(clip)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][30]
        position, size = packet.pos, packet.size
    data = bytearray(clip.read_bytes())
    data[position + 4 : position + size] = b"\xff" * (size - 4)
    clip.write_bytes(data)
    done = piped(clip, "f_jpg")
    assert done.summary.seek_repairs
    assert len(done.images) >= 49


def captures_the_video_stream(folder: Path) -> None:
    clip = make_clip(folder / "a.mp4", frames=10, audio=True)
    info = piped(clip, None, Until.PROBED).reports[-1]
    assert info.stream_index == 0  # type: ignore[attr-defined]


def takes_the_frames_at_the_targets(folder: Path) -> None:
    clip = make_clip(folder / "a.mp4", frames=50)
    assert piped(clip, "f_jpg,inter_1000").numbers == [0, 25]


def checks_what_a_decoder_sends(folder: Path) -> None:
    async def messages() -> list[str | None]:
        launcher = DirectFork(partial(serve_forked, run=program.run))
        try:
            return jobs.cases(await jobs.capture(launcher, "capture 1"))
        finally:
            await launcher.close()

    assert asyncio.run(messages()) == ["probed", "planned", "image", "finished"]


def ends_with_the_status_of_its_error(folder: Path) -> None:
    Path(folder, "empty.mp4").touch()
    finished = asyncio.run(_finished(folder, "empty.mp4"))
    assert finished.status.code == Code.FAILED_PRECONDITION


def names_what_it_stores(folder: Path) -> None:
    make_clip(folder / "film.mp4", frames=10)
    asyncio.run(_finished(folder, "film.mp4"))
    assert Path(folder, "shots/film_0_1.jpg").is_file()


async def _finished(folder: Path, name: str) -> event_pb2.CaptureFinished:
    """Captures the first frame of a file; returns the last event."""
    call = CaptureCall(source=str(folder / name), request="video/snapshots,f_jpg,num_1")
    destination = Destination(stores=stores_of(folder), output=folder / "shots")
    last = event_pb2.CaptureEvent()
    services = local_services(DirectFork(serve_forked), destination)
    try:
        async with services as ready, aclosing(capture(call, ready)) as events:
            async for event in events:
                last = event
    except CaptureError:
        assert last.HasField("finished")
    return last.finished


BEHAVIOURS: Final[dict[str, Callable[[Path], None]]] = {
    "Where is the frame rate of a raw stream decided?": shows_the_rate_of_a_raw_stream,
    "Where is media time 0 decided?": counts_from_media_time_0,
    "Where is it decided whether to seek or to read through?": plans_to_seek_or_to_read_through,
    "Where does a seek that ended too late get repeated?": repeats_a_seek_that_ended_too_late,
    "Where does a capture switch to a safer access path?": switches_to_a_safer_access_path,
    "Where is the captured stream chosen?": captures_the_video_stream,
    "Where do targets become pts?": takes_the_frames_at_the_targets,
    "Where is a decoder's message checked?": checks_what_a_decoder_sends,
    "Where is an error turned into a gRPC status?": ends_with_the_status_of_its_error,
    "Where does the key of an image come from?": names_what_it_stores,
}

ANSWERS: Final = [
    pytest.param(question, name, function, id=str(name))
    for question, answer in QUESTIONS.items()
    for name, function in functions(answer)
]


def test_each_question_has_its_behaviour() -> None:
    assert len(QUESTIONS) == 10
    assert QUESTIONS.keys() == BEHAVIOURS.keys()


@pytest.mark.parametrize("question", BEHAVIOURS)
def test_the_behaviour_works(question: str, tmp_path: Path) -> None:
    BEHAVIOURS[question](tmp_path)


@pytest.mark.parametrize(("question", "name", "function"), ANSWERS)
def test_the_behaviour_fails_with_its_function(
    question: str,
    name: Named,
    function: FunctionType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The code rather than the name, because importers hold the function itself.
    monkeypatch.setattr(function, "__code__", planted.__code__)
    with pytest.raises(RuntimeError, match=PLANTED):
        BEHAVIOURS[question](tmp_path)
