"""Chooses the stream to capture: the video that a player would choose, else the cover art."""

from __future__ import annotations

from typing import Final, cast

from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from framecap.errors import CodecUnsupported, NoVideoStream

NO_COVER_DECODER: Final = (
    "there is no decoder for the cover art's format; replace it with a JPEG or PNG"
)

_PLAYLIST: Final = "hls"

# The picture type of the front cover in ID3, FLAC, Ogg and ASF, as libavformat names it.
_FRONT_COVER: Final = "Cover (front)"

# In APE tags a picture's type is the name of its tag.
_FRONT_COVER_TAG: Final = "cover art (front)"

# In Matroska the attachment's name identifies a cover, case included (RFC 9559, section 21.2). The
# larger picture is preferred to the smaller, and a portrait one to a landscape one.
_FRONT_COVER_FILES: Final = ("cover", "cover_land", "small_cover", "small_cover_land")
_COVER_FILE_ENDINGS: Final = ("jpg", "png")

_ANY_PICTURE: Final = len(_FRONT_COVER_FILES)
_CHAPTER_PICTURE: Final = _ANY_PICTURE + 1


def choose_stream(container: InputContainer) -> VideoStream:
    """Returns the stream to capture.

    Video is preferred to cover art, however short it is, and the front cover to other covers. Of
    the qualities in a playlist, the largest is chosen.

    Raises:
        NoVideoStream: There is neither video nor cover art.
        CodecUnsupported: There is no decoder for the cover art.
    """
    videos = [stream for stream in container.streams.video if not is_cover(stream)]
    covers = covers_of(container)
    if videos and container.format.name == _PLAYLIST:
        # The streams are one film in several qualities.
        return max(videos, key=lambda video: video.width * video.height)
    if videos:
        best = container.streams.best("video")
        return best if isinstance(best, VideoStream) and best in videos else videos[0]
    if covers:
        # PyAV's stubs do not say that there may be no decoder.
        usable = [cover for cover in covers if cast("object", cover.codec_context) is not None]
        if not usable:
            raise CodecUnsupported(NO_COVER_DECODER)
        return usable[0]
    raise NoVideoStream("the file has neither a video stream nor cover art")


def covers_of(container: InputContainer) -> list[VideoStream]:
    """Returns the embedded pictures, the front cover first."""
    return sorted(filter(is_cover, container.streams.video), key=_cover_rank)


def is_cover(stream: Stream) -> bool:
    """Returns whether a stream is an embedded picture rather than video."""
    return bool(stream.disposition & Disposition.attached_pic)


def _cover_rank(cover: VideoStream) -> int:
    """Returns the rank of a picture among covers; 0 for the front cover."""
    metadata = cover.metadata
    name, _, ending = metadata.get("filename", "").rpartition(".")
    if metadata.get("comment") == _FRONT_COVER or _FRONT_COVER_TAG in map(str.lower, metadata):
        return 0
    if name in _FRONT_COVER_FILES and ending in _COVER_FILE_ENDINGS:
        return _FRONT_COVER_FILES.index(name)
    # QuickTime keeps a picture per chapter in a track of its own: those are no covers, but a file
    # may have nothing else.
    return _CHAPTER_PICTURE if cover.disposition & Disposition.timed_thumbnails else _ANY_PICTURE
