"""Faults of the decoder's own code: the log learns them, the client learns a number."""

from __future__ import annotations

import pytest

from framecap.decoder.service.process import DecoderFault
from framecap.errors import Code, InternalError
from framecap.events.status import to_status
from support.decoder.jobs import capture


@pytest.fixture
def expected_errors() -> list[str]:
    return ["incident [0-9a-f]+"]


@pytest.mark.parametrize(
    ("text", "traceback"),
    [
        ("err", "the secret of the pipeline"),
        ("stop_short", "a capture without a summary"),
        ("unheard-of", "KeyError"),
    ],
)
async def test_a_fault_is_logged_not_told(launcher, text, traceback, caplog):
    with pytest.raises(InternalError) as caught:
        await capture(launcher, text)
    assert caught.value.code is Code.INTERNAL
    number = caught.value.metadata["incident"]
    assert number in str(caught.value)
    assert traceback not in repr(to_status(caught.value))
    (record,) = (record for record in caplog.records if number in record.getMessage())
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], DecoderFault)
    assert traceback in str(record.exc_info[1])
