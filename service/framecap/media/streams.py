"""Which stream of a container is captured: the video a player would choose, else the cover art."""

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

# How the front cover is told in ID3, FLAC, Ogg and ASF: the picture's type, in libavformat's words.
_FRONT_COVER: Final = "Cover (front)"

# In APE tags a picture's type is the name of its tag.
_FRONT_COVER_TAG: Final = "cover art (front)"

# In Matroska the name of the attachment tells (RFC 9559, section 21.2), case and all. The larger
# picture is preferred to the smaller, and one for any shelf to the banner.
_FRONT_COVER_FILES: Final = ("cover", "cover_land", "small_cover", "small_cover_land")
_COVER_FILE_ENDINGS: Final = ("jpg", "png")

_FIRST_THAT_COMES: Final = len(_FRONT_COVER_FILES)
_CHAPTER_PICTURE: Final = _FIRST_THAT_COMES + 1


def choose_stream(container: InputContainer) -> VideoStream:
    """Returns the stream to capture.

    Video goes before cover art, however short it is; among covers the front cover goes first. Of
    the qualities that a playlist lists it is the largest.

    Raises:
        NoVideoStream: There is neither video nor cover art.
        CodecUnsupported: There is no decoder for the cover art.
    """
    videos = [stream for stream in container.streams.video if not is_cover(stream)]
    covers = covers_of(container)
    if videos and container.format.name == _PLAYLIST:
        # Its streams are one film in several qualities.
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
    return sorted(filter(is_cover, container.streams.video), key=_remoteness)


def is_cover(stream: Stream) -> bool:
    """Returns whether a stream is an embedded picture rather than video."""
    return bool(stream.disposition & Disposition.attached_pic)


def _remoteness(cover: VideoStream) -> int:
    """Returns how far a picture is from being the front cover; 0 when it is."""
    metadata = cover.metadata
    name, _, ending = metadata.get("filename", "").rpartition(".")
    if metadata.get("comment") == _FRONT_COVER or _FRONT_COVER_TAG in map(str.lower, metadata):
        return 0
    if name in _FRONT_COVER_FILES and ending in _COVER_FILE_ENDINGS:
        return _FRONT_COVER_FILES.index(name)
    # QuickTime keeps a picture per chapter in a track of its own: not covers, but all there is in
    # a file without one.
    return (
        _CHAPTER_PICTURE if cover.disposition & Disposition.timed_thumbnails else _FIRST_THAT_COMES
    )
