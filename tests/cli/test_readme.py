"""What the README says is so."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from enum import Enum
from pathlib import Path

import pytest

from cli.conftest import COMMAND
from framecap.admission import Admission, AdmissionLimits
from framecap.cli.exits import Exit
from framecap.cli.main import COMMANDS
from framecap.config import variables
from framecap.spec.options import table
from framecap.telemetry.metrics import ServiceMetrics
from framecap.v1 import event_pb2
from support.clips import make_clip
from support.served import free_address

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def section(title):
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(title):
    """Returns what stands in backticks in the first column of a section's table."""
    rows = re.findall(r"^\| (.+?) \|", section(title), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def code(title, language):
    return re.search(rf"```{language}\n(.*?)```", section(title), re.DOTALL)[1]


def test_it_opens_with_the_two_command_lines():
    assert README.startswith(
        "# framecap\n\n```\npip install . && framecap demo\n"
        "pip install -e '.[test]' && pytest\n```\n"
    )


def test_the_options_are_those_of_the_parser():
    assert table() in section("The request")


def test_the_commands_are_those_there_are():
    names = [name.split()[1] for name in first_cells("The command")]
    assert sorted(names) == sorted(COMMANDS)


def test_the_exit_statuses_are_those_there_are():
    numbers = re.findall(r"^\| (\d+) \|", section("The command"), re.MULTILINE)
    assert [int(number) for number in numbers] == list(Exit)


def test_the_events_are_those_there_are():
    fields = event_pb2.CaptureEvent.DESCRIPTOR.oneofs_by_name["event"].fields
    assert first_cells("Events") == [field.name for field in fields]


def test_the_settings_are_those_there_are():
    told = dict(re.findall(r"^\| `FRAMECAP_(\w+)` \| (.+?) \|", section("Settings"), re.MULTILINE))
    assert {name.lower() for name in told} == set(variables())
    for name, default in variables().items():
        said = told[name.upper()]
        if said.startswith("`"):
            value = default.value if isinstance(default, Enum) else default
            assert said == f"`{value}`"
        else:
            words = {
                "allow_path": "none",
                "idle_decoders": "processors",
                "buckets": "none",
                "allow_host": "none",
                "allow_private_host": "none",
                "selections": "none",
                "running": "processors",
                "task_slots": "processors",
                "topics": "none",
                "open": "4 per processor",
            }
            assert said == words[name]


def test_the_metrics_are_those_there_are():
    registry = ServiceMetrics(Admission(AdmissionLimits())).registry
    names = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in registry.collect()
    }
    assert set(first_cells("Metrics")) == names


def test_the_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    titles = {f"#{title.lower()}" for title in re.findall(r"^## (.+)$", README, re.MULTILINE)}
    assert [link for link in links if link not in titles and not (ROOT / link).exists()] == []


def test_the_mistake_is_told_as_shown(framecap, clip, tmp_path):
    shown = code("Errors", "")
    command, *lines = shown.splitlines()
    shutil.copy(clip, tmp_path / "film.mp4")
    done = framecap(*command.removeprefix("$ framecap ").split())
    assert done.returncode == Exit.REQUEST
    assert done.stderr.splitlines() == lines


@pytest.mark.parametrize("request_text", first_cells("Sixty seconds to an image"))
def test_the_requests_to_try_are_valid(framecap, clip, request_text):
    if "ss_7500" in request_text:  # The clip here is shorter than the demo's.
        request_text = request_text.replace("ss_7500", "ss_750")
    done = framecap("explain", clip, request_text)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stdout


def test_the_client_works_as_it_stands(tmp_path, environment):
    make_clip(tmp_path / "film.mp4", frames=300)
    address = free_address()
    program = code("The service", "python")
    assert "127.0.0.1:50051" in program
    (tmp_path / "client.py").write_text(program.replace("127.0.0.1:50051", address))
    with subprocess.Popen(
        [*COMMAND, "serve", "--allow-path", ".", "--listen", address, "--metrics", "off"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
    ) as service:
        assert b"serving" in service.stderr.readline()
        done = subprocess.run(
            [sys.executable, "client.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        service.send_signal(signal.SIGTERM)
        service.stderr.read()
    assert done.stdout.splitlines() == [
        "frame_1.jpg 0 ms",
        "frame_2.jpg 5000 ms",
        "frame_3.jpg 10000 ms",
        "3 images",
    ]
