"""Every way a text can be wrong: the error, its column and its whole sentence."""

import pytest

from framecap.errors import (
    Code,
    OptionMissing,
    OptionRepeated,
    OptionUnknown,
    SpecSyntax,
    ValueOutOfRange,
)
from framecap.spec.grammar import MAX_CHARACTERS
from framecap.spec.text import parse

V = "video/snapshots,"
J = V + "f_jpg,"
N = V + "f_jpg|notify,"
S = V + "f_jpg|sys/saveas,"
NAMES = "ss, f, m, thr, num, inter, w, h, pw, ph, scaletype"
MS = "0..2147483647"

SYNTAX = [
    ("", 1, "the text is empty; it begins with video/snapshots"),
    (" \n ", 1, "the text is empty; it begins with video/snapshots"),
    ("f_jpg", 1, "f_jpg is not video/snapshots, which comes first"),
    ("  video/snapshot,f_jpg", 3, "video/snapshot is not video/snapshots, which comes first"),
    ("Video/Snapshots,f_jpg", 1, "Video/Snapshots is not video/snapshots, which comes first"),
    (",f_jpg", 1, '"" is not video/snapshots, which comes first'),
    ("|notify,topic_YQ", 1, '"" is not video/snapshots, which comes first'),
    (V, 17, "an option is missing after the comma"),
    (J, 23, "an option is missing after the comma"),
    (V + ",f_jpg", 17, "an option is missing after the comma"),
    (J + "_5", 23, "_5 has no option's name before its _"),
    (J + "w", 23, "w: has no value; allowed: 32..4096"),
    (J + "w_", 23, "w: has no value; allowed: 32..4096"),
    (V + "f_", 17, "f: has no value; allowed: jpg, png"),
    (V + "f_jpg|", 23, "a follow-up action is missing; allowed: sys/saveas, notify"),
    (
        V + "f_jpg|sys/save,o_YQ",
        23,
        "sys/save is no follow-up action; allowed: sys/saveas, notify; did you mean sys/saveas?",
    ),
    (
        V + "f_jpg|resize,w_1",
        23,
        "resize is no follow-up action; allowed: sys/saveas, notify",
    ),
    (N + "topic_YQ|sys/saveas,o_YQ", 38, "a second |; / separates follow-up actions"),
    (N + "topic", 30, "topic: has no value; allowed: 1..2048 bytes of text in URL-safe base64"),
    (
        "  " + "x" * (MAX_CHARACTERS + 1),
        3,
        f"{MAX_CHARACTERS + 1} characters are more than {MAX_CHARACTERS}",
    ),
]
UNKNOWN = [
    (J + "zap_1", 23, f"zap: is no option of video/snapshots; allowed: {NAMES}"),
    (J + "zap", 23, f"zap: is no option of video/snapshots; allowed: {NAMES}"),
    (
        J + "scaletyp_crop",
        23,
        f"scaletyp: is no option of video/snapshots; allowed: {NAMES}; did you mean scaletype?",
    ),
    (
        J + "width_100",
        23,
        f"width: is no option of video/snapshots; allowed: {NAMES}; did you mean w?",
    ),
    (V + "F_jpg", 17, f"F: is no option of video/snapshots; allowed: {NAMES}; did you mean f?"),
    (
        J + " w_100",
        23,
        f'" w": is no option of video/snapshots; allowed: {NAMES}; did you mean w?',
    ),
    (J + "x" * 80 + "_1", 23, f"{'x' * 64}…: is no option of video/snapshots; allowed: {NAMES}"),
    (J + "topic_YQ", 23, f"topic: is no option of video/snapshots; allowed: {NAMES}"),
    (N + "o_YQ", 30, "o: is no option of notify; allowed: topic"),
    (S + "object_YQ", 34, "object: is no option of sys/saveas; allowed: b, o; did you mean o?"),
]
REPEATED = [
    (J + "w_100,w_100", 29, "w: stands twice, first at 23"),
    (V + "f_jpg,m_key,f_png", 29, "f: stands twice, first at 17"),
    (S + "o_YQ,o_YQ", 39, "o: stands twice, first at 34"),
    (N + "topic_YQ/notify,topic_YQ", 39, "notify: stands twice, first at 23"),
    (S + "o_YQ/sys/saveas,o_YQ", 39, "sys/saveas: stands twice, first at 23"),
]
MISSING = [
    ("video/snapshots", 1, "f: is required; allowed: jpg, png"),
    ("\t" + V + "m_key", 2, "f: is required; allowed: jpg, png"),
    (J + "m_avg", 23, "num: is required with m_avg; allowed: 1..2147483647"),
    (
        V + "f_jpg|sys/saveas",
        23,
        "o: is required; allowed: 1..2048 bytes of text in URL-safe base64",
    ),
    (S + "b_YQ", 23, "o: is required; allowed: 1..2048 bytes of text in URL-safe base64"),
    (
        V + "f_jpg|notify",
        23,
        "topic: is required; allowed: 1..2048 bytes of text in URL-safe base64",
    ),
]
OUT_OF_RANGE = [
    (V + "f_gif", 17, "f: gif is not one of jpg, png"),
    (V + "f_jpeg", 17, "f: jpeg is not one of jpg, png; did you mean jpg?"),
    (V + "f_JPG", 17, "f: JPG is not one of jpg, png; did you mean jpg?"),
    (V + "f_jpg/notify,topic_YQ", 17, "f: jpg/notify is not one of jpg, png"),
    (J + "w_31", 23, "w: 31 is not in 32..4096"),
    (J + "w_4097", 23, "w: 4097 is not in 32..4096"),
    (J + "h_0", 23, "h: 0 is not in 32..4096"),
    (J + "pw_0", 23, "pw: 0 is not in 1..200"),
    (J + "ph_201", 23, "ph: 201 is not in 1..200"),
    (J + "thr_101", 23, "thr: 101 is not in 0..100"),
    (J + "thr_-1", 23, "thr: -1 is not in 0..100"),
    (J + "ss_-1", 23, f"ss: -1 is not in {MS}"),
    (J + "ss_-0", 23, f"ss: -0 is not in {MS}"),
    (J + "ss_2147483648", 23, f"ss: 2147483648 is not in {MS}"),
    (J + "num_" + "9" * 5000, 23, f"num: {'9' * 64}… is not in {MS}"),
    (J + "inter_x", 23, f"inter: x is not a whole number in {MS}"),
    (J + "inter_1.5", 23, f"inter: 1.5 is not a whole number in {MS}"),
    (J + "inter_+5", 23, f"inter: +5 is not a whole number in {MS}"),
    (J + "inter_1_0", 23, f"inter: 1_0 is not a whole number in {MS}"),
    (J + "inter_0x10", 23, f"inter: 0x10 is not a whole number in {MS}"),
    (J + "inter_ 5", 23, f'inter: " 5" is not a whole number in {MS}'),
    (J + "inter_5\n,m_key", 23, f"inter: 5\\n is not a whole number in {MS}"),
    (J + "inter_\u0663", 23, f"inter: \u0663 is not a whole number in {MS}"),
    (J + "inter_\ud800", 23, f"inter: \\ud800 is not a whole number in {MS}"),
    (J + "m_keyframe", 23, "m: keyframe is not one of inter, key, avg, dhash; did you mean key?"),
    (J + "m_avg,num_0", 29, "num: 0 is not in 1..2147483647, as m_avg requires"),
    (
        J + "scaletype_pad",
        23,
        "scaletype: pad is not one of stretch, crop, fill, fit; did you mean fill?",
    ),
    (N + "topic_YR", 30, "topic: YR is not base64: bits are left over at its end"),
    (N + "topic_YQ=", 30, "topic: YQ= is not base64: its padding does not fit its length"),
    (N + "topic_YWE==", 30, "topic: YWE== is not base64: its padding does not fit its length"),
    (
        N + "topic_YWFh====",
        30,
        "topic: YWFh==== is not base64: its padding does not fit its length",
    ),
    (N + "topic_Y", 30, "topic: Y is not base64: it is one character short or long"),
    (
        N + "topic_Pz-/",
        30,
        "topic: Pz-/ is not base64: it mixes the URL-safe and the standard alphabet",
    ),
    (
        N + "topic_YW E",
        30,
        'topic: "YW E" is not base64: it has other characters than A-Z a-z 0-9 - _',
    ),
    (
        N + "topic_YQ%3D%3D",
        30,
        "topic: YQ%3D%3D is not base64: it has other characters than A-Z a-z 0-9 - _",
    ),
    (
        N + "topic_YQ==YQ",
        30,
        "topic: YQ==YQ is not base64: it has other characters than A-Z a-z 0-9 - _",
    ),
    (N + "topic_Cg", 30, "topic: Cg decodes to an empty text"),
    (N + "topic_==", 30, "topic: == is not base64: its padding does not fit its length"),
    (N + "topic_gA", 30, "topic: gA does not decode to UTF-8"),
    (N + "topic_7aCA", 30, "topic: 7aCA does not decode to UTF-8"),
    (N + "topic_YQoK", 30, "topic: YQoK decodes to a control character, U+000A"),
    (N + "topic_YQ0", 30, "topic: YQ0 decodes to a control character, U+000D"),
    (N + "topic_AGE", 30, "topic: AGE decodes to a control character, U+0000"),
    (N + "topic_woU", 30, "topic: woU decodes to a control character, U+0085"),
    (N + "topic_" + "YWFh" * 683, 30, f"topic: {'YWFh' * 16}… decodes to more than 2048 bytes"),
    (N + "topic_YQ/", 30, "topic: YQ/ is not base64: bits are left over at its end"),
    (
        N + "topic_YQ/sys/saveas",
        30,
        "topic: YQ/sys/saveas is not base64: it is one character short or long",
    ),
]
ALL = [
    *((SpecSyntax, *row) for row in SYNTAX),
    *((OptionUnknown, *row) for row in UNKNOWN),
    *((OptionRepeated, *row) for row in REPEATED),
    *((OptionMissing, *row) for row in MISSING),
    *((ValueOutOfRange, *row) for row in OUT_OF_RANGE),
]
REASONS = {
    SpecSyntax: "SPEC_SYNTAX",
    OptionUnknown: "OPTION_UNKNOWN",
    OptionRepeated: "OPTION_REPEATED",
    OptionMissing: "OPTION_MISSING",
    ValueOutOfRange: "VALUE_OUT_OF_RANGE",
}


@pytest.mark.parametrize(("kind", "text", "column", "sentence"), ALL)
def test_refused(kind, text, column, sentence):
    with pytest.raises(kind) as caught:
        parse(text)
    error = caught.value
    assert str(error) == error.message == f"text:{column}: {sentence}"
    assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, REASONS[kind])
    assert (error.field, error.column) == ("text", column)
    assert error.metadata["column"] == str(column)


def metadata(text):
    with pytest.raises((SpecSyntax, OptionUnknown, OptionMissing, ValueOutOfRange)) as caught:
        parse(text)
    return caught.value.metadata


def test_metadata_of_a_value_out_of_range():
    assert metadata(J + "w_31") == {
        "option": "w",
        "value": "31",
        "allowed": "32..4096",
        "column": "23",
    }


def test_metadata_of_a_value_with_a_close_name():
    assert metadata(V + "f_jpeg") == {
        "option": "f",
        "value": "jpeg",
        "allowed": "jpg, png",
        "nearest": "jpg",
        "column": "17",
    }


def test_metadata_of_an_unknown_option():
    assert metadata(J + " thresh_7") == {
        "option": " thresh",
        "value": "7",
        "allowed": NAMES,
        "nearest": "thr",
        "column": "23",
    }


def test_metadata_of_a_missing_option():
    assert metadata(J + "m_avg") == {
        "option": "num",
        "allowed": "1..2147483647",
        "column": "23",
    }


def test_metadata_can_be_sent():
    # A lone surrogate cannot be encoded; a protobuf string refuses it.
    sent = metadata(J + "inter_\ud800\x00")
    assert sent["value"] == "\\ud800\\x00"
    assert all(part.encode() for part in sent.values())
