"""One source, read as often as a capture needs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from types import TracebackType
from typing import BinaryIO, Final, Self

from av.video.frame import VideoFrame

from framecap.errors import MediaCorrupt
from framecap.media.container import Container
from framecap.media.cover import read_cover, stored_format
from framecap.media.cursor import SharedFile
from framecap.media.decoded import decoded_of
from framecap.media.deinterlace import deinterlaced
from framecap.media.frames import Counts, FrameReader
from framecap.media.index import Index
from framecap.media.jumps import Irregular, JumpingReader, may_jump
from framecap.media.keyframes import KeyframeReader, NotAlone
from framecap.media.picture import orientation_of, picture_of
from framecap.media.probe import describe, sample_aspect_ratio
from framecap.media.tail import measure_end
from framecap.media.timeline import clock_of
from framecap.model.media import Frame, MediaInfo, Orientation, Picture
from framecap.model.spec import ImageFormat
from framecap.timebase import Clock, Pts

# Codecs that put chroma samples between luma samples, as JPEG does.
_CENTRED_CHROMA: Final = frozenset({"mjpeg", "mpeg1video", "webp", "theora"})


class Media:
    """Owns the containers of one source, from its first frame to the last reading.

    Close it on the thread that opened it. The file object belongs to the caller.

    Args:
        file: The source.
        strict: True to fail at the first damage.

    Raises:
        MediaError: The file has nothing to capture, or cannot be read.
    """

    def __init__(self, file: BinaryIO, *, strict: bool) -> None:
        self._file = SharedFile(file)
        self._strict = strict
        self._closing = ExitStack()
        self._container = self._closing.enter_context(Container(self._file))
        self._aspect = sample_aspect_ratio(self._container)
        self._sequence: Iterator[Frame | None] | None = None
        self._first: Frame | None = None
        self._orientations: dict[int, Orientation] = {}
        self._index = Index(self._file, self._container)
        self.clock: Clock = clock_of(self._container, None)
        """The captured stream's clock; final once the first frame is found."""
        self._whole: list[FrameReader] = []
        self._keys: list[KeyframeReader] = []
        self.measuring = Counts()
        """What was decoded outside of readings: for a cover, or to find the end."""

    @property
    def cover(self) -> bool:
        """True when the picture is the cover art of an audio file."""
        return self._container.cover

    @property
    def read_bytes(self) -> int:
        """Bytes read so far."""
        return self._file.read_bytes

    @property
    def counts(self) -> Counts:
        """What all readings met. Damage is that of the worst reading, not of their sum."""
        counts = [reader.counts for reader in self._whole]
        counts += [reader.counts for reader in self._keys]
        return Counts(
            decoded=sum(count.decoded for count in counts) + self.measuring.decoded,
            undecodable=max((count.undecodable for count in counts), default=0),
            repaired=max((count.repaired for count in counts), default=0),
            read_errors=max((count.read_errors for count in counts), default=0),
        )

    def find_first(self) -> Generator[None, None, Frame]:
        """Returns the first frame. Yields now and then, so that a caller can report progress.

        Raises:
            MediaCorrupt: There is none.
        """
        reader = self._reader(self._container)
        self._sequence = reader.frames()
        for frame in self._sequence:
            if frame is not None:
                self._first = frame
                self.clock = clock_of(self._container, frame.pts)
                return frame
            yield
        raise MediaCorrupt(
            "no frame of the video can be decoded",
            metadata={"undecodable": str(reader.counts.undecodable)},
        )

    def measure_end(self) -> Generator[None, None, Pts | None]:
        """Returns when the last frame ends; None when that cannot be known."""
        return measure_end(self._file, self._index, self.measuring)

    def frames(self, wanted: Callable[[], Pts | None] | None = None) -> Iterator[Frame | None]:
        """Yields every visible frame in display order; None where a packet gave none.

        The first call goes on from the first frame; later ones read anew.

        Args:
            wanted: Returns the pts at which the next frame that matters is on screen, or None
                when every frame matters: frames before it may then be left out. None has all
                frames decoded.
        """
        if wanted is None or not self.may_jump:
            yield from self._visible(self._all())
            return
        last: Pts | None = None
        try:
            for frame in self._visible(self._jumping(wanted)):
                last = last if frame is None else frame.pts
                yield frame
        except Irregular:
            for frame in self._visible(self._all()):
                yield frame if frame is None or last is None or frame.pts > last else None

    def keyframes(self, end: Pts | None) -> Iterator[Frame | None]:
        """Yields every visible keyframe, on screen until the next; None for others.

        Args:
            end: When the last one leaves the screen; None when that does not matter.
        """
        waiting: Frame | None = None
        for frame in self._keyframes():
            if frame is None:
                yield None
                continue
            if waiting is not None:
                yield replace(waiting, end=frame.pts)
            waiting = frame
        if waiting is not None:
            yield replace(waiting, end=max(waiting.end, end or 0))

    @property
    def may_jump(self) -> bool:
        """True when frames may be reached by seeking.

        Not in strict readings, which are to meet all damage on the way.
        """
        first = self._first
        return (
            not self._strict
            and first is not None
            and may_jump(self._container, first)
            and self._index.continuous
        )

    @property
    def keyframes_stand_alone(self) -> bool:
        """True when keyframes may be decoded without what lies between them."""
        first = self._first
        return first is not None and KeyframeReader.serves(self._container, first)

    def picture(self, frame: Frame) -> Picture:
        """Returns views on the planes of a frame, as it is stored."""
        return self._picture(decoded_of(frame).frame)

    def whole_picture(self, frame: Frame) -> Picture:
        """Returns views on the planes of a frame as it is to be shown: deinterlaced."""
        return self._picture(deinterlaced(decoded_of(frame)))

    def _picture(self, native: VideoFrame) -> Picture:
        # The turn alone costs nothing to ask for; what goes with it is looked up once.
        turn = native.rotation
        if turn not in self._orientations:
            self._orientations[turn] = orientation_of(native)
        return picture_of(
            native,
            sample_aspect_ratio=self._aspect,
            orientation=self._orientations[turn],
            centred_chroma=self._container.decoder.codec.canonical_name in _CENTRED_CHROMA,
        )

    def read_cover(self) -> tuple[bytes, Frame]:
        """Returns the cover art, as stored and as a frame."""
        stored, frame = read_cover(self._container)
        self.measuring.decoded += 1
        return stored, frame

    @property
    def cover_format(self) -> ImageFormat | None:
        """The format in which the cover is stored; None when it is neither JPG nor PNG."""
        return stored_format(self._container)

    def describe(self, picture: Picture, display: tuple[int, int]) -> MediaInfo:
        """Returns what the source contains.

        Args:
            picture: The first frame's picture, or the cover's.
            display: Width and height of the picture on screen.
        """
        return describe(self._container, self.clock, picture, display)

    def _reader(self, container: Container) -> FrameReader:
        reader = FrameReader(container, strict=self._strict)
        self._whole.append(reader)
        return reader

    def _jumping(self, wanted: Callable[[], Pts | None]) -> Iterator[Frame | None]:
        with ExitStack() as closing:
            sequence = self._begin(closing)
            yield from JumpingReader(
                self._file, self._index, self._whole, sequence, wanted
            ).frames()

    def _all(self) -> Iterator[Frame | None]:
        """Yields every frame, hidden ones too."""
        with ExitStack() as closing:
            yield from self._begin(closing)

    def _begin(self, closing: ExitStack) -> Iterator[Frame | None]:
        """Returns all frames; the first call goes on from the first one found."""
        if self._sequence is not None:
            sequence, self._sequence = self._sequence, None
            return chain([self._first], sequence)
        return self._reader(closing.enter_context(Container(self._file))).frames()

    def _visible(self, frames: Iterator[Frame | None]) -> Iterator[Frame | None]:
        """Leaves out frames on screen only before zero: an edit list hides them."""
        zero = self.clock.floor(Fraction(0))
        for frame in frames:
            yield frame if frame is None or frame.end > zero else None

    def _keyframes(self) -> Iterator[Frame | None]:
        after: Pts | None = None
        if self.keyframes_stand_alone:
            try:
                with Container(self._file) as container:
                    reader = KeyframeReader(container, strict=self._strict)
                    self._keys.append(reader)
                    for frame in reader.frames():
                        after = after if frame is None else frame.pts
                        yield frame
                return
            except NotAlone:
                pass
        for frame in self.frames():
            wanted = frame is not None and frame.keyframe and (after is None or frame.pts > after)
            yield frame if wanted else None

    def close(self) -> None:
        """Closes the container. May be called again."""
        self._sequence = None
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
