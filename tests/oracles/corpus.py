"""The files of the media corpus, by what a capture makes of them."""

from __future__ import annotations

from typing import Final

VIDEOS: Final = (
    "ax_avc_pyramid_sar64_45.mp4",
    "ax_city_pan_60fps.mp4",
    "ax_editlist_shift.mp4",
    "ax_frag_bogus_duration.mp4",
    "ax_frag_sidx_1080p.mp4",
    "ax_h264_avi_no_pts.avi",
    "ax_hlg10_color.mp4",
    "ax_long_1080p_black.mp4",
    "ax_mpeg2_1080p.ts",
    "ax_negative_pts_iibbibb.mp4",
    "ax_sample.flv",
    "ax_vp9_odd_161x121.webm",
    "bbb_10min_320x184.ts",
    "decord_corrupted.mp4",
    "decord_rot180.mov",
    "decord_rot270.mov",
    "decord_rot90.mov",
    "ft_h264_1080i.mts",
    "ft_mjpeg_allintra.mov",
    "ft_truncated_claims_1132s.mkv",
    "ft_vfr_msmpeg4.asf",
    "jcodec_prores422_sar.mov",
    "moviepy_1x1.mp4",
    "moviepy_bbb_vp8_720p_30s.webm",
    "moviepy_vp9_alpha.webm",
    "mp4parser_tos_raw.h264",
    "mp4parser_vfr_count.mp4",
    "php_theora.ogv",
    "psd_counter.mp4",
    "psd_fades.mp4",
    "rails_sar3_2.mp4",
    "shaka_gap_4s.ts",
    "skv_bikes.mp4",
    "tc_av1_video.mkv",
    "tc_h265_video.mp4",
    "tc_nasa_13013.mp4",
    "tc_nasa_13013_hdr.mp4",
    "tc_odd_321x241_444.mp4",
)

COVERS: Final = (
    "ax_cover_png.flac",
    "tinytag_cover.ogg",
    "tinytag_cover_256.mp3",
    "tinytag_cover_two.m4a",
)

REFUSED: Final = {
    "ax_invalid_bitstream.webm": "MEDIA_CORRUPT",
    "ax_no_moov.mp4": "MEDIA_CORRUPT",
    "php_not_media.mp4": "MEDIA_CORRUPT",
    "rails_audio_no_cover.mp3": "NO_VIDEO_STREAM",
    "rails_audio_only.mp4": "NO_VIDEO_STREAM",
    "thumbor_zero_byte.mp4": "MEDIA_CORRUPT",
}
"""Files without a picture, and the reason a capture gives."""

LONG: Final = ("ax_long_1080p_black.mp4", "bbb_10min_320x184.ts")
"""Minutes long: every frame of them is decoded once per run, not once per test."""

HEAVY: Final = (
    *LONG,
    "ax_avc_pyramid_sar64_45.mp4",
    "ax_city_pan_60fps.mp4",
    "ax_editlist_shift.mp4",
    "ax_frag_sidx_1080p.mp4",
    "ft_h264_1080i.mts",
    "moviepy_bbb_vp8_720p_30s.webm",
    "mp4parser_tos_raw.h264",
    "mp4parser_vfr_count.mp4",
    "shaka_gap_4s.ts",
)
"""Many or large frames: not every dense capture is tried on them."""
