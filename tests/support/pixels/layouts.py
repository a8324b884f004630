"""The layouts that tests of pixels go through."""

from __future__ import annotations

from typing import Final

from framecap.model.media import Matrix, Model, PixelLayout, Siting

YUV420: Final = PixelLayout(model=Model.YUV, depth=8, chroma_shift_x=1, chroma_shift_y=1)
YUV444: Final = PixelLayout(model=Model.YUV, depth=8)
RGB: Final = PixelLayout(model=Model.RGB, depth=8, full_range=True)
GRAY: Final = PixelLayout(model=Model.GRAY, depth=8)

LAYOUTS: Final = {
    "yuv420p": YUV420,
    "yuvj420p": PixelLayout(
        model=Model.YUV,
        depth=8,
        chroma_shift_x=1,
        chroma_shift_y=1,
        full_range=True,
        siting=Siting.CENTER,
    ),
    "yuv420p bt709": PixelLayout(
        model=Model.YUV, depth=8, chroma_shift_x=1, chroma_shift_y=1, matrix=Matrix.BT709
    ),
    "yuv420p10 bt2020": PixelLayout(
        model=Model.YUV,
        depth=10,
        chroma_shift_x=1,
        chroma_shift_y=1,
        matrix=Matrix.BT2020,
        siting=Siting.TOP_LEFT,
    ),
    "yuv422p10 full": PixelLayout(model=Model.YUV, depth=10, chroma_shift_x=1, full_range=True),
    "yuv411p": PixelLayout(model=Model.YUV, depth=8, chroma_shift_x=2),
    "yuv444p smpte240m": PixelLayout(model=Model.YUV, depth=8, matrix=Matrix.SMPTE240M),
    "yuv444p16 fcc": PixelLayout(model=Model.YUV, depth=16, matrix=Matrix.FCC),
    "yuva420p": PixelLayout(
        model=Model.YUV, depth=8, chroma_shift_x=1, chroma_shift_y=1, alpha=True
    ),
    "yuva444p12": PixelLayout(model=Model.YUV, depth=12, alpha=True, matrix=Matrix.BT709),
    "gray": GRAY,
    "gray16 full": PixelLayout(model=Model.GRAY, depth=16, full_range=True, matrix=Matrix.BT709),
    "ya8": PixelLayout(model=Model.GRAY, depth=8, alpha=True, full_range=True),
    "gbrp": RGB,
    "gbrp10": PixelLayout(model=Model.RGB, depth=10),
    "gbrap": PixelLayout(model=Model.RGB, depth=8, alpha=True),
}
