"""Each video of the corpus: a capture that goes on after two thirds of its images."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracles.corpus import HEAVY, VIDEOS
from support.pipeline.resuming import assert_goes_on
from support.pipeline.running import run

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("request_text", ["f_jpg,w_64,h_64,inter_730", "f_jpg,w_64,h_64,m_key"])
@pytest.mark.parametrize("video", [name for name in VIDEOS if name not in HEAVY])
def test_the_rest_is_that_of_an_undisturbed_capture(
    corpus: Path, video: str, request_text: str
) -> None:
    whole = run(corpus / "media" / video, request_text)
    assert_goes_on(
        corpus / "media" / video, request_text, whole, max(1, 2 * len(whole.images) // 3)
    )
