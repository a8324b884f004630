"""Reaching frames by seeking, verified, instead of decoding all that lies before them.

The reader knows which instant is wanted next. When a keyframe lies between the frame at hand and
that instant, it goes on from there; what a seek landed on is judged by its packets and frames,
never by what the container promised. At the first irregularity (a frame damaged, a time missing,
a keyframe that does not decode by itself) it gives up, and the caller decodes everything: frames
yielded before are right, and the rest will be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Any, Final

import av.error
from av.packet import Packet

from framecap.media.container import Container
from framecap.media.cursor import SharedFile
from framecap.media.decoded import decoded_of
from framecap.media.frames import FrameReader
from framecap.media.index import Index
from framecap.model.media import Frame
from framecap.timebase import Pts

# An instant nearer than this is reached faster by decoding on than by looking for a keyframe.
_NEAR: Final = Fraction(1, 4)

# How much earlier, in seconds, to seek when a landing was too late: a backward seek in a transport
# stream, or over HEVC, may land behind the keyframe it was asked for.
_EARLIER: Final = (0, 1, 4, 16)

# Packets to look at for a keyframe after a seek; more between two keyframes is one very long GOP.
_MAX_LOOK: Final = 4096

# By container, codecs whose frames after a seek were seen to equal those of a whole decoding, times
# included. A program stream is not among them: it times some packets only, and the library's
# arithmetic between two times depends on where reading began.
_CODECS: Final = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mjpeg", "prores"}
)
_JUMPABLE: Final = {
    "mov,mp4,m4a,3gp,3g2,mj2": _CODECS,
    "matroska,webm": _CODECS,
    "flv": frozenset({"h264", "hevc"}),
    "mpegts": frozenset({"h264", "hevc"}),
}


class Irregular(Exception):
    """Something about this stream makes frames after a seek uncertain."""


def may_jump(container: Container, first: Frame) -> bool:
    """Returns whether frames of this stream may be reached by seeking.

    Not where times come from counting frames, nor where the first frame is no keyframe, nor where
    frames are interlaced: making them whole needs the frame before, also before a keyframe.
    """
    return (
        not container.untimed
        and first.keyframe
        and not first.damaged
        and not decoded_of(first).frame.interlaced_frame
        and container.decoder.codec.canonical_name
        in _JUMPABLE.get(container.native.format.name, frozenset())
    )


class JumpingReader:
    """Yields frames in display order, passing over those before the instant wanted next.

    Two containers take turns: one is decoded from, the other looks for the next keyframe.

    Args:
        file: The source.
        index: Where its keyframes are, about.
        readers: Takes up the readers of all runs. The last one stands at the beginning.
        sequence: That reader's frames, from the first.
        wanted: Returns the pts at which the next wanted frame is on screen; None when every frame
            is wanted.
    """

    def __init__(
        self,
        file: SharedFile,
        index: Index,
        readers: list[FrameReader],
        sequence: Iterator[Frame | None],
        wanted: Callable[[], Pts | None],
    ) -> None:
        self._file = file
        self._index = index
        self._readers = readers
        self._sequence = sequence
        self._wanted = wanted
        self._scouted: Pts | None = None
        self._first_key: Pts | None = None
        self._landed = True
        self._current: Container | None = None
        self._spare: Container | None = None
        self._closing = ExitStack()

    def frames(self) -> Iterator[Frame | None]:
        """Yields frames; None where a packet gave none.

        Raises:
            Irregular: Frames reached by seeking cannot be trusted here.
        """
        with self._closing:
            jumped = True
            while jumped:
                jumped = False
                for frame in self._sequence:
                    self._check(frame)
                    if frame is None or not self._shown(frame):
                        yield None
                        continue
                    yield frame
                    if self._jump(frame.end):
                        jumped = True
                        break
            self._check(None)

    def _shown(self, frame: Frame) -> bool:
        """Returns whether a frame belongs to this run: leading pictures do not."""
        key = self._first_key
        return key is None or frame.pts >= key

    def _check(self, frame: Frame | None) -> None:
        """Raises Irregular where what this run decodes may differ from a whole decoding."""
        counts = self._readers[-1].counts
        if counts.undecodable or counts.repaired or counts.read_errors:
            raise Irregular
        if frame is None or not self._shown(frame):
            return
        if frame.damaged or decoded_of(frame).frame.interlaced_frame:
            raise Irregular
        if self._first_key is not None and not self._landed:
            if frame.pts != self._first_key or not frame.keyframe:
                raise Irregular
            self._landed = True

    def _jump(self, position: Pts) -> bool:
        """Goes on from a keyframe after `position` when the instant wanted next lies behind it."""
        target = self._wanted()
        if target is None or target == self._scouted:
            return False
        spare = self._spare_container()
        if (target - position) * spare.time_base < _NEAR:
            return False
        self._scouted = target
        if not self._index.worth_a_look(position, target):
            return False
        packet = self._keyframe_before(spare, target, position)
        if packet is None:
            return False
        self._spare, self._current = self._current, spare
        reader = FrameReader(spare, begin=packet)
        self._readers.append(reader)
        self._sequence = reader.frames()
        self._first_key = packet.pts
        self._landed = False
        return True

    def _spare_container(self) -> Container:
        if self._spare is None:
            self._spare = self._closing.enter_context(Container(self._file))
        return self._spare

    def _keyframe_before(
        self, container: Container, target: Pts, position: Pts
    ) -> Packet[Any] | None:
        """Returns the packet of a keyframe in (position, target]; None when none is found."""
        for seconds in _EARLIER:
            sought = target - int(seconds / container.time_base)
            if sought <= position:
                return None
            try:
                container.seek(sought)
                packet = _next_keyframe(container)
            except av.error.FFmpegError:
                return None
            if packet is not None and packet.pts is not None and packet.pts <= target:
                return packet if packet.pts > position else None
        return None


def _next_keyframe(container: Container) -> Packet[Any] | None:
    for looked, packet in enumerate(container.packets()):
        if packet.size == 0 or looked > _MAX_LOOK:
            return None
        if packet.is_keyframe:
            return packet
    return None
