"""What a reference names: a file beside its playlist, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.errors import SourceNotAllowed
from framecap.model.names import key_fault
from framecap.source.references import resolve

KEY = "films/trip/all.m3u8"


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("a.ts", "films/trip/a.ts"),
        ("./a.ts", "films/trip/a.ts"),
        ("low/a.ts", "films/trip/low/a.ts"),
        ("low/./../a.ts", "films/trip/a.ts"),
        ("../a.ts", "films/a.ts"),
        ("../../a.ts", "a.ts"),
        ("low//a.ts", "films/trip/low/a.ts"),
        ("a%20b.ts", "films/trip/a b.ts"),
        ("a%3Fb.ts", "films/trip/a?b.ts"),
        ("a.ts?token=1/2#x", "films/trip/a.ts"),
        ("a.ts#x?y", "films/trip/a.ts"),
        ("..a/b..ts", "films/trip/..a/b..ts"),
        ("low/a:b.ts", "films/trip/low/a:b.ts"),
    ],
)
def test_a_file_of_the_same_bucket(reference: str, key: str) -> None:
    assert resolve(KEY, reference) == key


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("", "names a folder"),
        ("low/", "names a folder"),
        ("../", "names a folder"),
        ("/a.ts", "is no relative path"),
        ("//host/a.ts", "is no relative path"),
        ("%2fa.ts", "is no relative path"),
        ("\\a.ts", "is no relative path"),
        ("file:a.ts", "is no relative path"),
        ("s3://films/a.ts", "is no relative path"),
        ("data:,x", "is no relative path"),
        ("subfile,,start,0,end,0,,:a.ts", "is no relative path"),
        ("../../../a.ts", "leads out of where its playlist is"),
        ("a/../../../../a.ts", "leads out of where its playlist is"),
        ("%2e%2e/%2E%2E/../a.ts", "leads out of where its playlist is"),
        ("..%2f..%2f..%2fa.ts", "leads out of where its playlist is"),
        ("a%00.ts", "control character"),
        ("a%0a.ts", "control character"),
        ("x" * 1100, "longer than 1024"),
    ],
)
def test_nothing_else(reference: str, why: str) -> None:
    with pytest.raises(SourceNotAllowed, match=why) as caught:
        resolve(KEY, reference)
    assert caught.value.message.isprintable()
    assert "only files beside it are read" in caught.value.message


@given(st.lists(st.sampled_from(["..", ".", "a", "/", "%2e", "%2f", ":", "?", "\\", ""])))
def test_whatever_it_is_it_is_a_key_or_refused(pieces: list[str]) -> None:
    try:
        resolved = resolve(KEY, "".join(pieces))
    except SourceNotAllowed:
        return
    assert key_fault(resolved) is None
