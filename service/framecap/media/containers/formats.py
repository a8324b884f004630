"""Libavformat's names for the formats that are treated in a way of their own."""

from typing import Final

MP4: Final = "mov,mp4,m4a,3gp,3g2,mj2"
"""MP4 and QuickTime, which have edit lists; AVIF and HEIF too."""

MATROSKA: Final = "matroska,webm"

FLV: Final = "flv"
