"""Decodes the wanted pictures of one run, and as few other pictures as possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame

from framecap.media.containers.container import Container
from framecap.media.containers.opening import SOUND, Opening, Order
from framecap.media.containers.starts import Starts
from framecap.media.containers.timeline import Timeline
from framecap.media.decoding.confirmation import Confirmations
from framecap.media.decoding.losses import has_picture, is_unparsable
from framecap.media.decoding.packet_info import PacketInfo
from framecap.media.decoding.runs import Run
from framecap.media.decoding.skipping import feeds
from framecap.media.fast_path import FastPathUnavailable
from framecap.media.pictures.decoded import Decoded
from framecap.model.lease import Lease
from framecap.model.media import Frame
from framecap.timebase import Pts

_ALL: Final = "DEFAULT"
_REFERENCES: Final = "NONREF"

# Seconds between two reports of progress: one report costs as much as decoding a small frame.
_PAUSE_SECONDS: Final = 0.001


@dataclass(slots=True, eq=False)
class KnownFrame:
    """A keyframe that was decoded before."""

    pts: Pts
    """Its time."""

    picture: Lease[VideoFrame]
    """The decoder's frame, until it is released."""

    durations: bool = False
    """True when it is shown for the duration of its packet."""

    position: int | None = None
    """The byte position of its packet in the file; None if the container does not say."""

    opening: Opening = SOUND
    """Facts about the stream's times, from the packets behind it."""

    starts: Starts | None = None
    """The headers that a decoder needs to start at other keyframes; None if unknown."""

    @property
    def order_unknown(self) -> bool:
        """True when pts may be decoding times: then whole runs are decoded, to find out."""
        return self.opening.order is Order.UNKNOWN


class RunDecoder:
    """Decodes runs with one decoder, which it leaves flushed.

    Args:
        container: Holds the decoder; it is not read from.
        confirmations: Confirm the decoded frames.
        known: A keyframe that need not be decoded again.
    """

    def __init__(
        self, container: Container, confirmations: Confirmations, known: KnownFrame | None = None
    ) -> None:
        self._container = container
        self._decoder = container.decoder
        self._confirmations = confirmations
        self._known = known
        self._silent: dict[object, tuple[Packet[Any], bool]] = {}
        self._order_unknown = known is not None and known.order_unknown
        self.decoded = 0
        """Frames the decoder returned."""
        self.end: Pts | None = None
        """When the last frame of the stream ends, once it was decoded."""

    def frames(self, run: Run) -> Iterator[Frame | None]:
        """Yields the wanted frames of a run in order of time; None between them, for progress.

        The packet of the last wanted frame is the last one fed, then the decoder is drained. If an
        error ends this, frames that are unconfirmed by then may be wrong.

        Raises:
            FastPathUnavailable: The decoded frames differ from those that the packets announce.
        """
        infos = {info.pts: info for info in run.infos if info.wanted}
        known = self._known
        if known is not None and known.picture.held and infos.keys() == {run.key} == {known.pts}:
            frame = self._frame(infos[run.key], known.picture.picture)
            self._confirmations.end_run()
            yield frame
            return
        self._decoder.flush_buffers()
        try:
            yield from self._decode(run, infos)
        finally:
            self._decoder.skip_frame = _ALL
            self._decoder.flush_buffers()

    def _decode(self, run: Run, infos: dict[Pts, PacketInfo]) -> Iterator[Frame | None]:
        awaited = sorted(infos, reverse=True)
        latest: Pts | None = None
        expected = self.decoded + len(run.infos) if self._order_unknown else None

        def take(lease: Lease[VideoFrame]) -> Frame | None:
            nonlocal latest
            native = lease.take()
            self.decoded += 1
            self._silent.pop(native.opaque, None)
            pts = native.pts
            if pts is None:
                raise FastPathUnavailable("a frame without a time")
            if latest is not None and pts <= latest:
                raise FastPathUnavailable("a picture that does not appear after the one before it")
            if pts < run.key:
                # A leading picture of this run's keyframe belongs to the run before.
                return None
            if self._container.is_damaged(native) or native.interlaced_frame:
                raise FastPathUnavailable("a frame that is corrupt or interlaced")
            if latest is None and not self._is_key_of(run, native):
                raise FastPathUnavailable("the keyframe does not decode by itself")
            latest = pts
            if awaited and pts > awaited[-1]:
                raise FastPathUnavailable("a picture did not come out of its packet")
            if not awaited or pts != awaited[-1]:
                return None
            awaited.pop()
            return self._frame(infos[pts], native)

        pause = monotonic() + _PAUSE_SECONDS
        for leases in self._leases(run.infos):
            for lease in leases:
                frame = take(lease)
                if frame is not None:
                    yield frame
            if monotonic() > pause:
                yield None
                pause = monotonic() + _PAUSE_SECONDS
        lost = self._has_lost(run)
        if awaited or lost or (expected is not None and expected != self.decoded):
            raise FastPathUnavailable("a picture did not come out of its packet")
        self._confirmations.end_run()
        # The next run may take long: let the caller take the frames confirmed by now.
        yield None

    def _has_lost(self, run: Run) -> bool:
        """Returns whether a fed packet should have given a frame and gave none."""
        # Pictures shown after the last wanted one may still be in the decoder when it is drained.
        last = max((info.pts for info in run.infos if info.wanted), default=run.key)
        return any(
            run.key <= (packet.pts or 0) <= last
            and (is_unparsable if skipped else has_picture)(self._container, packet)
            for packet, skipped in self._silent.values()
        )

    def _is_key_of(self, run: Run, native: VideoFrame) -> bool:
        return native.pts == run.key and self._container.is_keyframe(native)

    def _leases(self, infos: Iterable[PacketInfo]) -> Iterator[list[Lease[VideoFrame]]]:
        """Yields the decoder's frames for each packet in turn, and for the drain."""
        infos = tuple(infos)
        skipping = False
        self._silent.clear()
        try:
            chosen = feeds(
                self._decoder.codec.canonical_name,
                self._decoder.extradata,
                [info.packet for info in infos],
                [info.wanted or self._order_unknown for info in infos],
                whole=True,
            )
            for feed, info in zip(chosen, infos, strict=True):
                if feed.packet is None:
                    continue
                if feed.references_only != skipping:
                    skipping = feed.references_only
                    self._decoder.skip_frame = _REFERENCES if skipping else _ALL
                with info.feeding or nullcontext():
                    leases = self._decoded(feed.packet)
                    if feed.packet is info.packet:
                        self._silent[feed.packet.opaque] = (feed.packet, skipping)
                yield leases
            yield self._decoded(None)
        except av.error.FFmpegError as error:
            raise FastPathUnavailable("a packet cannot be decoded") from error

    def _decoded(self, packet: Packet[Any] | None) -> list[Lease[VideoFrame]]:
        return [Lease(native) for native in self._container.decode(packet)]

    def _frame(self, info: PacketInfo, native: VideoFrame) -> Frame:
        return Frame(
            pts=info.pts,
            end=self._last_end(info, native) if info.end is None else info.end,
            keyframe=self._container.is_keyframe(native),
            damaged=False,
            native=Lease(Decoded(native)),
            confirmation=self._confirmations.of_next(),
        )

    def _last_end(self, info: PacketInfo, native: VideoFrame) -> Pts:
        opening = SOUND if self._known is None else self._known.opening
        line = Timeline(self._container, durations_from=opening.durations_from)
        if info.gap:
            line.assign(info.pts - info.gap, 0)
        line.assign(info.pts, native.duration or 0)
        if not (line.end_is_certain or self._is_first(info)):
            raise FastPathUnavailable("the end of the last frame is not known")
        self.end = line.end
        return line.end

    def _is_first(self, info: PacketInfo) -> bool:
        return self._known is not None and info.pts == self._known.pts
