"""Files that break off: what is there is captured, at its own time, in every mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracles import timeline
from support.media.capturing import assert_captured

pytestmark = pytest.mark.corpus

# One of each container that is read from its beginning.
VIDEOS = (
    "ax_frag_bogus_duration.mp4",
    "ax_mpeg2_1080p.ts",
    "ax_sample.flv",
    "ax_vp9_odd_161x121.webm",
    "ft_h264_1080i.mts",
    "ft_truncated_claims_1132s.mkv",
    "ft_vfr_msmpeg4.asf",
    "mp4parser_tos_raw.h264",
    "php_theora.ogv",
    "shaka_gap_4s.ts",
)

REQUESTS = {
    "every frame": "inter_0,num_30",
    "interval": "inter_250",
    "keyframes": "m_key",
    "average": "m_avg,num_5",
    "change": "m_dhash,inter_250,num_5",
}


@pytest.mark.parametrize("percent", [50, 80])
@pytest.mark.parametrize("video", VIDEOS)
def test_what_is_there_is_captured(corpus: Path, tmp_path: Path, video: str, percent: int) -> None:
    whole = (corpus / "media" / video).read_bytes()
    path = tmp_path / video
    path.write_bytes(whole[: len(whole) * percent // 100])
    line = timeline.read(path)
    assert len(line.frames) < len(timeline.read(corpus / "media" / video).frames)
    for options in REQUESTS.values():
        captured = assert_captured(path, line, f"video/snapshots,f_jpg,w_32,h_32,{options}")
        assert captured.images
