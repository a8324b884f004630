"""On a terminal there is a progress bar; the images' lines stay clean."""

import os
import pty
import re
import subprocess

from cli.conftest import COMMAND

REQUEST = "video/snapshots,f_jpg"


def on_terminal(arguments, folder, environment, *, stdout_too):
    """Returns what a terminal and a pipe got, and the exit status."""
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=folder,
            env={**environment, "TERM": "xterm-256color", "COLUMNS": "120"},
            stdout=theirs if stdout_too else subprocess.PIPE,
            stderr=theirs,
        )
    finally:
        os.close(theirs)
    shown = bytearray()
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # A terminal's end is an error on Linux.
        pass
    finally:
        os.close(ours)
    piped, _ = process.communicate(timeout=60)
    return shown.decode(), (piped or b"").decode(), process.returncode


def test_the_bar_is_drawn_on_the_terminal_and_gone_at_the_end(clip, tmp_path, environment):
    shown, piped, status = on_terminal(
        ["capture", clip, REQUEST, "-o", "out"], tmp_path, environment, stdout_too=False
    )
    assert status == 0
    assert re.search(r"opening|capturing", shown)
    assert "\x1b[?25l" in shown and "\x1b[?25h" in shown  # The cursor is hidden, and comes back.
    assert shown.rstrip().endswith("50 images in out.")
    lines = piped.splitlines()
    assert len(lines) == 50
    assert all(re.fullmatch(r"out/film_0_\d+\.jpg\t00:00:0\d\.\d{3}", line) for line in lines)


def test_lines_and_bar_share_a_terminal(clip, tmp_path, environment):
    shown, _, status = on_terminal(
        ["capture", clip, REQUEST], tmp_path, environment, stdout_too=True
    )
    assert status == 0
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "\n").splitlines()
    found = [re.fullmatch(r"film_0_(\d+)\.jpg\s+00:00:0\d\.\d{3}", line) for line in lines]
    assert [int(match[1]) for match in found if match] == list(range(1, 51))
