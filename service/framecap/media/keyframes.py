"""Decoding keyframes alone.

Each keyframe is decoded by itself: its packet goes in, the decoder is drained and flushed. What
comes out must be one frame, flagged key, with the packet's pts; anything else means that this
stream's keyframes cannot stand alone, and the caller decodes everything instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame

from framecap.errors import MediaCorrupt
from framecap.media.container import Container
from framecap.media.decoded import Decoded, decoded_of
from framecap.media.frames import Counts
from framecap.model.media import Frame
from framecap.timebase import Pts

# Codecs whose keyframe packets were seen to decode alone to the same picture.
_ALONE: Final = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "prores"}
)


class NotAlone(Exception):
    """A keyframe of this stream does not decode by itself."""


class KeyframeReader:
    """Yields the keyframes of a stream, decoding nothing else.

    Args:
        container: Freshly opened; read to its end, not closed.
        strict: True to fail at the first damage.
    """

    def __init__(self, container: Container, *, strict: bool) -> None:
        self._container = container
        self._strict = strict
        self.counts = Counts()

    @staticmethod
    def serves(container: Container, first: Frame) -> bool:
        """Returns whether keyframes of this stream may be decoded alone.

        Not where presentation times come from counting frames, nor where one frame has two
        packets (interlaced), nor where frames begin before zero (their end, which tells whether
        they are hidden, is the next frame's pts).
        """
        return (
            not container.untimed
            and not decoded_of(first).frame.interlaced_frame
            and container.decoder.codec.canonical_name in _ALONE
            and first.pts >= (container.stream.start_time or 0)
        )

    def frames(self) -> Iterator[Frame | None]:
        """Yields keyframes; None for the packets between them.

        Raises:
            NotAlone: A keyframe needs more than its packet. Those yielded before are right.
            MediaCorrupt: The media is damaged and the reading strict.
        """
        previous: Pts | None = None
        try:
            for packet in self._container.packets():
                if packet.size == 0:
                    return
                if not packet.is_keyframe:
                    yield None
                    continue
                pts = packet.pts
                if pts is None or packet.is_discard or (previous is not None and pts <= previous):
                    raise NotAlone
                native = self._decode_alone(packet)
                if native is None:
                    yield None
                    continue
                previous = pts
                yield Frame(
                    pts=pts,
                    end=pts + max(1, native.duration or 0),
                    keyframe=True,
                    damaged=native.is_corrupt,
                    native=Decoded(native),
                )
        except av.error.FFmpegError as error:
            self.counts.read_errors += 1
            if self._strict:
                raise MediaCorrupt("the file cannot be read to its end") from error

    def _decode_alone(self, packet: Packet[Any]) -> VideoFrame | None:
        """Returns the one frame of a keyframe's packet; None when it cannot be decoded."""
        container = self._container
        try:
            decoded = [*container.decode(packet), *container.decode(None)]
        except av.error.FFmpegError as error:
            self.counts.undecodable += 1
            if self._strict:
                raise MediaCorrupt("a packet of the video cannot be decoded") from error
            return None
        finally:
            container.decoder.flush_buffers()
        self.counts.decoded += len(decoded)
        if len(decoded) != 1 or not self._stands_alone(decoded[0], packet.pts):
            raise NotAlone
        if decoded[0].is_corrupt and self._strict:
            raise MediaCorrupt("a frame of the video is corrupt")
        return decoded[0]

    def _stands_alone(self, native: VideoFrame, pts: Pts | None) -> bool:
        keyframe = self._container.is_keyframe(native)
        return keyframe and native.pts == pts and not native.interlaced_frame
