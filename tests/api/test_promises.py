"""What the service promises of bad input and of saved covers, on one running service."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from google.rpc import error_details_pb2
from PIL import Image

from framecap.v1 import capture_pb2
from support.api.calls import code, detail, reason, take
from support.api.running import Run
from support.clips import make_clip

INVALID = "INVALID_ARGUMENT"
PRECONDITION = "FAILED_PRECONDITION"


class Answer(NamedTuple):
    """How a request fails: before any event, or after `accepted`."""

    code: str
    reason: str
    column: int | None
    sentence: str


@pytest.mark.parametrize(
    ("options", "answer"),
    {
        "f_gif": Answer(
            INVALID, "VALUE_OUT_OF_RANGE", 17, "text:17: f: gif is not one of jpg, png"
        ),
        "f_jpg,w_31": Answer(
            INVALID, "VALUE_OUT_OF_RANGE", 23, "text:23: w: 31 is not in 32..4096"
        ),
        "f_jpg,m_dhash,thr_101": Answer(
            INVALID, "VALUE_OUT_OF_RANGE", 31, "text:31: thr: 101 is not in 0..100"
        ),
        "f_jpg,m_avg": Answer(
            INVALID,
            "OPTION_MISSING",
            23,
            "text:23: num: is required with m_avg; allowed: 1..2147483647",
        ),
        "f_jpg,inter_x": Answer(
            INVALID,
            "VALUE_OUT_OF_RANGE",
            23,
            "text:23: inter: x is not a whole number in 0..2147483647",
        ),
        "f_jpg,colour_3": Answer(
            INVALID,
            "OPTION_UNKNOWN",
            23,
            "text:23: colour: is no option of video/snapshots; "
            "allowed: ss, f, m, thr, num, inter, w, h, pw, ph, scaletype",
        ),
        "f_jpg,w_40,w_50": Answer(
            INVALID, "OPTION_REPEATED", 28, "text:28: w: stands twice, first at 23"
        ),
    }.items(),
)
async def test_a_bad_option_is_refused_by_place_and_word(
    run: Run, media: Path, options: str, answer: Answer
) -> None:
    async with run() as client:
        taken = await take(
            client.stub, source=f"{media}/short.mp4", text=f"video/snapshots,{options}"
        )
    assert taken.events == []
    assert taken.status is not None
    info = detail(taken.status, error_details_pb2.ErrorInfo)
    assert answer == Answer(
        code(taken.status), info.reason, int(info.metadata["column"]), taken.status.message
    )
    (violation,) = detail(taken.status, error_details_pb2.BadRequest).field_violations
    assert violation.field == "text"


@pytest.fixture(scope="module")
def broken(media: Path) -> Path:
    """A directory of files without a picture, below what services may read."""
    directory = media / "broken"
    directory.mkdir()
    (directory / "empty.mp4").write_bytes(b"")
    (directory / "text.mp4").write_text("Some words, and no video among them.\n" * 3)
    with av.open(str(directory / "sound.m4a"), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 48_000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return directory


@pytest.mark.parametrize(
    ("source", "options", "answer"),
    [
        (
            "broken/empty.mp4",
            "",
            Answer(PRECONDITION, "MEDIA_CORRUPT", None, "the file is empty"),
        ),
        (
            "broken/text.mp4",
            "",
            Answer(
                PRECONDITION,
                "MEDIA_CORRUPT",
                None,
                "the file is not a video or audio file that can be read",
            ),
        ),
        (
            "broken/sound.m4a",
            "",
            Answer(
                PRECONDITION,
                "NO_VIDEO_STREAM",
                None,
                "the file has neither a video stream nor cover art",
            ),
        ),
        (
            "short.mp4",
            ",ss_4000",
            Answer(
                "OUT_OF_RANGE",
                "OFFSET_AFTER_END",
                None,
                "the capture starts at 00:00:04.000, but the video ends at 00:00:04.000",
            ),
        ),
    ],
)
async def test_a_file_without_the_picture_fails_after_accepted_in_both_places(
    run: Run, media: Path, broken: Path, source: str, options: str, answer: Answer
) -> None:
    async with run() as client:
        taken = await take(
            client.stub,
            source=f"{media}/{source}",
            text=f"video/snapshots,f_jpg,inter_1000{options}",
        )
    assert taken.cases[0] == "accepted"
    assert taken.frames == []
    assert taken.finished.status == taken.status
    assert taken.status is not None
    assert answer == Answer(code(taken.status), reason(taken.status), None, taken.status.message)


@pytest.mark.parametrize(
    ("source", "delivery", "answer"),
    [
        ("{media}/none.mp4", "", ("NOT_FOUND", "SOURCE_NOT_FOUND")),
        ("{media}/../outside.mp4", "", (INVALID, "SOURCE_INVALID")),
        ("{outside}", "", ("PERMISSION_DENIED", "SOURCE_NOT_ALLOWED")),
        ("films/../../outside.mp4", "", (INVALID, "SOURCE_INVALID")),
        ("../films/film.mp4", "", (INVALID, "SOURCE_INVALID")),
        ("films/link.mp4", "", ("PERMISSION_DENIED", "SOURCE_NOT_ALLOWED")),
        ("films/film.mp4", "../outside.jpg", (INVALID, "TARGET_INVALID")),
        ("films/film.mp4", "/outside.jpg", (INVALID, "TARGET_INVALID")),
        ("films/film.mp4", "film.mp4", (INVALID, "TARGET_IS_SOURCE")),
    ],
)
async def test_nothing_climbs_out_of_where_it_belongs(
    run: Run, media: Path, tmp_path: Path, source: str, delivery: str, answer: tuple[str, str]
) -> None:
    outside = make_clip(tmp_path / "outside.mp4", frames=3)
    films = tmp_path / "buckets" / "films"
    films.mkdir(parents=True)
    make_clip(films / "film.mp4", frames=3)
    (films / "link.mp4").symlink_to(outside)
    before = {*tmp_path.rglob("*")}
    asked = capture_pb2.Delivery()
    if delivery:
        asked.object.key_template = delivery
    async with run() as client:
        taken = await take(
            client.stub,
            source=source.format(media=media, outside=outside),
            text="video/snapshots,f_jpg,num_1",
            delivery=asked,
        )
    assert taken.events == []
    assert (code(taken.status), reason(taken.status)) == answer
    # The service's own file of tasks is where it belongs.
    own = {tmp_path / "tasks", *(tmp_path / "tasks").iterdir()}
    assert {*tmp_path.rglob("*")} - own == before


@pytest.mark.corpus
async def test_a_cover_is_stored_under_the_key_that_was_asked(
    run: Run, corpus: Path, media: Path, tmp_path: Path
) -> None:
    sound = media / "sound.flac"
    sound.write_bytes((corpus / "media" / "ax_cover_png.flac").read_bytes())
    async with run() as client:
        taken = await take(
            client.stub,
            source=str(sound),
            text="video/snapshots,f_jpg|sys/saveas,b_b3V0YnVja2V0,o_Y292ZXIuanBnCg",
        )
    assert taken.status is None
    assert taken.finished.status.code == 0
    (frame,) = taken.frames
    stored = tmp_path / "buckets" / "outbucket" / "cover.jpg"
    assert frame.uri == "s3://outbucket/cover.jpg"
    assert (frame.width, frame.height) == (371, 320)
    assert frame.sha256 == hashlib.sha256(stored.read_bytes()).hexdigest()
    with Image.open(stored) as image:
        assert (image.format, image.size) == ("JPEG", (371, 320))
