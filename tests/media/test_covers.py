"""The cover art of audio files, held against pictures that a tag library took out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from framecap.errors import Code, NoVideoStream
from framecap.model.capture import Reason
from framecap.model.plan import Strategy
from oracles.corpus import COVERS, REFUSED
from support.media.capturing import capture, decoded

pytestmark = pytest.mark.corpus

# A JPEG of a JPEG or PNG: mean absolute difference of an 8-bit sample.
JPEG_BOUND = 4.0

FORMATS = {"image/jpeg": "jpg", "image/png": "png"}


def reference(corpus: Path, audio: str) -> tuple[str, str, Path]:
    """Returns format, SHA-256 and file of the picture that is to be given: the first."""
    folder = corpus / "reference/covers"
    first = json.loads((folder / f"{audio}.json").read_text())[0]
    return FORMATS[first["mime"]], first["sha256"], folder / first["file"]


@pytest.mark.parametrize("audio", COVERS)
def test_a_cover_of_the_asked_format_passes_through(corpus: Path, audio: str) -> None:
    image_format, sha256, file = reference(corpus, audio)
    captured = capture(corpus / "media" / audio, f"video/snapshots,f_{image_format}")
    (image,) = captured.images
    assert hashlib.sha256(image.data).hexdigest() == sha256
    assert image.data == file.read_bytes()
    assert captured.info.cover
    assert captured.info.stream_ordinal == 0
    assert captured.plan is not None
    assert captured.plan.strategy is Strategy.COVER
    assert (image.reason, image.media_time) == (Reason.COVER, 0)


@pytest.mark.parametrize("audio", COVERS)
def test_a_cover_of_another_format_is_encoded_anew_at_its_size(corpus: Path, audio: str) -> None:
    image_format, _, file = reference(corpus, audio)
    other = {"jpg": "png", "png": "jpg"}[image_format]
    (image,) = capture(corpus / "media" / audio, f"video/snapshots,f_{other}").images
    original = PillowImage.open(file).convert("RGB")
    assert (image.width, image.height) == original.size
    given = np.asarray(decoded(image).convert("RGB"), np.float32)
    assert np.abs(given - np.asarray(original, np.float32)).mean() <= JPEG_BOUND


@pytest.mark.parametrize("audio", COVERS)
def test_a_box_is_obeyed_even_in_the_covers_own_format(corpus: Path, audio: str) -> None:
    image_format, sha256, _ = reference(corpus, audio)
    text = f"video/snapshots,f_{image_format},w_64,h_48"
    (image,) = capture(corpus / "media" / audio, text).images
    assert (image.width, image.height) == (64, 48)
    assert hashlib.sha256(image.data).hexdigest() != sha256


@pytest.mark.parametrize(
    "options",
    ["ss_3600000", "num_5", "inter_10", "m_key", "m_avg,num_7", "m_dhash,thr_50,num_3"],
)
def test_what_has_no_effect_on_a_cover_changes_nothing(corpus: Path, options: str) -> None:
    _, sha256, _ = reference(corpus, "tinytag_cover_256.mp3")
    path = corpus / "media/tinytag_cover_256.mp3"
    captured = capture(path, f"video/snapshots,f_jpg,{options}")
    assert [hashlib.sha256(image.data).hexdigest() for image in captured.images] == [sha256]
    assert [(image.index, image.media_time) for image in captured.images] == [(1, 0)]


@pytest.mark.parametrize(
    "audio", [name for name, reason in REFUSED.items() if reason == "NO_VIDEO_STREAM"]
)
@pytest.mark.parametrize("image_format", ["jpg", "png"])
def test_audio_without_a_cover_is_refused(corpus: Path, audio: str, image_format: str) -> None:
    with pytest.raises(NoVideoStream) as refusal:
        capture(corpus / "media" / audio, f"video/snapshots,f_{image_format}")
    assert refusal.value.reason == "NO_VIDEO_STREAM"
    assert refusal.value.code is Code.FAILED_PRECONDITION
    assert "cover" in refusal.value.message
