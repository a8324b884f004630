"""What a fork server has loaded and prepared, and what a decoder therefore need not."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from framecap.decoder.service.launcher import ForkServer
from framecap.decoder.service.settings import DecoderSettings
from framecap.decoder.v1.decoder_pb2 import JOB_KIND_CAPTURE, Job, ToDecoder
from framecap.spec import structured, text
from support.clips import make_clip
from support.covers import Art, drawn, make_sound, saved
from support.decoder.jobs import alive, cases, until

COMMAND = (
    sys.executable,
    "-I",
    str(Path(__file__).parents[2] / "support" / "decoder" / "spying.py"),
)

RESIDENT_KB = 50_000
PRIVATE_KB = 35_000

REQUESTS = ("f_jpg", "f_png", "f_jpg,m_key", "f_png,m_avg,num_2", "f_jpg,m_dhash,thr_5,num_2")


async def test_the_fork_server_is_small():
    server = await ForkServer.start(DecoderSettings(idle_decoders=0))
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    await server.close()
    assert int(status["VmRSS"].split()[0]) < RESIDENT_KB
    # This is what each fork copies the page tables of.
    assert int(status["RssAnon"].split()[0]) < PRIVATE_KB


@pytest.mark.parametrize("idle", [0, 1])
async def test_a_decoder_loads_nothing(tmp_path, idle):
    clip = make_clip(tmp_path / "clip.mp4", b_frames=2).read_bytes()
    song = make_sound(tmp_path / "song.mp3", [Art(saved(drawn(), "PNG"))]).read_bytes()
    server = await ForkServer.start(DecoderSettings(idle_decoders=idle), command=COMMAND)
    for request in REQUESTS:
        assert await loaded(server, clip, request) == []
    assert await loaded(server, song, "f_jpg") == []
    await server.close()


async def loaded(server: ForkServer, content: bytes, request: str) -> list[str]:
    """Returns what modules a decoder loaded for a capture."""
    descriptor = os.memfd_create("source")
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        file.write(content)
        decoder = await server.launch(descriptor)
        spec, _ = structured.to_proto(text.parse(f"video/snapshots,{request}").spec)
        job = Job(kind=JOB_KIND_CAPTURE, spec=spec, source_size=len(content))
        async with decoder:
            await decoder.send(ToDecoder(job=job))
            told = cases([message async for message in decoder.messages()])
            assert "image" in told
            await until(lambda: not alive(decoder.pid))
        file.seek(len(content))
        return file.read().decode().split()[1:]
