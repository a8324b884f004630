"""Identifiers of tasks have the form of RFC 9562, and their order is that of creation."""

from __future__ import annotations

import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.tasks.uuid7 import PREFIX, Uuid7, created, lowest, parse_task_id, task_id

MS = 1_000_000
NOW = 1_724_133_063_161 * MS

# The example of RFC 9562, A.6: 2022-02-22T19:22:22.000Z.
EXAMPLE = uuid.UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")


def test_the_example_of_the_rfc_has_its_time() -> None:
    assert created(EXAMPLE) == 1_645_557_742_000 * MS
    assert lowest(created(EXAMPLE)) <= EXAMPLE < lowest(created(EXAMPLE) + 1)


@given(st.integers(0, (2**48 - 1) * MS))
def test_version_variant_and_time_are_in_their_bits(instant: int) -> None:
    number = Uuid7(lambda: instant)()
    assert number.version == 7
    assert number.variant == uuid.RFC_4122
    assert created(number) in (instant // MS * MS, instant // MS * MS + MS)


def test_identifiers_increase_within_a_millisecond_and_when_the_clock_falls_back() -> None:
    times = iter([NOW] * 1000 + [NOW - 3600 * 1000 * MS] * 1000 + [NOW + MS] * 1000)
    make = Uuid7(lambda: next(times))
    numbers = [make() for _ in range(3000)]
    assert numbers == sorted(set(numbers))
    assert created(numbers[1999]) == NOW
    assert created(numbers[2000]) == NOW + MS


def test_a_full_counter_runs_into_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framecap.tasks.uuid7.secrets.randbits", lambda bits: 2**bits - 1)
    monkeypatch.setattr("framecap.tasks.uuid7.STEP_BITS", 73)
    make = Uuid7(lambda: NOW)
    numbers = [make() for _ in range(4)]
    assert numbers == sorted(set(numbers))
    assert [created(number) - NOW for number in numbers] == [0, 0, MS, MS]


def test_threads_share_one_order() -> None:
    make = Uuid7(lambda: NOW)
    made: list[list[uuid.UUID]] = [[] for _ in range(4)]

    def work(own: list[uuid.UUID]) -> None:
        own.extend(make() for _ in range(2000))

    threads = [threading.Thread(target=work, args=(own,)) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(own == sorted(own) for own in made)
    assert len({number for own in made for number in own}) == 8000


def test_an_id_reads_back() -> None:
    number = Uuid7()()
    assert task_id(number) == f"MediaConvert-{number}"
    assert parse_task_id(task_id(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREFIX,
        str(EXAMPLE) + "0",
        f"{PREFIX}{str(EXAMPLE).upper()}",
        f"{PREFIX}{EXAMPLE.hex}",
        f"{PREFIX}{{{str(EXAMPLE)[1:-1]}}}",
        str(EXAMPLE),
        f"{PREFIX}45b1b4c9-7882-4b2e-b333-9cd6108d24fb",
        f"{PREFIX}{'x' * 36}",
        f"mediaconvert-{EXAMPLE}",
    ],
)
def test_any_other_text_is_no_id(text: str) -> None:
    assert parse_task_id(text) is None
