"""Which texts name a source, and what each of the others gets."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framecap.errors import SourceInvalid
from framecap.source.address import (
    FileAddress,
    ObjectAddress,
    UrlAddress,
    parse_source,
    parse_user_source,
)

LONG = "k" * 1024


@pytest.mark.parametrize(
    ("text", "address", "public"),
    [
        ("films/a.mp4", ObjectAddress("films", "a.mp4"), "films/a.mp4"),
        ("films/2024/a b.mp4", ObjectAddress("films", "2024/a b.mp4"), "films/2024/a b.mp4"),
        ("s3://films/a.mp4", ObjectAddress("films", "a.mp4", "s3"), "s3://films/a.mp4"),
        ("oss://films/a.mp4", ObjectAddress("films", "a.mp4", "oss"), "oss://films/a.mp4"),
        ("S3://films/a.mp4", ObjectAddress("films", "a.mp4", "s3"), "s3://films/a.mp4"),
        ("a.b-0/k", ObjectAddress("a.b-0", "k"), "a.b-0/k"),
        ("films/影片.mp4", ObjectAddress("films", "影片.mp4"), "films/影片.mp4"),
        ("s3://films/a%20b?x", ObjectAddress("films", "a%20b?x", "s3"), "s3://films/a%20b?x"),
        (f"films/{LONG}", ObjectAddress("films", LONG), f"films/{LONG}"),
        ("/srv/a.mp4", FileAddress("/srv/a.mp4"), "/srv/a.mp4"),
        ("file:///srv/a.mp4", FileAddress("/srv/a.mp4"), "/srv/a.mp4"),
        ("file://localhost/srv/a.mp4", FileAddress("/srv/a.mp4"), "/srv/a.mp4"),
        ("file:///srv/a%20%E5%BD%B1.mp4", FileAddress("/srv/a 影.mp4"), "/srv/a 影.mp4"),
        ("/srv/...", FileAddress("/srv/..."), "/srv/..."),
    ],
)
def test_addresses(text: str, address: ObjectAddress | FileAddress, public: str) -> None:
    assert parse_source(text) == address
    assert parse_source(text).public_name == public


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("https://host/a.mp4", "https://host/a.mp4"),
        ("https://host:8443/a.mp4?sig=SECRET#SECRET", "https://host:8443/a.mp4"),
        ("https://me:SECRET@host/a.mp4", "https://host/a.mp4"),
        ("HTTPS://[::1]:443/a", "https://[::1]:443/a"),
    ],
)
def test_a_web_address_shows_no_secret(text: str, public: str) -> None:
    address = parse_source(text)
    assert isinstance(address, UrlAddress)
    assert address.url == text
    assert address.public_name == public
    assert "SECRET" not in repr(address)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("a.mp4", "a bucket at most, and no key in it; allowed: bucket/key, s3://bucket/key"),
        ("films/", "a key that is empty"),
        ("films", "no key in it"),
        ("s3://films", "no key in it"),
        ("s3:///a.mp4", 'the bucket "", which is no bucket name'),
        ("Films/a.mp4", "is no bucket name: 3 to 63 lower-case letters"),
        ("my_films/a.mp4", "is no bucket name"),
        ("ab/a.mp4", "is no bucket name"),
        ("a" * 64 + "/a.mp4", "is no bucket name"),
        ("-films/a.mp4", "is no bucket name"),
        ("films./a.mp4", "is no bucket name"),
        ("fi..lms/a.mp4", "two dots in a row"),
        ("192.168.0.1/a.mp4", "looks like an IP address"),
        ("./a.mp4", 'the bucket ".", which is no bucket name'),
        ("../a.mp4", 'the bucket "..", which is no bucket name'),
        ("films/../a.mp4", "has the segment .."),
        ("films/a/..", "has the segment .."),
        ("films/./a.mp4", "has the segment ."),
        ("films//a.mp4", "begins with a slash"),
        ("films/a//b.mp4", "two slashes in a row"),
        ("films/a/", "ends with a slash"),
        (
            "films/a\n.mp4",
            'source: "films/a\\n.mp4" has a control character, or one that UTF-8 cannot say'
            " (a line break); write the name without it, or rename what has it",
        ),
        ("films/a\t.mp4", "control character, or one that UTF-8 cannot say (a tab); write the"),
        ("films/a\x00.mp4", "control character"),
        ("films/a\x85.mp4", "control character"),
        ("films/a\u2028.mp4", "control character"),
        (
            "films/a\udcff.mp4",
            'source: "films/a\\xff.mp4" has a control character, or one that UTF-8 cannot say'
            " (the byte 0xFF, which is not UTF-8); write the name without it, or rename",
        ),
        ("films/a\ud800.mp4", "one that UTF-8 cannot say (U+D800)"),
        (f"films/{LONG}k", "longer than 1024 bytes"),
        ("films/" + "影" * 342, "longer than 1024 bytes"),
        ("/" + "a/" * 2048, "longer than 4096 bytes"),
        ("/", "names a path that is empty"),
        ("/srv/../etc/passwd", "has the segment .."),
        ("/srv//a.mp4", "two slashes in a row"),
        ("/srv/", "ends with a slash"),
        ("//host/share", "begins with a slash"),
        ("file:///srv/%2e%2e/a", "has the segment .."),
        (
            "file:///srv/a%00",
            "control character, or one that UTF-8 cannot say (a zero byte); write",
        ),
        (
            "file:///srv/a%0A",
            "control character, or one that UTF-8 cannot say (a line break); write",
        ),
        ("file:///srv/a%FF", "(the byte 0xFF, which is not UTF-8); write the name without it"),
        ("file://other/srv/a", "another machine"),
        ("file:///srv/a?b", "%3F"),
        ("file:///srv/a#b", "%23"),
        ("file://srv", "another machine"),
        ("file://", "names a path that is empty"),
        ("https://", "names no host"),
        ("https:///a.mp4", "names no host"),
        ("https://host:99999/a", "port"),
        ("https://host/a b", "has a space"),
        ("https://[::1/a", "is no URL"),
        ("http://host/a.mp4", "a scheme that is not read"),
        ("ftp://host/a.mp4", "a scheme that is not read"),
        ("concat://a|b", "a scheme that is not read"),
        ("://x", "a scheme that is not read"),
    ],
)
def test_texts_that_name_no_source(text: str, why: str) -> None:
    with pytest.raises(SourceInvalid) as caught:
        parse_source(text)
    error = caught.value
    assert (error.code.name, error.reason, error.field) == (
        "INVALID_ARGUMENT",
        "SOURCE_INVALID",
        "source",
    )
    assert error.message.startswith("source: ")
    assert why in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "https://me:SECRET@/a?SECRET",
        "https://me:SECRET@host:99999/a",
        "http://me:SECRET@host/a?SECRET",
        "ftp://host/SECRET",
    ],
)
def test_a_refused_web_address_shows_no_secret(text: str) -> None:
    with pytest.raises(SourceInvalid) as caught:
        parse_source(text)
    assert "SECRET" not in caught.value.message + str(caught.value.metadata)


@given(st.text())
@example("s3://" * 3)
@example("file://[")
@example("https://[v1.x]/")
@example("https://\u2100/")
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse_source(text)
    except SourceInvalid as error:
        assert error.message.isprintable()
        return
    if isinstance(address, FileAddress):
        assert address.path.startswith("/")
        assert not {"", ".", ".."} & set(address.path[1:].split("/"))
    if isinstance(address, ObjectAddress):
        assert not {"", ".", ".."} & set(f"{address.bucket}/{address.key}".split("/"))


@given(st.sampled_from(["s3://", "oss://", "file://", "https://", "/", "abc/"]), st.text())
def test_any_text_after_any_scheme_is_an_address_or_refused(prefix: str, text: str) -> None:
    test_any_text_is_an_address_or_refused.hypothesis.inner_test(prefix + text)


@pytest.mark.parametrize("text", ["a.mp4", "clips/a.mp4", "../a.mp4", "a//b\n.mp4", "a\udcff.mp4"])
def test_on_a_command_line_what_has_no_scheme_is_a_path(text: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_user_source(text) == FileAddress(f"{tmp_path}/{text}")


def test_on_a_command_line_absolute_paths_and_urls_stay() -> None:
    assert parse_user_source("/srv/../a.mp4") == FileAddress("/srv/../a.mp4")
    assert parse_user_source("s3://films/a") == ObjectAddress("films", "a", "s3")


@pytest.mark.parametrize("text", ["", "a\0b", "http://host/a"])
def test_on_a_command_line_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(SourceInvalid):
        parse_user_source(text)
