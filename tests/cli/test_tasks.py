"""The commands that call a service: tasks from their submission to their usage."""

from __future__ import annotations

import csv
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from cli.conftest import Done, Run
from support.clips import make_clip
from support.served import Served, served

Framecap: TypeAlias = Callable[..., Done]


def base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


REQUEST = (
    "video/snapshots,f_jpg,inter_1000"
    f"|sys/saveas,b_{base64('shots')},o_{base64('{barename}/{index}.jpg')}"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with two films and a file that is none."""
    data = tmp_path_factory.mktemp("data")
    films = data / "buckets/films"
    films.mkdir(parents=True)
    make_clip(films / "one.mp4", frames=60)
    make_clip(films / "two.mp4", frames=85)
    (films / "none.mp4").write_text("This is no video. " * 100)
    return data


@pytest.fixture(scope="module")
def service(data: Path) -> Iterator[Served]:
    """A service with workers."""
    with served(data=data, allow=data) as service:
        yield service


@pytest.fixture
def framecap(process: Run, service: Served) -> Framecap:
    """Runs a command against the service."""
    return lambda *arguments: process(*arguments, FRAMECAP_SERVER=service.address)


def submitted(done: Done) -> list[str]:
    """Returns the ids of the tasks that a command created."""
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def test_sources_are_submitted_watched_and_listed(
    framecap: Framecap, data: Path, tmp_path: Path
) -> None:
    listed = tmp_path / "sources.txt"
    listed.write_text("films/two.mp4\n\n")
    done = framecap("submit", "films/one.mp4", REQUEST, "--sources", listed, "--label", "batch=7")
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == [
        "films/one.mp4",
        "films/two.mp4",
    ]
    one, two = submitted(done)
    watched = framecap("watch", one, two)
    assert watched.returncode == 0, watched.stderr
    lines = [line.split("\t") for line in watched.stdout.splitlines()]
    assert len(lines) == 3 + 4
    address, time = lines[1]
    assert (address.endswith("/one/2.jpg"), time) == (True, "00:00:01.000")
    assert f"{one}: 3 images" in watched.stderr
    assert sorted(path.name for path in (data / "buckets/shots/two").iterdir()) == [
        "1.jpg",
        "2.jpg",
        "3.jpg",
        "4.jpg",
    ]
    table = framecap("tasks", "--source", "films/", "--state", "succeeded")
    assert table.stdout.startswith("TASK ")
    assert one in table.stdout
    assert two in table.stdout
    shown = framecap("tasks", one, "--json")
    task = json.loads(shown.stdout)
    assert (task["state"], task["labels"]) == ("TASK_STATE_SUCCEEDED", {"batch": "7"})
    assert task["usage"]["imageCount"] == "3"


def test_a_failure_is_reported_and_the_rest_goes_on(framecap: Framecap) -> None:
    done = framecap("submit", "films/absent.mp4", "films/none.mp4", REQUEST)
    assert done.returncode == 2
    assert "(SOURCE_NOT_FOUND)" in done.stderr
    (bad,) = submitted(done)
    watched = framecap("watch", bad)
    assert watched.returncode == 3
    assert "(MEDIA_CORRUPT)" in watched.stderr
    again = framecap("retry", bad)
    assert again.returncode == 0
    new, old = again.stdout.split()
    assert old == bad
    assert json.loads(framecap("tasks", new, "--json").stdout)["retryOf"] == bad
    assert framecap("watch", new).returncode == 3
    assert framecap("delete", bad, new).returncode == 0
    gone = framecap("tasks", bad)
    assert gone.returncode == 2
    assert "(TASK_NOT_FOUND)" in gone.stderr
    assert framecap("tasks", "--dead").stdout == ""
    assert framecap("retry", "--dead").returncode == 0


def test_an_ended_task_stays_when_it_is_cancelled(framecap: Framecap) -> None:
    (task_id,) = submitted(framecap("submit", "films/one.mp4", REQUEST))
    framecap("watch", task_id)
    assert framecap("cancel", task_id).returncode == 0
    assert "succeeded" in framecap("tasks", task_id).stdout


def test_a_validation_creates_nothing(framecap: Framecap) -> None:
    before = framecap("tasks", "--json").stdout
    done = framecap("submit", "films/one.mp4", REQUEST, "--validate-only")
    assert done.stdout == "valid\tfilms/one.mp4\n"
    assert framecap("tasks", "--json").stdout == before


def test_usage_is_shown_and_summed(framecap: Framecap) -> None:
    (task_id,) = submitted(framecap("submit", "films/one.mp4", REQUEST))
    framecap("watch", task_id)
    each = list(csv.DictReader(framecap("usage", "--csv").stdout.splitlines()))
    (row,) = (row for row in each if row["id"] == task_id)
    assert (row["mode"], row["outcome"], row["image_count"]) == ("inter", "OK", "3")
    assert int(row["written_bytes"]) > 0
    (summed,) = csv.DictReader(framecap("usage", "--by", "mode", "--csv").stdout.splitlines())
    assert int(summed["captures"]) == len(each)
    assert int(summed["image_count"]) == sum(int(row["image_count"]) for row in each)
    assert framecap("usage", "--until", "2001-01-01", "--csv").stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["submit", "films/one.mp4"], "give one REQUEST"),
        (["submit", REQUEST], "give at least one SOURCE"),
        (["submit", "a/b", REQUEST, "--label", "x"], '--label: "x" is not KEY=VALUE'),
        (["retry"], "give either TASK or --dead"),
        (["tasks", "--state", "done"], "'done' is not one of"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(
    process: Run, arguments: list[str], words: str
) -> None:
    done = process(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_nobody_answers(process: Run) -> None:
    done = process("tasks", "--server", "127.0.0.1:1")
    assert done.returncode == 4
    assert "framecap: " in done.stderr
    assert "Traceback" not in done.stderr
