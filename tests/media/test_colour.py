"""The colours of real films, held against FFmpeg's own command.

Both sides decode with the same code, so that what differs is what is done to the samples then:
range, matrix, chroma, scaling, transfer.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from framecap import pipeline
from framecap.model.media import MediaInfo
from framecap.model.spec import ShrinkFilter
from framecap.pipeline.until import Until
from framecap.spec.text import parse
from oracles.corpus import VIDEOS
from support.media import ffmpeg
from support.media.capturing import Captured, capture, decoded

pytestmark = pytest.mark.corpus

HDR = ("ax_hlg10_color.mp4", "tc_nasa_13013_hdr.mp4")
WITH_ALPHA = "moviepy_vp9_alpha.webm"
INTERLACED = "ft_h264_1080i.mts"
SDR = tuple(video for video in VIDEOS if video not in (*HDR, WITH_ALPHA))

# Milliseconds. No further in than this, where headers lie elsewhere.
AT_MOST = 2500
AT = {"ft_truncated_claims_1132s.mkv": 1300}

# Of those with subsampled chroma that has its samples between those of luma. FFmpeg takes that for
# granted unless told; the codecs' own standards say left.
CENTRED = ("ft_mjpeg_allintra.mov", "php_theora.ogv")

# In levels of 8 bits, over all samples: what rounding leaves.
BOUND = 0.35
BIAS_BOUND = 0.1

# For 161 samples of luma there are 81 of chroma, of which the last has only half to cover. swscale
# shrinks all 81 into 161: at the far end they are half a sample off.
ODD = "ax_vp9_odd_161x121.webm"
ODD_BOUND = 0.8

# Films of every kind of format, scaled as well. swscale keeps fewer bits between its two passes.
SCALED = (
    "ax_avc_pyramid_sar64_45.mp4",
    "ax_city_pan_60fps.mp4",
    "ax_mpeg2_1080p.ts",
    "ft_mjpeg_allintra.mov",
    "jcodec_prores422_sar.mov",
    "moviepy_bbb_vp8_720p_30s.webm",
    "tc_av1_video.mkv",
    "tc_nasa_13013.mp4",
    "tc_odd_321x241_444.mp4",
)
SIZES = {
    "smaller": ((133, 77), ShrinkFilter.BICUBIC, ffmpeg.SHARP_BICUBIC),
    "smaller by area": ((133, 77), ShrinkFilter.AREA, ffmpeg.AREA),
    "larger": ((701, 501), ShrinkFilter.BICUBIC, ffmpeg.BICUBIC),
}
SCALED_BOUND = 0.5

TONE_MAPPED = (
    "zscale=t=linear:npl=100:f=bicubic",
    "format=gbrpf32le",
    "zscale=p=bt709",
    "tonemap=tonemap=hable:desat=0",
    "zscale=t=bt709",
    "format=gbrp",
)
TONE_BOUND = 0.3

# FFmpeg scales after tone mapping, here it is done before: that shows where bright meets dark, and
# more the sharper the filter. Measured: 1.00 at most for bicubic, less for the others.
TONE_SCALED_BOUND = 1.1

Levels = npt.NDArray[np.int16]


def one_image(
    corpus: Path, video: str, options: str = "", shrink: ShrinkFilter = ShrinkFilter.BICUBIC
) -> Captured:
    """Captures a frame a third into a video."""
    path = corpus / "media" / video
    with path.open("rb") as file:
        (info,) = pipeline.run(None, file, size=path.stat().st_size, until=Until.PROBED)
    assert isinstance(info, MediaInfo)
    third = (info.duration or 0) // 3_000_000
    at = AT.get(video, min(third, AT_MOST))
    spec = parse(f"video/snapshots,f_png,ss_{at},num_1,inter_0{options}").spec
    return capture(path, replace(spec, shrink_filter=shrink))


def of(captured: Captured) -> Levels:
    (image,) = captured.images
    return np.asarray(decoded(image), np.int16)


def by_ffmpeg(corpus: Path, video: str, captured: Captured, *filters: str, **how) -> Levels:
    (image,) = captured.images
    path = corpus / "media" / video
    return ffmpeg.captured(path, captured.info, image, *filters, **how).astype(np.int16)


def scale(video: str, captured: Captured, how: str) -> str:
    """Returns the filter that makes of the frame what the image is to be."""
    (image,) = captured.images
    siting = "center" if video in CENTRED else "left"
    return f"scale={image.width}:{image.height}:{how}:in_chroma_loc={siting}"


def off(one: Levels, other: Levels) -> float:
    """Returns by how many levels two pictures differ on average."""
    return float(np.abs(one - other).mean())


def bias(one: Levels, other: Levels) -> float:
    """Returns by how many levels a channel of one is brighter than of the other, at most."""
    return float(np.abs((one - other).mean(axis=(0, 1))).max())


@pytest.mark.parametrize("video", SDR)
def test_a_frame_has_the_colours_ffmpeg_gives_it(corpus: Path, video: str) -> None:
    captured = one_image(corpus, video)
    how = scale(video, captured, ffmpeg.BICUBIC)
    # Which doubles times.
    deinterlaced = ("bwdif=mode=send_frame:deint=interlaced", "settb=1/90000")
    before = deinterlaced if video == INTERLACED else ()
    expected = by_ffmpeg(corpus, video, captured, how, before=before)
    assert off(of(captured), expected) <= (ODD_BOUND if video == ODD else BOUND)
    assert bias(of(captured), expected) <= BIAS_BOUND


@pytest.mark.parametrize("video", SCALED)
@pytest.mark.parametrize("which", SIZES)
def test_a_scaled_frame_has_them_too(corpus: Path, video: str, which: str) -> None:
    size, shrink, how = SIZES[which]
    captured = one_image(corpus, video, f",w_{size[0]},h_{size[1]}", shrink)
    expected = by_ffmpeg(corpus, video, captured, scale(video, captured, how))
    assert off(of(captured), expected) <= SCALED_BOUND
    assert bias(of(captured), expected) <= BIAS_BOUND


@pytest.mark.parametrize(
    ("video", "mistake"),
    [
        ("tc_nasa_13013.mp4", "in_color_matrix=bt601"),
        ("moviepy_bbb_vp8_720p_30s.webm", "in_color_matrix=bt709"),
        ("php_theora.ogv", "in_range=full"),
        ("ft_mjpeg_allintra.mov", "in_color_matrix=bt709"),
        ("skv_bikes.mp4", "in_color_matrix=bt2020"),
    ],
)
def test_a_wrong_matrix_or_range_would_be_noticed(corpus: Path, video: str, mistake: str) -> None:
    captured = one_image(corpus, video)
    wrong = f"{scale(video, captured, ffmpeg.BICUBIC)}:{mistake}"
    assert bias(of(captured), by_ffmpeg(corpus, video, captured, wrong)) > 2 * BIAS_BOUND


def test_transparency_and_the_colours_before_it(corpus: Path) -> None:
    captured = one_image(corpus, WITH_ALPHA)
    filters = (scale(WITH_ALPHA, captured, ffmpeg.BICUBIC),)
    expected = by_ffmpeg(corpus, WITH_ALPHA, captured, *filters, decoder="libvpx-vp9", alpha=True)
    given = of(captured)
    np.testing.assert_array_equal(given[..., 3], expected[..., 3])
    # At the edge of what is seen FFmpeg mixes in the colours that are not.
    around = sliding_window_view(expected[..., 3], (5, 5)).min(axis=(2, 3)) == 255
    assert around.sum() > 20
    inside = (slice(2, -2), slice(2, -2))
    assert off(given[inside][around], expected[inside][around]) <= BOUND


@pytest.mark.parametrize("video", HDR)
def test_high_range_is_mapped_as_zscale_and_tonemap_do(corpus: Path, video: str) -> None:
    captured = one_image(corpus, video)
    expected = by_ffmpeg(corpus, video, captured, *TONE_MAPPED)
    assert off(of(captured), expected) <= TONE_BOUND
    assert bias(of(captured), expected) <= BIAS_BOUND


@pytest.mark.parametrize("video", HDR)
@pytest.mark.parametrize("which", SIZES)
def test_high_range_is_mapped_at_any_size(corpus: Path, video: str, which: str) -> None:
    size, shrink, how = SIZES[which]
    if which != "larger":
        size = (160, 90)
    captured = one_image(corpus, video, f",w_{size[0]},h_{size[1]}", shrink)
    scaled = scale(video, captured, how)
    expected = by_ffmpeg(corpus, video, captured, *TONE_MAPPED, scaled)
    assert off(of(captured), expected) <= TONE_SCALED_BOUND


@pytest.mark.parametrize(
    ("video", "mistake"),
    [
        ("ax_hlg10_color.mp4", TONE_MAPPED[:2] + TONE_MAPPED[3:]),
        ("ax_hlg10_color.mp4", (f"{TONE_MAPPED[0]}:agamma=0", *TONE_MAPPED[1:])),
        ("tc_nasa_13013_hdr.mp4", ("zscale=t=linear:npl=203", *TONE_MAPPED[1:])),
        ("tc_nasa_13013_hdr.mp4", (*TONE_MAPPED[:3], "tonemap=mobius", *TONE_MAPPED[4:])),
    ],
    ids=["primaries", "system gamma", "white", "curve"],
)
def test_another_way_of_mapping_would_be_noticed(
    corpus: Path, video: str, mistake: tuple[str, ...]
) -> None:
    captured = one_image(corpus, video)
    assert off(of(captured), by_ffmpeg(corpus, video, captured, *mistake)) > 3 * TONE_BOUND
