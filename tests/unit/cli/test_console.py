import io
from pathlib import Path

import pytest

from framecap.cli.console import Console, readable
from framecap.cli.progress import ProgressBar
from framecap.storage.buckets import Buckets
from framecap.v1 import event_pb2
from framecap.v1.event_pb2 import CaptureEvent


def make_console(quiet=False):
    return Console(ProgressBar(io.StringIO()), buckets=Buckets(Path("data")), quiet=quiet)


def frame(uri, seconds=0, **facts):
    event = CaptureEvent(frame=event_pb2.FrameCaptured(uri=uri, **facts))
    event.frame.media_time.FromSeconds(seconds)
    return event


def finished(**facts):
    return CaptureEvent(finished=event_pb2.CaptureFinished(**facts))


def test_an_image_is_a_line_with_its_path_and_time(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    make_console().show(frame((tmp_path / "out" / "a b_1.jpg").as_uri(), 65))
    assert capsys.readouterr().out == "out/a b_1.jpg\t00:01:05.000\n"


@pytest.mark.parametrize(
    ("folder", "shown"), [("a\nb", r"a\nb"), ("a\tb", r"a\tb"), ("a\udcffb", r"a\xffb")]
)
def test_an_image_is_one_line_of_two_fields_whatever_its_path(
    capsys, monkeypatch, tmp_path, folder, shown
):
    monkeypatch.chdir(tmp_path)
    console = make_console()
    console.show(frame((tmp_path / folder / "a_1.jpg").as_uri(), 65))
    assert capsys.readouterr().out == f"{shown}/a_1.jpg\t00:01:05.000\n"
    console.show(finished(captured_count=1))
    assert console.closing() == f"1 image in {shown}."


def test_a_quiet_console_leaves_standard_output_alone(capsys):
    make_console(quiet=True).show(frame("file:///x/a.jpg"))
    assert capsys.readouterr().out == ""


def test_warnings_go_to_standard_error(capsys):
    console = make_console()
    warning = event_pb2.CaptureWarning(reason="W", message="thr has no effect")
    console.show(CaptureEvent(accepted=event_pb2.CaptureAccepted(warnings=[warning])))
    console.show(CaptureEvent(warning=warning))
    captured = capsys.readouterr()
    assert captured.err == 2 * "framecap: warning: thr has no effect\n"
    assert captured.out == ""


def closing(*events):
    console = make_console(quiet=True)
    for event in events:
        console.show(event)
    return console.closing()


def test_the_closing_sentence_says_how_many_and_where():
    events = [frame("file:///x/a.jpg"), frame("file:///x/b.jpg"), finished(captured_count=2)]
    assert closing(*events) == "2 images in /x."
    assert closing(events[0], finished(captured_count=1)) == "1 image in /x."


def test_the_closing_sentence_names_the_current_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    events = [frame((tmp_path / "a.jpg").as_uri()), finished(captured_count=1)]
    assert closing(*events) == "1 image in the current directory."


def test_the_closing_sentence_explains_a_shortfall():
    end = finished(captured_count=0, explanation="Nothing changed.")
    assert closing(end) == "0 images. Nothing changed."


def test_the_closing_sentence_counts_folders():
    events = [frame("file:///x/1/a.jpg"), frame("file:///x/2/a.jpg"), finished(captured_count=2)]
    assert closing(*events) == "2 images in 2 folders."


def test_the_closing_sentence_reports_replaced_images():
    events = [frame("", superseded=True), frame("file:///x/a.jpg"), finished(captured_count=2)]
    assert "only the last of them stored (1 had the same name)" in closing(*events)


def test_the_closing_sentence_reports_damage():
    end = finished(captured_count=3, damage={"damaged_count": 1, "undecodable_count": 4})
    assert closing(end).endswith("The video is damaged: 1 image affected, 4 packets not decodable.")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("file:///elsewhere/a.jpg", "/elsewhere/a.jpg"),
        ("file:///elsewhere/a%25b%20%C3%A4.jpg", "/elsewhere/a%b ä.jpg"),
        ("s3://shots/a/b.jpg", "data/buckets/shots/a/b.jpg"),
    ],
)
def test_an_address_is_shown_as_people_write_it(uri, expected):
    assert readable(uri, Buckets(Path("data"))) == expected
