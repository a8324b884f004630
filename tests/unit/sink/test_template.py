"""Every variable, every rule about extensions, every refusal of a template."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.errors import RequestError, TargetInvalid, TargetIsSource
from framecap.model.names import key_fault
from framecap.model.spec import ImageFormat, ObjectDestination
from framecap.sink.naming import Naming, SourceName, resolve_bucket
from framecap.sink.template import DEFAULT_TEMPLATE, VARIABLES, KeyTemplate

SOURCE = SourceName(
    bucket="films",
    key="2024/05/trip.final.mp4",
    last_modified=datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC),
)
CREATED = datetime(2024, 11, 12, 13, 14, 15, tzinfo=UTC)


def naming(template: str, source: SourceName = SOURCE, **more) -> Naming:
    facts = {"bucket": "shots", "format": ImageFormat.JPG, "created": CREATED} | more
    return Naming(template=KeyTemplate.parse(template), source=source, **facts)


def key(template: str, source: SourceName = SOURCE, **more) -> str:
    return naming(template, source, **more).key(index=3, stream_ordinal=1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("bucket", "films"),
        ("key", "2024/05/trip.final.mp4"),
        ("dirname", "2024/05"),
        ("basename", "trip.final.mp4"),
        ("barename", "trip.final"),
        ("ext", "mp4"),
        ("year", "2023"),
        ("mon", "04"),
        ("day", "05"),
        ("hour", "06"),
        ("min", "07"),
        ("sec", "08"),
        ("t_year", "2024"),
        ("t_mon", "11"),
        ("t_day", "12"),
        ("t_hour", "13"),
        ("t_min", "14"),
        ("t_sec", "15"),
        ("streamindex", "1"),
        ("index", "3"),
        ("autoext", "jpg"),
    ],
)
def test_variables(variable: str, value: str) -> None:
    assert variable in VARIABLES
    assert key(f"<{{{variable}}}>.x") == f"<{value}>.x"


def test_there_are_no_other_variables() -> None:
    assert len(VARIABLES) == len(set(VARIABLES)) == 21


def test_autoext_is_the_format() -> None:
    assert key("a{index}.{autoext}", format=ImageFormat.PNG) == "a3.png"


def test_times_are_utc_whatever_their_zone() -> None:
    source = replace(
        SOURCE, last_modified=datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=8)))
    )
    assert key("{year}-{mon}-{day}T{hour}.x", source) == "2023-12-31T17.x"


@pytest.mark.parametrize(
    ("source_key", "named"),
    [
        ("a.mp4", "|a.mp4|a|mp4"),
        ("d/a", "d|a|a|"),
        ("d/.hidden", "d|.hidden|.hidden|"),
        ("d.x/a", "d.x|a|a|"),
        ("a.", "|a.|a|"),
        ("a.tar.gz", "|a.tar.gz|a.tar|gz"),
    ],
)
def test_parts_of_a_source_key(source_key: str, named: str) -> None:
    source = replace(SOURCE, key=source_key)
    assert key("<{dirname}|{basename}|{barename}|{ext}>.x", source) == f"<{named}>.x"


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("dest", "dest_1_3.jpg"),
        ("a/dest", "a/dest_1_3.jpg"),
        ("v1.2/dest", "v1.2/dest_1_3.jpg"),
        ("dest.", "dest._1_3.jpg"),
        ("{key}", "2024/05/trip.final.mp4_1_3.jpg"),
        ("dest.{barename}", "dest.trip.final_1_3.jpg"),
        ("dest_{index}", "dest_3.jpg"),
        ("dest.{index}", "dest.3.jpg"),
        ("v1.2/{index}", "v1.2/3.jpg"),
        ("{index}/dest", "3/dest.jpg"),
        ("dest_{index}.png", "dest_3.png"),
        ("dest_{index}.{autoext}", "dest_3.jpg"),
        ("dest_{index}.{ext}", "dest_3.mp4"),
        ("dest.jpg", "dest.jpg"),
        (".jpg", ".jpg"),
        ("dest.{autoext}", "dest.jpg"),
        ("dest.{ext}", "dest.mp4"),
        ("a.b.{autoext}", "a.b.jpg"),
        ("a.{barename}.{autoext}", "a.trip.final.jpg"),
        ("v1.2_{index}", "v1.2_3"),
        ("{{{index}}}", "{3}.jpg"),
        ("{{index}}.x", "{index}.x"),
        ("a}}b{{c.x", "a}b{c.x"),
        (DEFAULT_TEMPLATE, "trip.final_1_3.jpg"),
    ],
)
def test_extensions_and_numbers_are_completed(template: str, filled: str) -> None:
    assert key(template) == filled


@pytest.mark.parametrize(
    ("template", "one"),
    [
        ("cover.jpg", True),
        ("{barename}.{autoext}", True),
        ("{streamindex}.png", True),
        ("cover", False),
        ("cover_{index}.jpg", False),
        ("{index}", False),
        ("{index}/cover.jpg", False),
        ("cover.{{index}}", True),
    ],
)
def test_one_key_for_all_is_an_extension_without_a_number(template: str, one: bool) -> None:
    assert naming(template).one_key is one


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{dirname}/x.y", "x.y"),
        ("a/{dirname}/x.y", "a/x.y"),
        ("{dirname}_x.y", "_x.y"),
        ("{dirname}{barename}/x.y", "a/x.y"),
        ("{dirname}/{dirname}/x.y", "x.y"),
    ],
)
def test_an_empty_dirname_swallows_its_slash(template: str, filled: str) -> None:
    assert key(template, replace(SOURCE, key="a.mp4")) == filled


def test_a_dirname_that_is_there_keeps_its_slash() -> None:
    assert key("{dirname}/x.y") == "2024/05/x.y"


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("", "is empty"),
        ("shots/", "ends with a slash: it names a folder, not an object"),
        ("{dirname}/", "ends with a slash"),
        ("/shots.jpg", "begins with a slash"),
        ("/{index}", "begins with a slash"),
        (
            "a\n.jpg",
            "has a control character, or one that UTF-8 cannot say (a line break); leave it",
        ),
        ("a\t.jpg", "has a control character, or one that UTF-8 cannot say (a tab); leave it out"),
        ("a\0.jpg", "control character"),
        ("a\ud800.jpg", "one that UTF-8 cannot say"),
        ("a" * 1025, "longer than 1024 characters"),
        ("a{", "single { at character 2; write {{ for the character"),
        ("a}b", "single } at character 2; write }} for the character"),
        ("{index", "single { at character 1"),
        ("{a{index}}", "single { at character 1"),
        ("{}", 'the variable "", which does not exist'),
        ("{Index}", 'the variable "Index"'),
        ("{index }", 'the variable "index "'),
        ("{index:03}", 'the variable "index:03"'),
        ("{0.__class__}", 'the variable "0.__class__"'),
        ("{file}", "allowed: bucket, key, dirname"),
    ],
)
def test_texts_that_are_no_template(template: str, why: str) -> None:
    with pytest.raises(TargetInvalid) as caught:
        KeyTemplate.parse(template)
    error = caught.value
    assert (error.code.name, error.reason) == ("INVALID_ARGUMENT", "TARGET_INVALID")
    assert error.field == "delivery.object.key_template"
    assert why in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("zzz", None),
        ("idx", "index"),
        ("indx", "index"),
        ("Index", "index"),
        ("autoextension", "autoext"),
    ],
)
def test_the_nearest_variable_is_named(wrong: str, right: str | None) -> None:
    with pytest.raises(TargetInvalid) as caught:
        KeyTemplate.parse(f"{{{wrong}}}")
    assert caught.value.metadata["nearest"] == (right or "")
    assert (f"did you mean {{{right}}}?" in caught.value.message) is (right is not None)


def test_a_caller_may_name_the_field() -> None:
    with pytest.raises(TargetInvalid) as caught:
        KeyTemplate.parse("", field="text")
    assert (caught.value.field, caught.value.message) == ("text", 'text: "" is empty')


@pytest.mark.parametrize(
    ("template", "source_key", "why"),
    [
        ("../x.jpg", "a", "has the segment .."),
        ("a/../x.jpg", "a", "has the segment .."),
        ("a/./x.jpg", "a", "has the segment ."),
        ("a//x.jpg", "a", "two slashes in a row"),
        ("{ext}/x.jpg", "a", "begins with a slash"),
        ("a/{ext}/x.jpg", "a", "two slashes in a row"),
        ("{ext}.{ext}/x_{index}", "a", "has the segment ."),
        (".{ext}./x_{index}", "a", "has the segment .."),
        ("{key}/{key}/{key}/{key}", "k" * 300, "longer than 1024 bytes"),
        ("{key}_{index}.jpg", "k" * 1014, "longer than 1024 bytes"),
        ("影" * 342, "a", "longer than 1024 bytes"),
    ],
)
def test_keys_that_leave_their_bucket(template: str, source_key: str, why: str) -> None:
    source = replace(SOURCE, key=source_key)
    with pytest.raises(TargetInvalid, match=why.replace(".", r"\.")):
        naming(template, source)


def test_a_source_without_bucket_lends_no_bucket_to_names() -> None:
    with pytest.raises(TargetInvalid, match="names the source's bucket, and the source has none"):
        naming("{bucket}/x", replace(SOURCE, bucket=None))
    assert key("x", replace(SOURCE, bucket=None)) == "x_1_3.jpg"


@pytest.mark.parametrize("template", ["2024/05/trip.final.mp4", "{dirname}/{barename}.{ext}"])
def test_an_image_never_replaces_its_source(template: str) -> None:
    with pytest.raises(TargetIsSource) as caught:
        naming(template, bucket="films")
    error = caught.value
    assert (error.code.name, error.reason) == ("INVALID_ARGUMENT", "TARGET_IS_SOURCE")
    assert error.field == "delivery.object.key_template"
    assert '"films/2024/05/trip.final.mp4"' in error.message


def test_a_numbered_image_that_would_replace_its_source_is_refused_when_it_comes() -> None:
    source = replace(SOURCE, key="a_0_2.jpg")
    names = naming("a", source, bucket="films")
    assert names.key(index=1, stream_ordinal=0) == "a_0_1.jpg"
    with pytest.raises(TargetIsSource):
        names.key(index=2, stream_ordinal=0)


def test_the_same_key_in_another_bucket_or_directory_is_another_object() -> None:
    same = replace(SOURCE, key="a.jpg")
    assert key("a.jpg", same, bucket="shots") == "a.jpg"
    assert key("a.jpg", replace(same, bucket=None), bucket=None) == "a.jpg"


@pytest.mark.parametrize(
    ("template", "image_format", "told"),
    [
        ("a.jpg", ImageFormat.JPG, None),
        ("a.JPEG", ImageFormat.JPG, None),
        ("a.png", ImageFormat.PNG, None),
        ("a", ImageFormat.PNG, None),
        ("a.{autoext}", ImageFormat.PNG, None),
        ("a.png", ImageFormat.JPG, "png"),
        ("a.jpg", ImageFormat.PNG, "jpg"),
        ("{index}.{ext}", ImageFormat.JPG, "mp4"),
        ("v1.2_{index}", ImageFormat.JPG, "2_1"),
    ],
)
def test_an_extension_of_another_format_is_told(
    template: str, image_format: ImageFormat, told: str | None
) -> None:
    warnings = naming(template, format=image_format).warnings()
    assert [warning.reason for warning in warnings] == (
        [] if told is None else ["EXTENSION_DIFFERS"]
    )
    for warning in warnings:
        assert warning.metadata["extension"] == told
        assert warning.metadata["format"] == image_format.value
        assert warning.message == (
            f'delivery.object.key_template: names end in "{told}",'
            f" but the images are {image_format.value}, as f says"
        )


@pytest.mark.parametrize(
    ("bucket", "source_bucket", "resolved"),
    [("shots", "films", "shots"), (None, "films", "films"), ("shots", None, "shots")],
)
def test_the_bucket_defaults_to_the_source_s(
    bucket: str | None, source_bucket: str | None, resolved: str
) -> None:
    assert (
        resolve_bucket(ObjectDestination(bucket=bucket, key_template="x"), source_bucket)
        == resolved
    )


@pytest.mark.parametrize(
    ("bucket", "why"),
    [
        (None, "is left out, and the source has no bucket to default to"),
        ("", "is left out"),
        ("..", "is no bucket name"),
        ("My_Shots", "is no bucket name"),
        ("a/b", "is no bucket name"),
    ],
)
def test_a_target_without_a_bucket_is_refused(bucket: str | None, why: str) -> None:
    with pytest.raises(TargetInvalid, match=why) as caught:
        resolve_bucket(ObjectDestination(bucket=bucket, key_template="x"), None)
    assert caught.value.field == "delivery.object.bucket"


PIECES = st.one_of(
    st.sampled_from([f"{{{name}}}" for name in VARIABLES]),
    st.sampled_from(["/", ".", "..", "{{", "}}", "{", "}", "\\", "a", "\0", "//"]),
    st.text(max_size=3),
)
TEMPLATES = st.lists(PIECES, max_size=8).map("".join)


@given(TEMPLATES, st.text(st.characters(), min_size=1), st.integers(1, 2**31 - 1))
def test_whatever_is_asked_every_name_is_a_key(template: str, source_key: str, index: int) -> None:
    try:
        names = naming(template, replace(SOURCE, key=source_key))
        named = names.key(index=index, stream_ordinal=0)
        names.warnings()
    except RequestError as error:
        assert error.message.isprintable()
    else:
        assert key_fault(named) is None


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50))
def test_doubled_braces_say_any_text(text: str) -> None:
    written = text.replace("{", "{{").replace("}", "}}")
    assert KeyTemplate.parse(f"x{written}x.jpg").fill({}) == f"x{text}x.jpg"
