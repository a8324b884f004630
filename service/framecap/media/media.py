"""One media source, opened and decoded as often as a capture needs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import BinaryIO, Self

from framecap.errors import MediaCorrupt
from framecap.media.bitstream.alpha import has_alpha_layer
from framecap.media.bitstream.damage import SliceCheck
from framecap.media.containers.container import Container
from framecap.media.containers.cropping import Cropping, cropping_of
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.index import Index
from framecap.media.containers.opening import SOUND, Opening, Order, inspect_opening, position_of
from framecap.media.containers.pool import ContainerPool
from framecap.media.containers.reorder import HELD_BACK
from framecap.media.containers.starts import Starts
from framecap.media.containers.timeline import NEVER_GUESSED, clock_of
from framecap.media.decoding.access_modes import first_alone, has_fast_paths
from framecap.media.decoding.end import measure_end, moments_before_end
from framecap.media.decoding.keyframes import KeyframeSegments, stand_alone
from framecap.media.decoding.run_decoder import KnownFrame
from framecap.media.decoding.segments import AccessPath, Segment, StreamSegments
from framecap.media.decoding.sequential import Counts, FrameReader
from framecap.media.fast_path import FastPathUnavailable
from framecap.media.pictures.cover import Cover, read_cover, stored_format
from framecap.media.pictures.decoded import Decoded, decoded_of
from framecap.media.pictures.deinterlace import deinterlaced
from framecap.media.pictures.planes import Views
from framecap.media.probe import describe
from framecap.media.refusals import check_decoded_nothing, open_container
from framecap.model.lease import Lease
from framecap.model.media import Frame, MediaInfo, Picture
from framecap.model.plan import AccessModes, Strategy
from framecap.model.spec import ImageFormat
from framecap.model.wanted import Wanted
from framecap.timebase import Clock, Pts


class Media:
    """Owns the containers of one source from its first frame to the last decoding pass.

    Close it on the thread that opened it. The file object belongs to the caller.

    Args:
        file: The source.
        strict: True to fail at the first damage.
        threads: The most threads that may decode it.

    Raises:
        MediaError: The file has nothing to capture, or cannot be read.
    """

    def __init__(self, file: BinaryIO, *, strict: bool, threads: int = 1) -> None:
        self._file = SharedFile(file)
        self._threads = threads
        self._strict = strict
        self._closing = ExitStack()
        self._slices = SliceCheck()
        self._pool = ContainerPool(self._file, self._slices)
        self._closing.callback(self._pool.close)
        self._container = self._closing.enter_context(open_container(self._file, self._slices))
        self._views = Views(
            cropping=self._cropping(),
            siting=self._container.siting,
            orientation=self._container.orientation,
        )
        self._sequence: Iterator[Frame | None] | None = None
        self._first: Frame | None = None
        self._first_interlaced = False
        self._first_has_duration = False
        self._known: KnownFrame | None = None
        self._opening: Opening | None = None
        self._index = Index(self._container)
        self.clock: Clock = clock_of(self._container, None)
        """The captured stream's clock; final once the first frame is found."""
        self.beginning: Pts | None = None
        """The pts of the first visible frame: the first one found, or that of a whole decoding."""
        self._whole: list[FrameReader] = []
        self._end: Pts | None = None
        self._segments: StreamSegments | None = None
        self._keyframe_segments: list[KeyframeSegments] = []
        self.measuring = Counts()
        """Counts frames decoded outside passes: for a cover, the first frame or the end."""

    @property
    def cover(self) -> bool:
        """True when the picture is the cover art of an audio file."""
        return self._container.cover

    @property
    def read_bytes(self) -> int:
        """Bytes read so far."""
        return self._file.read_bytes

    @property
    def seek_repairs(self) -> int:
        """Seeks that ended behind the wanted keyframe and were repeated from earlier."""
        return 0 if self._segments is None else self._segments.repairs

    @property
    def counts(self) -> Counts:
        """The counts of all decoding passes together."""
        counts = [reader.counts for reader in self._whole]
        counts += [segments.counts for segments in self._keyframe_segments]
        in_segments = 0 if self._segments is None else self._segments.decoded
        return Counts.of_all(counts, others=self.measuring.decoded + in_segments)

    def find_first(self) -> Generator[None, None, Frame]:
        """Returns the first frame. Yields now and then, so that a caller can report progress.

        The end of the frame is approximate when the stream has fast access paths.

        Raises:
            MediaCorrupt: No frame can be decoded.
            MediaEncrypted: No frame can be decoded, because the stream is scrambled.
        """
        if not self._strict and has_fast_paths(self._container):
            self._container.expect(self._index.until_packet(HELD_BACK))
            known = first_alone(self._container)
            self._container.expect(0)
            self.measuring.decoded += 1
            if known is not None:
                return self._use_first(known)
            self._container.close()
            self._container = self._closing.enter_context(self._open())
            self._index = Index(self._container)
        reader = self._reader(self._container)
        self._sequence = reader.frames()
        for frame in self._sequence:
            if frame is not None:
                self._note_first(frame)
                self.clock = clock_of(self._container, frame.pts)
                if reader.first_packet is not None:
                    self._pool.starts = Starts(self._container, reader.first_packet)
                return frame
            yield
        check_decoded_nothing(self._container)
        raise MediaCorrupt(
            "no frame of the video can be decoded",
            metadata={"undecodable": str(reader.counts.undecodable)},
        )

    def _use_first(self, known: KnownFrame) -> Frame:
        """Adopts a first frame that was decoded from its packet alone."""
        pts, native = known.pts, known.picture.picture
        self._known = known
        self._pool.starts = known.starts
        self._pool.add(self._container)
        self._segments = StreamSegments(
            self._pool, self._container, self._index, known, threads=self._threads
        )
        self.clock = clock_of(self._container, pts)
        first = Frame(
            pts=pts,
            end=pts + max(1, native.duration or 0),
            keyframe=True,
            damaged=False,
            native=Lease(Decoded(native)),
        )
        self._note_first(first)
        return first

    def _note_first(self, first: Frame) -> None:
        """Records the first frame, and what is needed of it after its release."""
        native = decoded_of(first).frame
        self._first = first
        self._first_interlaced = bool(native.interlaced_frame)
        self._first_has_duration = bool(native.duration)
        self.beginning = first.pts

    def forget_first(self) -> None:
        """Releases the first picture; it is decoded again together with its neighbours."""
        if self._known is not None and self._first is not None:
            self._known.picture.release()
            self._first.native.release()
            # From here on, only the facts that the first packets show are used.
            self._first_has_duration = False

    def measure_end(self) -> Generator[Pts | None, None, Pts | None]:
        """Returns the end of the last frame; None when that cannot be known.

        Yields None now and then, and the end of each frame that it decodes, so that a caller can
        report progress.
        """
        if self._segments is not None and self._index.continuous:
            with suppress(FastPathUnavailable):
                for moment in moments_before_end(self._container):
                    end = yield from self._segments.last_end(moment)
                    if end is not None:
                        return end
        timed = self._index.continuous and not self.counts.repaired
        return (
            yield from measure_end(
                self._file,
                self.measuring,
                timed=timed,
                durations_from=self._durations_from,
                starts=self._pool.starts,
            )
        )

    @property
    def _durations_from(self) -> Pts | None:
        """The pts from which durations equal those of a whole decoding; None for none."""
        if self._first_has_duration:
            return NEVER_GUESSED
        return self._opened.durations_from

    @property
    def end(self) -> Pts | None:
        """The end of the last frame, once a decoding pass has got to it."""
        by_segment = None if self._segments is None else self._segments.end
        return self._end if by_segment is None else by_segment

    def access_paths(
        self, strategy: Strategy, *, limit: int | None, to_end: bool
    ) -> Iterator[AccessPath]:
        """Yields access paths to wanted frames: the planned one, then safer ones.

        The last path always gives right frames. A path raises `FastPathUnavailable` when it cannot
        go on; the frames that it confirmed before are right. All paths but the last give wanted
        frames only, and sometimes the last frame of the video as well; the last path gives every
        visible frame.

        Args:
            strategy: The strategy of the first path: `SEEK`, `SLICED` or `SEQUENTIAL`.
            limit: The most frames that are wanted; None is no limit.
            to_end: True when `end` must be known in case more is wanted than the video has.
        """
        if self._segments is not None:
            if strategy is Strategy.SEEK:
                yield partial(self._segments.by_seeking, to_end=to_end)
            if strategy is not Strategy.SEQUENTIAL:
                yield partial(self._segments.by_reading, limit=limit, to_end=to_end)
        yield self._whole_decoding

    def keyframe_access_paths(self) -> Iterator[AccessPath]:
        """Yields access paths to the keyframes, the fastest first, as `access_paths` does.

        A keyframe's end may be less than the next keyframe's pts. The last path gives all frames.
        """
        first = self._first
        if self.keyframes_stand_alone and first is not None:
            main = self._container
            if self._known is not None:
                position = self._known.position
            else:
                # The first decoding pass is in the middle of `self._container`.
                main = self._open()
                self._pool.add(main)
                position = position_of(main, first.pts)
            segments = KeyframeSegments(
                self._pool,
                main,
                self._index,
                first.pts,
                position=position,
                strict=self._strict,
                order_unknown=self._opened.order is Order.UNKNOWN,
            )
            self._keyframe_segments.append(segments)
            yield segments.segments
        yield self._whole_decoding

    def _whole_decoding(self, _: Wanted) -> Iterator[Segment]:
        """Yields one segment that gives every frame, wanted or not."""
        yield self.frames

    def frames(self) -> Iterator[Frame | None]:
        """Yields every visible frame in display order; None for a packet that gave no frame.

        The first call continues behind the first frame where it can; later calls open the source
        again. Frames on screen only before zero are left out: an edit list hides them.
        """
        zero = self.clock.floor(Fraction(0))
        with ExitStack() as closing:
            end: Pts | None = None
            begun = False
            for frame in self._begin(closing):
                end = end if frame is None else frame.end
                if frame is not None and frame.end <= zero:
                    frame.native.release()
                    yield None
                    continue
                if frame is not None and not begun:
                    begun = True
                    self.beginning = frame.pts
                yield frame
            self._end = end

    def access_modes(self, *, gaps: bool, sparse: bool, keyframes: bool = True) -> AccessModes:
        """Returns the access modes of the source; strict captures have no fast ones.

        Args:
            gaps: False when the wanted frames leave no gaps to seek over.
            sparse: True when seeking is worth reading all packets of a small source.
            keyframes: False when keyframes alone do not suffice, so that they are not examined.
        """
        if self._segments is None:
            return AccessModes(keyframes=keyframes and self.keyframes_stand_alone)
        index = self._index
        if sparse:
            index.learn()
        knows_keyframes = index.knows_keyframes
        return AccessModes(
            sliced=True,
            seekable=gaps and (knows_keyframes or not index.small) and index.continuous,
            keyframes=self.keyframes_stand_alone,
            index=index if knows_keyframes else None,
        )

    @property
    def keyframes_stand_alone(self) -> bool:
        """True when keyframes may be decoded without the packets between them."""
        first = self._first
        if first is None or self.counts.repaired or self._container.tiles is not None:
            return False
        interlaced = self._first_interlaced
        if not stand_alone(self._container, first.pts, interlaced=interlaced):
            return False
        return self._opened.order is not Order.DECODING and self._index.same_times

    @property
    def _opened(self) -> Opening:
        """The facts that the first packets show."""
        if self._opening is None:
            if self._known is not None:
                self._opening = self._known.opening
            elif self._container.untimed:
                self._opening = SOUND
            else:
                with Container(self._file) as container:
                    self._opening = inspect_opening(container)
        return self._opening

    def picture(self, frame: Frame) -> Picture:
        """Returns views on the planes of a frame as it is stored."""
        native = decoded_of(frame).frame
        return self._views.picture(native, self._container.aspect_ratio(native))

    def whole_picture(self, frame: Frame) -> Picture:
        """Returns views on the planes of a frame as it is shown: deinterlaced."""
        decoded = decoded_of(frame)
        ratio = self._container.aspect_ratio(decoded.frame)
        return self._views.picture(deinterlaced(decoded), ratio)

    def read_cover(self) -> Cover:
        """Returns the cover art."""
        cover = read_cover(self._container, strict=self._strict)
        self.measuring.decoded += 1
        return cover

    @property
    def cover_format(self) -> ImageFormat | None:
        """The image format of the stored cover; None when images are not made of its bytes."""
        return stored_format(self._container)

    def describe(self, picture: Picture, display: tuple[int, int]) -> MediaInfo:
        """Returns facts about the source, given its first picture and its size on screen."""
        first = None if self._first is None else self._first.pts
        info = describe(self._container, self.clock, picture, display, first_pts=first)
        extradata = self._container.decoder.extradata or b""
        return replace(info, alpha_lost=has_alpha_layer(extradata, self._slices.first))

    def _open(self) -> Container:
        return Container(self._file, slices=self._slices)

    def _cropping(self) -> Cropping | None:
        """Returns the container's cropping of pictures; none for tiles, joined uncropped."""
        if self._container.tiles is not None:
            return None
        return cropping_of(self._container.native, self._container.stream.index)

    def _reader(self, container: Container) -> FrameReader:
        reader = FrameReader(container, strict=self._strict)
        self._whole.append(reader)
        return reader

    def _begin(self, closing: ExitStack) -> Iterator[Frame | None]:
        """Returns all frames; the first call continues behind the first frame found."""
        if self._sequence is not None:
            sequence, self._sequence = self._sequence, None
            return chain([self._first], sequence)
        return self._reader(closing.enter_context(self._open())).frames()

    def close(self) -> None:
        """Closes all containers. May be called again."""
        self._sequence = None
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
