"""Segments: spans of one stream that are decoded in parallel.

A segment, when called, yields the frames of its span; segments are in order of time. They begin at
keyframes, so no two segments decode the same packets, except a keyframe whose leading pictures are
wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import chain
from threading import Lock
from typing import Any, Final, TypeAlias

import av.error
from av.packet import Packet

from framecap.media.containers.container import Container
from framecap.media.containers.index import Index
from framecap.media.containers.pool import ContainerPool
from framecap.media.containers.seeking import check_first, check_stream, keyframe_before
from framecap.media.decoding.confirmation import Confirmations
from framecap.media.decoding.end import ends_whole
from framecap.media.decoding.packet_info import PacketInfo, info
from framecap.media.decoding.run_decoder import KnownFrame, RunDecoder
from framecap.media.decoding.runs import Run, cut, first_wanted
from framecap.media.decoding.skipping.hevc import discards_earlier
from framecap.media.fast_path import FarApart, FastPathUnavailable
from framecap.model.media import Frame
from framecap.model.wanted import Instants, Wanted, WantedRange
from framecap.timebase import Pts

Segment: TypeAlias = Callable[[], Iterator[Frame | None]]
AccessPath: TypeAlias = Callable[[Wanted], Iterator[Segment]]

# If the next moment is at most so many seconds ahead, reading goes on instead of a seek.
_NEAR: Final = 2

# Moments of one segment, if the container does not list its keyframes.
_MOMENTS: Final = 4

# The most segments that may begin at one keyframe; beyond it keyframes are too far apart to seek.
_MAX_SEEKS_TO_ONE: Final = 3

# Frames of a group from which on opening the source again for a decoder with several threads pays.
_WORTH_THREADS: Final = 16

# Later than any picture, so that the last picture is the one on screen.
_THE_LAST: Final = Instants((1 << 62,))

# Wanted pictures that must decode behind a picture before it is confirmed.
_BEHIND: Final = 2
_NO_LIMIT: Final = 1 << 30

# Wanted pictures of one segment, at least, if groups of pictures are shorter.
_PICTURES: Final = 8


class StreamSegments:
    """Divides the wanted pictures of a stream into segments.

    Args:
        pool: The containers on the source.
        main: One of them, for reading ahead; its decoder may be lent meanwhile.
        index: The positions of keyframes.
        known: The first frame.
        threads: The most threads that decode.
    """

    def __init__(
        self,
        pool: ContainerPool,
        main: Container,
        index: Index,
        known: KnownFrame,
        *,
        threads: int,
    ) -> None:
        self._pool = pool
        self._main = main
        self._index = index
        self._known = known
        self._threads = threads
        self._lock = Lock()
        self._seeks: dict[Pts, int] = {}
        # If the order of pictures is unknown, only a whole group confirms it.
        self._behind = _NO_LIMIT if known.order_unknown else _BEHIND
        self._last: Pts | None = None
        self.decoded = 0
        """Frames that the decoders of finished segments returned."""
        self.end: Pts | None = None
        """When the last frame ends, once a segment has decoded it."""
        self.repairs = 0
        """Seeks that ended too late and were repeated to an earlier time."""

    def by_seeking(self, wanted: Wanted, *, to_end: bool) -> Iterator[Segment]:
        """Yields segments that each seek in the source by themselves.

        Args:
            wanted: The wanted pictures.
            to_end: True to decode the last frame if something after the end is wanted.
        """
        moment = wanted.following(self._known.pts)
        threads = self._threads_each(wanted)
        while moment is not None:
            past = self._is_past(moment)
            knows_keyframes = self._index.knows_keyframes
            stop = self._index.key_after(moment) if knows_keyframes else _several(wanted, moment)
            yield partial(self._seek_and_decode, WantedRange(wanted, moment, stop), to_end, threads)
            if past:
                # All later moments show the last picture, too.
                return
            moment = None if stop is None else wanted.following(stop)

    def by_reading(self, wanted: Wanted, *, limit: int | None, to_end: bool) -> Iterator[Segment]:
        """Yields segments with their packets, which the iterating thread reads in order.

        Args:
            wanted: The wanted pictures.
            limit: The most pictures; None is no limit.
            to_end: True to decode the last frame if something after the end is wanted.
        """
        begin = wanted.following(self._known.pts)
        if begin is None:
            return
        if begin > self._known.pts and not self._index.continuous:
            begin = self._known.pts
        if limit is None:
            self._main.expect(self._index.until(wanted.preceding(None)))
        batch: list[Run] = []
        left = limit
        threads = self._threads_each(wanted)
        for run in self._runs(self._main, wanted, begin, to_end=to_end):
            chosen = run if left is None else first_wanted(run, left)
            if chosen.infos:
                batch.append(chosen)
            if left is not None:
                left -= chosen.wanted
            if sum(kept.wanted for kept in batch) >= _PICTURES or left == 0:
                yield partial(self._read, batch, threads)
                batch = []
            if left == 0:
                return
        if batch:
            yield partial(self._read, batch, threads)

    def last_end(self, moment: Pts) -> Generator[None, None, Pts | None]:
        """Returns the end of the stream's last frame; None when no packet is found.

        Args:
            moment: Reading begins with a keyframe at or before it.

        Raises:
            FastPathUnavailable: The decoded frames differ from those that the packets announce.
        """
        last: Run | None = None
        threads = self._threads_each(WantedRange(_THE_LAST, moment, None))
        with self._pool.taken(threads) as container:
            for run in self._runs(container, _THE_LAST, moment, to_end=True):
                last = run if run.infos else last
                yield
            if last is None:
                return None
            decoder = RunDecoder(container, Confirmations(self._behind), self._known)
            end: Pts | None = None
            for frame in decoder.frames(last):
                if frame is not None:
                    end = frame.end
                    frame.native.release()
                yield
            self._count(decoder)
        return end

    def _seek_and_decode(
        self, wanted: WantedRange, to_end: bool, threads: int
    ) -> Iterator[Frame | None]:
        with self._decoding(threads, Confirmations(self._behind)) as (container, decoder):
            container.expect(self._index.until(wanted.preceding(None)))
            moment: Pts | None = wanted.begin
            while moment is not None:
                runs = self._runs(container, wanted, moment, to_end=to_end)
                near = _NEAR / container.time_base
                moment = yield from self._decode_on(decoder, runs, wanted, moment, near)

    def _decode_on(
        self,
        decoder: RunDecoder,
        runs: Iterator[Run],
        wanted: WantedRange,
        sought: Pts,
        near: Fraction,
    ) -> Generator[Frame | None, None, Pts | None]:
        """Decodes after a seek while the next moment is near.

        Args:
            decoder: The decoder.
            runs: The runs from the seek on.
            wanted: The wanted pictures of the segment.
            sought: The moment of the seek.
            near: The greatest distance over which reading goes on instead of a seek.

        Returns:
            The moment to seek to next; None when the segment is over.
        """
        moment, following = sought, None
        for number, run in enumerate(runs):
            past = self._is_past(moment)
            if past and self._is_past(wanted.whole.preceding(moment)):
                # An earlier moment has the last picture already.
                return None
            if number == 0 and run.infos and not past:
                # A repeated decode is expensive, a repeated seek is not: count decodes.
                self._count_seek(run.key)
            yield from decoder.frames(run)
            following = None if run.until is None else wanted.following(run.until)
            if run.until is None or following is None:
                return None
            # A second seek to a moment would end where the first did: read on.
            if following > sought and following - run.until > near:
                break
            moment = following
            yield None
        return following

    def _read(self, runs: Iterable[Run], threads: int) -> Iterator[Frame | None]:
        # The next group's decoding confirms the end of this group's last frame: one more waits.
        confirmations = Confirmations(self._behind + 1, across=1)
        with self._decoding(threads, confirmations) as (_, decoder):
            for run in runs:
                yield from decoder.frames(run)
            confirmations.end()

    @contextmanager
    def _decoding(
        self, threads: int, confirmations: Confirmations
    ) -> Iterator[tuple[Container, RunDecoder]]:
        """Yields a container and a decoder of runs for the block, whose frames count afterwards."""
        with self._pool.taken(threads) as container:
            decoder = RunDecoder(container, confirmations, self._known)
            try:
                yield container, decoder
            finally:
                self._count(decoder)

    def _threads_each(self, wanted: Wanted) -> int:
        """Returns the threads per decoder: several if there are fewer groups than threads."""
        index = self._index
        groups = frames = 0
        moment = wanted.following(self._known.pts)
        while moment is not None and groups < self._threads:
            groups += 1
            if not index.knows_keyframes:
                moment = wanted.following(moment + 1)
                continue
            after = index.key_after(moment)
            last = wanted.preceding(after)
            key = index.key_before(moment)
            begin = self._known.pts if key is None else key
            stop = max(moment, index.last if last is None else last)
            frames = max(frames, index.span(begin, stop).frames)
            moment = None if after is None else wanted.following(after)
        if groups == 0 or (index.knows_keyframes and frames < _WORTH_THREADS):
            return 1
        return self._threads // groups

    def _runs(
        self, container: Container, wanted: Wanted, moment: Pts, *, to_end: bool
    ) -> Iterator[Run]:
        """Yields the runs from a keyframe at or before `moment` on."""
        if moment > self._known.pts:
            wanted = WantedRange(wanted, moment, None)
        try:
            result = keyframe_before(container, moment, first=self._known.pts, index=self._index)
            check_first(result.key, self._known.pts, self._known.position)
            with self._lock:
                self.repairs += result.repairs
            packets = self._until_end(result.key, container)
            infos = info(
                packets,
                wanted,
                dts_bounds=container.dts_bounds,
                durations=self._known.durations and not to_end,
                beyond=self._known.order_unknown,
            )
            if container.alpha_apart:
                infos = _at_starts(infos, container)
            yield from cut(infos, beyond=self._known.order_unknown)
        except av.error.FFmpegError as error:
            raise FastPathUnavailable("the file cannot be read on") from error

    def _until_end(self, key: Packet[Any], container: Container) -> Iterator[Packet[Any]]:
        """Yields packets to the end of the stream, and records the pts of the last picture."""
        last, broken = self._known.pts, False
        hevc = container.decoder.codec.canonical_name == "hevc"
        extradata = container.decoder.extradata or b""
        for packet in chain([key], container.packets()):
            if packet.size == 0:
                if broken or not ends_whole(container):
                    raise FastPathUnavailable("the last packet is not whole, and may be no picture")
                self._last = last
                return
            broken = packet.is_corrupt
            check_stream(container, packet)
            if hevc and packet.is_keyframe and discards_earlier(extradata, packet):
                raise FastPathUnavailable("a keyframe that discards pictures decoded before it")
            if packet.pts is not None and packet.pts > last and not packet.is_discard:
                last = packet.pts
            yield container.completed(packet)

    def _is_past(self, moment: Pts | None) -> bool:
        """Returns whether a moment is known to be after the last picture's pts."""
        return moment is not None and self._last is not None and moment > self._last

    def _count_seek(self, key: Pts) -> None:
        if self._index.knows_keyframes:
            return
        with self._lock:
            seeks = self._seeks[key] = self._seeks.get(key, 0) + 1
        if seeks > _MAX_SEEKS_TO_ONE:
            raise FarApart("several segments begin at one keyframe")

    def _count(self, decoder: RunDecoder) -> None:
        with self._lock:
            self.decoded += decoder.decoded
            if decoder.end is not None:
                self.end = decoder.end


def _at_starts(infos: Iterator[PacketInfo], container: Container) -> Iterator[PacketInfo]:
    """Yields packet infos; `key` is False for keyframes at which decoding cannot start."""
    for each in infos:
        yield replace(each, key=each.key and container.starts_at(each.packet))


def _several(wanted: Wanted, moment: Pts) -> Pts | None:
    """Returns the end of a segment of several moments; None if nothing is wanted after them."""
    following: Pts | None = moment
    for _ in range(_MOMENTS):
        if following is None:
            return None
        following = wanted.following(following + 1)
    return following
