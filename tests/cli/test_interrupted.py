"""Ctrl-C: the decoder is gone, no half-written file stays, the status is 130."""

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
from PIL import Image

from cli.conftest import COMMAND
from support.cli.processes import with_argument
from support.clips import make_clip

LONG = "video/snapshots,f_png,w_1920,h_1080"


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """A clip whose capture as large PNGs takes far longer than these tests."""
    return make_clip(tmp_path_factory.mktemp("long") / "long.mp4", frames=1500)


@contextmanager
def capturing(clip, folder, environment, *options, **pipes):
    """Runs a capture that has stored its first image."""
    with subprocess.Popen(
        [*COMMAND, "capture", str(clip), LONG, "-o", "out", *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout.readline()
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def nobody_left(clip):
    """Waits until no process works on a clip any more; forks have their parent's arguments."""
    while with_argument(str(clip)):
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_capture_leaves_whole_images_only(long_clip, tmp_path, environment, number):
    with capturing(long_clip, tmp_path, environment) as process:
        process.send_signal(number)
        _, complaint = process.communicate(timeout=30)
        assert process.returncode == 130
        assert nobody_left(long_clip)
    assert "Traceback" not in complaint
    images = list((tmp_path / "out").iterdir())
    assert images
    for path in images:
        assert path.name.startswith("long_0_")
        with Image.open(path) as image:
            image.load()


def test_ctrl_c_on_a_terminal_reaches_all_processes_at_once(long_clip, tmp_path, environment):
    with capturing(long_clip, tmp_path, environment) as process:
        os.killpg(process.pid, signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
        assert process.returncode == 130
        assert nobody_left(long_clip)
    assert "Traceback" not in complaint


def test_a_killed_capture_takes_its_decoder_along(long_clip, tmp_path, environment):
    with capturing(long_clip, tmp_path, environment) as process:
        process.kill()
        process.communicate(timeout=30)
        assert nobody_left(long_clip)


def test_the_events_written_so_far_are_whole(long_clip, tmp_path, environment):
    with capturing(long_clip, tmp_path, environment, "--events", "events.jsonl") as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    lines = (tmp_path / "events.jsonl").read_text().splitlines(keepends=True)
    assert all(line.endswith("\n") for line in lines)
    assert all("finished" not in json.loads(line) for line in lines)


def test_a_reader_that_goes_away_ends_the_capture(long_clip, tmp_path, environment):
    with capturing(long_clip, tmp_path, environment, "--events", "-") as process:
        process.stdout.close()
        assert process.wait(30) == 4
        assert "Traceback" not in process.stderr.read()
        assert nobody_left(long_clip)
