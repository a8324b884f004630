import io

from framecap.cli.progress import PHASES, ProgressBar, counted
from framecap.v1 import event_pb2


class Terminal(io.StringIO):
    def isatty(self):
        return True


def report(**facts):
    progress = event_pb2.CaptureProgress(phase=event_pb2.CAPTURE_PHASE_DECODING, **facts)
    progress.done.FromSeconds(5)
    progress.total.FromSeconds(20)
    return progress


def test_nothing_is_drawn_elsewhere_than_on_a_terminal():
    stream = io.StringIO()
    with ProgressBar(stream) as bar:
        assert not bar.shown
        bar.update(report(captured_count=3))
    assert stream.getvalue() == ""


def test_a_terminal_shows_how_far_it_is(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    with ProgressBar(stream) as bar:
        assert bar.shown
        bar.update(report(captured_count=3))
        bar.print("out/[red]a.jpg")
    drawn = stream.getvalue()
    for words in ("capturing", "25%", "00:00:05.000", "3 images", "out/[red]a.jpg\n"):
        assert words in drawn


def test_a_capture_of_unknown_length_is_shown_too(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    with ProgressBar(stream) as bar:
        bar.update(event_pb2.CaptureProgress(phase=event_pb2.CAPTURE_PHASE_HASHING))
    assert "comparing" in stream.getvalue()


def test_every_phase_has_a_word():
    assert set(PHASES) == set(event_pb2.CapturePhase.values()) - {0}


def test_images_are_counted():
    assert [counted(n) for n in (0, 1, 2)] == ["0 images", "1 image", "2 images"]
