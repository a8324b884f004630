"""Files with a stretch of noise in them: the frames that decode, at their own times."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from framecap.spec import text
from oracles import timeline
from support.damage import damaged
from support.media.capturing import assert_captured, capture

pytestmark = pytest.mark.corpus

VIDEOS = (
    "ax_frag_bogus_duration.mp4",
    "ax_h264_avi_no_pts.avi",
    "ax_mpeg2_1080p.ts",
    "ax_sample.flv",
    "ax_vp9_odd_161x121.webm",
    "ft_truncated_claims_1132s.mkv",
    "ft_vfr_msmpeg4.asf",
    "php_theora.ogv",
    "psd_fades.mp4",
    "skv_bikes.mp4",
    "tc_av1_video.mkv",
    "tc_h265_video.mp4",
)

REQUESTS = ("inter_0", "inter_250", "m_key", "m_avg,num_5", "m_dhash,inter_250,num_5")


@pytest.mark.parametrize("length", [40, 400, 3000])
@pytest.mark.parametrize("video", VIDEOS)
def test_what_decodes_is_captured(corpus: Path, tmp_path: Path, video: str, length: int) -> None:
    noise = random.Random(f"{video} {length}")
    content = bytearray((corpus / "media" / video).read_bytes())
    begin = noise.randrange(len(content) // 3, len(content) * 2 // 3)
    content[begin : begin + length] = noise.randbytes(length)
    path = tmp_path / video
    path.write_bytes(content)
    line = timeline.read(path)
    for options in REQUESTS:
        captured = assert_captured(path, line, f"video/snapshots,f_jpg,w_32,h_32,{options}")
        assert captured.images


def test_a_frame_stands_in_for_the_first_one(corpus: Path, tmp_path: Path) -> None:
    """The first packet decodes by itself, and gives nothing when those behind it follow."""
    content = (corpus / "media" / "decord_corrupted.mp4").read_bytes()
    path = tmp_path / "a.mp4"
    path.write_bytes(damaged(content, random.Random(2425372781)))
    captured = capture(path, text.parse("video/snapshots,f_jpg,inter_1000,num_10").spec)
    assert captured.images[0].pts > 0
    assert captured.images[0].requested_time == 0
