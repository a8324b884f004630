import pytest

from framecap import errors
from framecap.cli.exits import Exit, exit_of, report_failure
from framecap.events.status import to_status

FAMILIES = [
    (errors.SpecSyntax("x", field="text"), Exit.REQUEST),
    (errors.DeliveryConflict("x", field="delivery"), Exit.REQUEST),
    (errors.OffsetAfterEnd("x"), Exit.REQUEST),
    (errors.SourceNotFound("x"), Exit.REQUEST),
    (errors.BucketNotFound("x"), Exit.REQUEST),
    (errors.SourceNotAllowed("x"), Exit.REQUEST),
    (errors.NoVideoStream("x"), Exit.MEDIA),
    (errors.MediaCorrupt("x"), Exit.MEDIA),
    (errors.CodecUnsupported("x"), Exit.MEDIA),
    (errors.LimitExceeded("x"), Exit.MEDIA),
    (errors.DecoderCrashed("x"), Exit.MEDIA),
    (errors.DecoderStalled("x"), Exit.MEDIA),
    (errors.DecoderLost("x"), Exit.FAILED),
    (errors.SourceUnreachable("x"), Exit.FAILED),
    (errors.SinkUnreachable("x"), Exit.FAILED),
    (errors.InternalError("x"), Exit.FAILED),
]


@pytest.mark.parametrize(("error", "expected"), FAMILIES, ids=lambda value: str(value))
def test_every_error_has_its_exit_status(error, expected):
    assert exit_of(to_status(error)) == expected


def test_success_is_zero():
    assert exit_of(to_status(None)) == 0


def test_the_sentence_and_the_reason_go_to_standard_error(capsys):
    error = errors.SourceNotFound("there is no file a.mp4")
    assert report_failure(to_status(error)) == 2
    captured = capsys.readouterr()
    assert captured.err == "framecap: there is no file a.mp4 (SOURCE_NOT_FOUND)\n"
    assert captured.out == ""


def test_the_wrong_place_of_a_request_is_marked(capsys):
    error = errors.OptionUnknown("no such option", field="text", column=17)
    report_failure(to_status(error), "video/snapshots,x_1")
    lines = capsys.readouterr().err.splitlines()
    assert lines[1:] == ["  video/snapshots,x_1", "                  ^"]
    assert lines[1][lines[2].index("^")] == "x"


def test_a_request_that_would_break_the_terminal_is_not_shown(capsys):
    error = errors.SpecSyntax("bad", field="text", column=1)
    report_failure(to_status(error), "video\x1b[2J")
    assert "\x1b" not in capsys.readouterr().err
