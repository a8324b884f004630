"""Names of buckets and objects that are refused nowhere, and those refused everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.model.names import bucket_fault, has_unprintable, key_fault, printable, shown


@pytest.mark.parametrize("name", ["abc", "a-b.c", "0ab", "a" * 63, "1.2.3.4.5", "1.2.3"])
def test_bucket_names(name: str) -> None:
    assert bucket_fault(name) is None


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 64, "Abc", "a_b", ".ab", "ab-", "a..b", "1.2.3.4", "abc\n", "äbc"]
)
def test_names_of_no_bucket(name: str) -> None:
    assert str(bucket_fault(name)).startswith("is no bucket name: ")


@pytest.mark.parametrize("key", ["a", "a/b", "a/...", ".a/b.", "a b", "影/片", "\\", "k" * 1024])
def test_keys(key: str) -> None:
    assert key_fault(key) is None


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/..",
        "../a",
        "a/./b",
        "a\n",
        "a\0",
        "\ud800",
        "k" * 1025,
    ],
)
def test_texts_that_are_no_key(key: str) -> None:
    assert key_fault(key)


@given(st.text(st.characters()))
def test_what_was_made_printable_is_printable(text: str) -> None:
    assert not has_unprintable(printable(text))
    assert len(printable(text)) == len(text)


@given(st.text(st.characters(), max_size=300))
def test_a_sentence_stays_one_short_visible_line(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 10 * 101 + 2


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a b", '"a b"'),
        ("a\nb", '"a\\nb"'),
        ("\u202e", '"\\u202e"'),
        ("影", '"影"'),
        # As Python has the byte of a name that is not UTF-8.
        ("a\udcff", '"a\\xff"'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, quoted: str) -> None:
    assert shown(text) == quoted
