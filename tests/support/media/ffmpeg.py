"""Single frames by FFmpeg's own command, as a second opinion on how pictures look."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

from framecap.model.capture import Image
from framecap.model.media import MediaInfo
from oracles import timeline

Picture = npt.NDArray[np.uint8]

# Of containers without times FFmpeg makes up its own, so there frames are counted.
WITHOUT_TIMES: Final = ("avi", "h264")

# swscale's best: no shortcuts in arithmetic, chroma interpolated.
CAREFUL: Final = "accurate_rnd+full_chroma_int+full_chroma_inp"

# The cubic that reproduces quadratics; swscale's own is a little sharper.
BICUBIC: Final = f"flags=bicubic+{CAREFUL}:param0=0:param1=0.5"
# The cubic that pictures are shrunk with.
SHARP_BICUBIC: Final = f"flags=bicubic+{CAREFUL}:param0=0:param1=0.75"
AREA: Final = f"flags=area+{CAREFUL}"


def captured(
    path: Path,
    info: MediaInfo,
    image: Image,
    *filters: str,
    before: tuple[str, ...] = (),
    decoder: str | None = None,
    alpha: bool = False,
) -> Picture:
    """Returns the frame that an image was made of, after some filters.

    The command has turned it the way it is displayed before the filters see it. Of shape (rows,
    columns, 3 or 4).

    Args:
        path: The source.
        info: What the capture told of it.
        image: The image, which also gives the size.
        filters: Ends at the image's size.
        before: Filters that want to see all frames.
        decoder: The name of a decoder; FFmpeg's choice where left out.
        alpha: True for four channels.
    """
    if info.container in WITHOUT_TIMES:
        shown = timeline.read(path).frames
        start = image.pts * image.time_base
        ordinal = next(frame.ordinal for frame in shown if frame.start == start)
        wanted = f"eq(n,{ordinal})"
    else:
        wanted = f"eq(pts,{image.pts})"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-copyts"]
    command += ["-c:v", decoder] if decoder else []
    command += ["-i", str(path), "-map", f"0:{info.stream_index}"]
    command += ["-vf", ",".join((*before, f"select='{wanted}'", *filters))]
    command += ["-frames:v", "1", "-fps_mode", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgba" if alpha else "rgb24", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    picture = np.frombuffer(done.stdout, np.uint8)
    shape = (image.height, image.width, 3 + alpha)
    assert picture.size == np.prod(shape), f"{command} gave {picture.size} bytes for {shape}"
    return picture.reshape(shape)
