"""The worker with the pipeline it is for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from framecap.decoder.service.launcher import ForkServer
from framecap.decoder.v1 import decoder_pb2
from framecap.decoder.v1.decoder_pb2 import FromDecoder, ReadAnswer
from framecap.errors import Code
from framecap.media.sample_video import encode_clip
from support.decoder.jobs import cases, job


@pytest.fixture
async def server() -> AsyncIterator[ForkServer]:
    launcher = await ForkServer.start()
    yield launcher
    await launcher.close()


@pytest.fixture
def clip(tmp_path) -> Path:
    path = tmp_path / "clip.mp4"
    pictures = [np.full((36, 64, 3), level, np.uint8) for level in (0, 100, 200)]
    encode_clip(path, pictures, width=64, height=36, frames_per_second=25)
    return path


async def local(server: ForkServer, path: Path, kind: decoder_pb2.JobKind) -> list[FromDecoder]:
    """Returns what a decoder reports that holds the file."""
    with path.open("rb") as file:
        decoder = await server.launch(file.fileno())
    async with decoder:
        await decoder.send(job(kind=kind, size=path.stat().st_size))
        return [message async for message in decoder.messages()]


async def remote(server: ForkServer, path: Path) -> list[FromDecoder]:
    """Returns what a decoder reports that asks for its bytes, the reads left out."""
    data = path.read_bytes()
    seen = []
    async with await server.launch() as decoder:
        await decoder.send(job(remote=True, size=len(data)))
        async for message in decoder.messages():
            if message.HasField("read"):
                part = data[message.read.offset :][: message.read.length]
                await decoder.answer(ReadAnswer(number=message.read.number, data=part))
            else:
                seen.append(message)
    return seen


def images(messages: list[FromDecoder]) -> list[bytes]:
    return [message.image.data for message in messages if message.HasField("image")]


async def test_a_clip_is_captured_the_same_from_near_and_far(server, clip):
    near = await local(server, clip, decoder_pb2.JOB_KIND_CAPTURE)
    far = await remote(server, clip)
    assert len(images(near)) == 3
    assert len(set(images(near))) == 3
    assert images(near) == images(far)
    assert near[-1].finished.status.code == far[-1].finished.status.code == Code.OK
    assert near[-1].finished.captured_count == 3


@pytest.mark.parametrize(
    ("kind", "last"),
    [
        (decoder_pb2.JOB_KIND_PROBE, "probed"),
        (decoder_pb2.JOB_KIND_EXPLAIN, "planned"),
    ],
)
async def test_a_job_ends_where_it_should(server, clip, kind, last):
    told = [case for case in cases(await local(server, clip, kind)) if case != "progress"]
    assert told[-2:] == [last, "finished"]


async def test_a_file_that_is_no_video_fails_for_its_own_sake(server, tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("not a video at all\n" * 100)
    *_, last = await local(server, path, decoder_pb2.JOB_KIND_CAPTURE)
    assert last.finished.status.code == Code.FAILED_PRECONDITION


@pytest.mark.parametrize("kind", [decoder_pb2.JOB_KIND_UNSPECIFIED, 77])
async def test_a_job_of_unknown_kind_is_our_fault(server, clip, kind, expected_errors):
    expected_errors.append("incident")
    with pytest.raises(Exception, match="incident"):
        await local(server, clip, kind)


def test_starting_decoders_loads_no_heavy_library():
    heavy = "{'grpc', 'av', 'numpy', 'PIL', 'aiobotocore'}"
    launcher = "framecap.decoder.service.launcher"
    code = f"import sys, {launcher}; print(sorted({heavy} & sys.modules.keys()))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout == b"[]\n", os.fsdecode(result.stderr)
