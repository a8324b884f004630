"""Decoding one run: its wanted pictures, and as little else as they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame

from framecap.media.container import Container
from framecap.media.decoded import Decoded
from framecap.media.irregular import Irregular
from framecap.media.losses import has_picture, is_senseless
from framecap.media.marks import Marked
from framecap.media.opening import SOUND, Opening, Order
from framecap.media.proofs import Proofs
from framecap.media.runs import Run
from framecap.media.skipping import feeds
from framecap.media.starts import Starts
from framecap.media.timeline import Timeline
from framecap.model.media import Frame
from framecap.timebase import Pts

_ALL: Final = "DEFAULT"
_REFERENCES: Final = "NONREF"

# How long frames are decoded without a word: telling takes as long as decoding a small one.
_PAUSE_SECONDS: Final = 0.001


@dataclass(slots=True, eq=False)
class KnownFrame:
    """A keyframe that was decoded before."""

    pts: Pts
    """Its time."""

    native: VideoFrame | None
    """What the decoder gave; None once that was let go."""

    durations: bool = False
    """True when it lasts as long as its packet says."""

    position: int | None = None
    """Where its packet lies in the file; None where the container does not say."""

    opening: Opening = SOUND
    """What the packets behind it show."""

    starts: Starts | None = None
    """What its packet tells of the stream."""

    @property
    def unproven(self) -> bool:
        """True when pts may be those of decoding: runs are decoded as they are to find out."""
        return self.opening.order is Order.UNPROVEN


class RunDecoder:
    """Decodes runs with one decoder, which it leaves flushed.

    Args:
        container: Has the decoder; it is not read from.
        proofs: Tell when its frames are certain.
        known: A keyframe that need not be decoded again.
    """

    def __init__(
        self, container: Container, proofs: Proofs, known: KnownFrame | None = None
    ) -> None:
        self._container = container
        self._decoder = container.decoder
        self._proofs = proofs
        self._known = known
        self._silent: dict[object, tuple[Packet[Any], bool]] = {}
        self._unproven = known is not None and known.unproven
        self.decoded = 0
        """Frames the decoder returned."""
        self.end: Pts | None = None
        """When the last frame of the stream ends, once it was decoded."""

    def frames(self, run: Run) -> Iterator[Frame | None]:
        """Yields the wanted frames of a run in order of time; None now and then between them.

        The last packet fed is that of the last one wanted: then the decoder is drained. Where this
        ends by an error, frames that were not proven by then may be wrong.

        Raises:
            Irregular: What comes out is not what the packets promise.
        """
        marks = {mark.pts: mark for mark in run.marks if mark.wanted}
        known = self._known
        native = None if known is None or run.key != known.pts else known.native
        if native is not None and marks.keys() == {run.key}:
            frame = self._frame(marks[run.key], native)
            self._proofs.end_run()
            yield frame
            return
        self._decoder.flush_buffers()
        try:
            yield from self._decode(run, marks)
        finally:
            self._decoder.skip_frame = _ALL
            self._decoder.flush_buffers()

    def _decode(self, run: Run, marks: dict[Pts, Marked]) -> Iterator[Frame | None]:
        awaited = sorted(marks, reverse=True)
        latest: Pts | None = None
        promised = self.decoded + len(run.marks) if self._unproven else None

        def take(native: VideoFrame) -> None:
            nonlocal latest
            self.decoded += 1
            self._silent.pop(native.opaque, None)
            pts = native.pts
            if pts is None:
                raise Irregular("a frame without a time")
            if latest is not None and pts <= latest:
                raise Irregular("a picture that does not appear after the one before it")
            if pts < run.key:
                # A leading picture of this run's keyframe: the run before has it.
                return
            if self._container.is_damaged(native) or native.interlaced_frame:
                raise Irregular("a frame that is corrupt or interlaced")
            if latest is None and not self._is_key_of(run, native):
                raise Irregular("the keyframe does not decode by itself")
            latest = pts
            if awaited and pts > awaited[-1]:
                raise Irregular("a picture did not come out of its packet")
            if awaited and pts == awaited[-1]:
                awaited.pop()
                taken.append(self._frame(marks[pts], native))

        # No variable may name a picture while this waits: it is let go once its image is made.
        taken: list[Frame] = []
        pause = monotonic() + _PAUSE_SECONDS
        for natives in self._natives(run.marks):
            natives.reverse()
            while natives:
                take(natives.pop())
                while taken:
                    yield taken.pop()
            if monotonic() > pause:
                yield None
                pause = monotonic() + _PAUSE_SECONDS
        lost = self._has_lost(run)
        if awaited or lost or (promised is not None and promised != self.decoded):
            raise Irregular("a picture did not come out of its packet")
        self._proofs.end_run()
        # What follows may take long; what is certain now need not wait for it.
        yield None

    def _has_lost(self, run: Run) -> bool:
        """Returns whether a packet that was fed should have given a frame, and gave none."""
        # What appears behind the last one wanted may still be in the decoder when it is drained.
        last = max((mark.pts for mark in run.marks if mark.wanted), default=run.key)
        return any(
            run.key <= (packet.pts or 0) <= last
            and (is_senseless if skipped else has_picture)(self._container, packet)
            for packet, skipped in self._silent.values()
        )

    def _is_key_of(self, run: Run, native: VideoFrame) -> bool:
        return native.pts == run.key and self._container.is_keyframe(native)

    def _natives(self, marks: Iterable[Marked]) -> Iterator[list[VideoFrame]]:
        """Yields what the decoder gives for packet after packet, and for the drain."""
        marks = tuple(marks)
        skipping = False
        self._silent.clear()
        try:
            chosen = feeds(
                self._decoder.codec.canonical_name,
                self._decoder.extradata,
                [mark.packet for mark in marks],
                [mark.wanted or self._unproven for mark in marks],
                whole=True,
            )
            for feed, mark in zip(chosen, marks, strict=True):
                if feed.packet is None:
                    continue
                if feed.references_only != skipping:
                    skipping = feed.references_only
                    self._decoder.skip_frame = _REFERENCES if skipping else _ALL
                with mark.feeding or nullcontext():
                    natives = self._container.decode(feed.packet)
                    if feed.packet is mark.packet:
                        self._silent[feed.packet.opaque] = (feed.packet, skipping)
                yield natives
            yield self._container.decode(None)
        except av.error.FFmpegError as error:
            raise Irregular("a packet cannot be decoded") from error

    def _frame(self, mark: Marked, native: VideoFrame) -> Frame:
        return Frame(
            pts=mark.pts,
            end=self._last_end(mark, native) if mark.end is None else mark.end,
            keyframe=self._container.is_keyframe(native),
            damaged=False,
            native=Decoded(native),
            proof=self._proofs.of_next(),
        )

    def _last_end(self, mark: Marked, native: VideoFrame) -> Pts:
        opening = SOUND if self._known is None else self._known.opening
        line = Timeline(self._container, durations_from=opening.durations_from)
        if mark.gap:
            line.place(mark.pts - mark.gap, 0)
        line.place(mark.pts, native.duration or 0)
        if not (line.end_is_certain or self._is_first(mark)):
            raise Irregular("nothing tells when the last frame ends")
        self.end = line.end
        return line.end

    def _is_first(self, mark: Marked) -> bool:
        return self._known is not None and mark.pts == self._known.pts
