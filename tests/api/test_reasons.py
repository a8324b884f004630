"""The reasons are the same in the contract's text and in the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import grpc

from framecap.errors import CaptureError

README = Path(__file__).parents[2] / "proto" / "README.md"
ROW = re.compile(r"^\| `(?P<reason>[A-Z_]+)` \| `(?P<code>[A-Z_]+)` \| (?P<meaning>.+) \|$", re.M)


def errors(kind: type[CaptureError] = CaptureError) -> Iterator[type[CaptureError]]:
    yield kind
    for below in kind.__subclasses__():
        # Tests may have made some of their own.
        if below.__module__ == CaptureError.__module__:
            yield from errors(below)


def test_the_contract_lists_every_reason_with_its_code() -> None:
    listed = {(row["reason"], row["code"]) for row in ROW.finditer(README.read_text())}
    assert listed == {(error.reason, error.code.name) for error in errors()}


def test_no_two_errors_share_a_reason() -> None:
    # The family's own name stands for its internal kind.
    reasons = [error.reason for error in errors() if error is not CaptureError]
    assert len(reasons) == len(set(reasons))


def test_codes_are_grpc_codes() -> None:
    known = {code.name: code.value[0] for code in grpc.StatusCode}
    for error in errors():
        assert known[error.code.name] == error.code.value
