"""Installed selections in a fork of a command, and a fork server that cannot load one again."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from framecap.decoder.child.forked_server import serve_forked
from framecap.decoder.service.launcher import DirectFork, ForkServer
from framecap.decoder.service.settings import DecoderSettings
from framecap.decoder.v1.decoder_pb2 import JOB_KIND_CAPTURE, Job, ToDecoder
from framecap.decoder.wire.control import Reply, ReplyKind
from framecap.errors import DecoderLost
from framecap.v1 import capture_pb2
from support.clips import make_clip
from support.decoder.jobs import cases, until

SOURCE = """
from framecap.plugin import Selection


class Latest(Selection):
    def feature(self, frame):
        return frame.time

    def score(self, feature, previous):
        return float(feature)
"""
SETTINGS = DecoderSettings(idle_decoders=0, selections=frozenset({"latest"}))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory on the path, with a selection installed."""
    (tmp_path / "latest_frames.py").write_text(SOURCE)
    info = tmp_path / "latest_frames-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: latest_frames\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[framecap.selections]\nlatest = latest_frames:Latest\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


async def test_a_fork_of_a_command_loads_them(packages: Path) -> None:
    launcher = DirectFork(serve_forked, SETTINGS)
    assert launcher.selections == {"latest"}
    clip = make_clip(packages / "clip.mp4", frames=20)
    spec = capture_pb2.CaptureSpec(jpeg={}, plugin={"name": "latest", "max_count": 3})
    with clip.open("rb") as file:
        job = Job(kind=JOB_KIND_CAPTURE, spec=spec, source_size=clip.stat().st_size)
        async with await launcher.launch(file.fileno()) as decoder:
            await decoder.send(ToDecoder(job=job))
            messages = [message async for message in decoder.messages()]
    await launcher.close()
    found = [message.image.facts.pts for message in messages if message.HasField("image")]
    unit = found[2] - found[1]
    assert found == [17 * unit, 18 * unit, 19 * unit]
    assert cases(messages)[-1] == "finished"


async def test_a_command_that_lacks_one_starts_no_decoder(
    capfd: pytest.CaptureFixture[str],
) -> None:
    launcher = DirectFork(serve_forked, SETTINGS)
    with pytest.raises(DecoderLost):
        await launcher.launch()
    await launcher.close()
    assert "FRAMECAP_SELECTIONS: latest is not installed;" in capfd.readouterr().err


async def test_a_server_that_lost_one_starts_no_decoder(packages: Path) -> None:
    """The program is started again after its end, and may find less than before."""
    program = (
        f"import sys; sys.path.append({str(packages)!r})\n"
        "from framecap.decoder.child import fork_server\n"
        "fork_server.main(sys.argv[1:])"
    )
    server = await ForkServer.start(SETTINGS, command=(sys.executable, "-I", "-c", program))
    async with await server.launch():
        pass
    (packages / "latest_frames-1.0.dist-info" / "entry_points.txt").unlink()
    os.kill(server.pid or 0, signal.SIGKILL)
    await until(lambda: server.pid is None)
    with pytest.raises(DecoderLost):
        await server.launch()
    await server.close()


def test_the_reply_has_a_place_for_both() -> None:
    reply = Reply(kind=ReplyKind.UNUSABLE, number=63, value=5)
    assert Reply.unpack(reply.pack()) == reply
