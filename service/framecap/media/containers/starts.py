"""Determines at which packets decoding may start, and the headers a decoder needs there.

A decoder that starts at a keyframe in mid-stream gives the pictures of a whole decoding only if it
has the same headers. If a keyframe does not carry its own, those of the packets before it are put
in front of it, so that the decoder's earlier use does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

import av.error
from av.packet import Packet

from framecap.media.bitstream.headers import X264, Header, is_complete, syntax_of, x264_build
from framecap.media.bitstream.rewrite import rewritten
from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.fast_path import FastPathUnavailable
from framecap.timebase import Pts

# The largest file that is read whole for its headers when a keyframe lacks them.
_PASS_BYTES: Final = 64 << 20

# Streams with more changes of their headers than this are decoded whole.
_MAX_HEADERS: Final = 64

# Containers that store headers in the packets only.
_STREAM_FORMATS: Final = frozenset({"mpegts", "mpeg", "hls"})

# Streams of this and later builds of x264 are decoded by the standard; for older builds, decoders
# work around the faults of the build in 4:4:4 and lossless pictures. The stream names the build in
# its first packet only.
_X264_PLAIN: Final = 151


class Starts:
    """Holds the headers of one source's stream. Shared by all threads of a capture.

    Args:
        container: An open container on the source.
        first: The stream's first packet.
    """

    def __init__(self, container: Container, first: Packet[Any]) -> None:
        self._file: SharedFile = container.file
        self._playlist = container.playlist
        extradata = container.decoder.extradata or b""
        self._syntax = syntax_of(container.decoder.codec.canonical_name, extradata)
        self._container_has: tuple[Header, ...] = ()
        first_has: tuple[Header, ...] = ()
        self._build: Header | None = None
        if self._syntax is not None:
            self._container_has = self._syntax.of_extradata()
            own = self._syntax.of_packet(first) if first.size else ()
            first_has, self._build = _without_build(own)
        self._in_band = bool(first_has) or container.native.format.name in _STREAM_FORMATS
        # If a recording begins behind a keyframe, the library found its headers further on.
        self._complete = first_has or self._container_has
        self._is_old = _is_old(self._build)
        self._lock = Lock()
        self._known: dict[Pts, tuple[Header, ...] | None] | None = None
        self._constant = False

    @property
    def need_headers(self) -> bool:
        """True for codecs whose keyframes may need headers of earlier packets."""
        return self._syntax is not None

    def check(self, packet: Packet[Any]) -> None:
        """Checks that a packet does not change headers that other decoders would then lack.

        Headers in keyframes of streams that carry them in band are handled by `completed`.

        Raises:
            FastPathUnavailable: It changes headers: decoders of later packets would not have them.
        """
        syntax = self._syntax
        if syntax is None or packet.size == 0 or (self._in_band and not packet.is_keyframe):
            return
        headers, build = _without_build(syntax.of_packet(packet))
        if build is not None and (self._is_old or _is_old(build)) and not _same(build, self._build):
            raise FastPathUnavailable("from here on another build of x264 made the stream")
        if headers and not self._in_band and not set(headers) <= set(self._container_has):
            raise FastPathUnavailable("headers in a packet that the container does not have")

    def completed(self, packet: Packet[Any]) -> Packet[Any]:
        """Returns a keyframe's packet with the headers that it lacks; others as they are.

        Raises:
            FastPathUnavailable: The headers that it lacks are not known.
        """
        if self._syntax is None or packet.size == 0 or not packet.is_keyframe:
            return packet
        own, build = _without_build(self._syntax.of_packet(packet))
        missing: list[Header] = []
        if self._in_band and not is_complete(own, self._complete):
            missing += self._before(packet)
        if self._build is not None and self._is_old and build is None:
            missing.append(self._build)
        if not missing:
            return packet
        if packet.is_discard or not self._syntax.joins:
            raise FastPathUnavailable("a keyframe that cannot be given the headers it lacks")
        return rewritten(packet, self._syntax.joined(missing) + bytes(packet))

    def next_start(self, container: Container) -> Packet[Any] | None:
        """Reads to the next packet at which decoding may start; returns it, None at the end.

        Raises:
            FastPathUnavailable: The headers that the packet lacks are not known.
            av.error.FFmpegError: The container cannot be read further.
        """
        for packet in container.packets():
            if packet.size == 0:
                return None
            self.check(packet)
            if container.starts_at(packet):
                return self.completed(packet)
        return None

    def _before(self, packet: Packet[Any]) -> tuple[Header, ...]:
        """Returns the headers in force before a keyframe that does not carry its own."""
        with self._lock:
            if self._known is None:
                self._known = self._read()
            headers = None if packet.pts is None else self._known.get(packet.pts)
            if headers is None:
                raise FastPathUnavailable("a keyframe of which it is not known what precedes it")
            return () if self._constant else headers

    def _read(self) -> dict[Pts, tuple[Header, ...] | None]:
        """Returns the headers in force at each keyframe, by its pts.

        None for a pts that two keyframes share.
        """
        known: dict[Pts, tuple[Header, ...] | None] = {}
        if self._playlist or self._file.size > _PASS_BYTES:
            # A second reading would take long, without progress reports.
            return known
        assert self._syntax is not None, "only called for codecs with headers"
        in_force = self._container_has
        constant = True
        try:
            with Container(self._file) as container:
                for packet in container.packets():
                    if packet.size == 0:
                        break
                    if packet.is_keyframe and packet.pts is not None:
                        known[packet.pts] = None if packet.pts in known else in_force
                    headers, _ = _without_build(self._syntax.of_packet(packet))
                    if not headers:
                        continue
                    constant = constant and set(headers) <= set(self._container_has)
                    if is_complete(headers, self._complete):
                        in_force = headers
                        continue
                    in_force = (*(kept for kept in in_force if kept not in headers), *headers)
                    if len(in_force) > _MAX_HEADERS:
                        return {}
        except av.error.FFmpegError:
            return {}
        self._constant = constant
        return known


def _without_build(
    headers: Sequence[Header],
) -> tuple[tuple[Header, ...], Header | None]:
    """Splits headers into those that do not name a build of x264, and the last that does."""
    builds = [header for header in headers if header.kind == X264]
    if not builds:
        return tuple(headers), None
    return tuple(header for header in headers if header.kind != X264), builds[-1]


def _is_old(build: Header | None) -> bool:
    number = None if build is None else x264_build(build.data)
    return number is not None and number < _X264_PLAIN


def _same(build: Header, other: Header | None) -> bool:
    return other is not None and x264_build(build.data) == x264_build(other.data)
