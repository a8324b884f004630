"""Skipping on the way to a picture, in films that others made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.coded import assert_exact, read

pytestmark = pytest.mark.corpus

# The largest share of pictures still decoded; 1 where all are needed.
FILMS = {
    "ax_avc_pyramid_sar64_45.mp4": 0.75,
    "ax_mpeg2_1080p.ts": 1.0,
    "ax_sample.flv": 0.75,
    "ax_vp9_odd_161x121.webm": 1.0,
    "ft_mjpeg_allintra.mov": 1.0,
    "jcodec_prores422_sar.mov": 1.0,
    "moviepy_bbb_vp8_720p_30s.webm": 1.0,
    "psd_fades.mp4": 1.0,
    "rails_sar3_2.mp4": 0.85,
    "skv_bikes.mp4": 0.75,
    "tc_av1_video.mkv": 0.6,
    "tc_h265_video.mp4": 1.0,
    "tc_nasa_13013.mp4": 0.65,
    "tc_nasa_13013_hdr.mp4": 0.55,
    "tc_odd_321x241_444.mp4": 0.8,
}

# So many packets are enough for a few runs, or for the beginning of a long one.
MOST_PACKETS = 72


@pytest.mark.parametrize("film", FILMS)
def test_pictures_are_those_of_a_whole_decoding(film: str, corpus: Path) -> None:
    coded = read(str(corpus / "media" / film))
    few = replace(coded, packets=coded.packets[: MOST_PACKETS if coded.size[0] < 900 else 18])
    assert assert_exact(few, seed=1, tries=2).share <= FILMS[film]
