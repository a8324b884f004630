"""Where decoding may start, and what a decoder must know there.

A decoder that starts at a keyframe in the middle gives the pictures of a whole decoding only if it
knows the same headers. Where a keyframe does not carry its own, those of the packets before it are
put in front of it, so that what the decoder was used for earlier does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

import av.error
from av.packet import Packet

from framecap.media.container import Container
from framecap.media.cursor import SharedFile
from framecap.media.fast_path import FastPathUnavailable
from framecap.media.headers import X264, Header, is_complete, syntax_of, x264_build
from framecap.media.skipping.rewrite import rewritten
from framecap.timebase import Pts

# The largest file that is read whole for its headers, where a keyframe lacks them.
_PASS_BYTES: Final = 64 << 20

# Streams with more changes of their headers than this are decoded whole.
_MAX_HEADERS: Final = 64

# Containers whose only place for headers is in the packets.
_STREAM_FORMATS: Final = frozenset({"mpegts", "mpeg", "hls"})

# From this build of x264 on its streams are decoded without allowances: of those before, 4:4:4 and
# lossless pictures are decoded as that build meant them. It names itself in the first packet only.
_X264_PLAIN: Final = 151


class Starts:
    """Knows the headers of one source's stream. Used by all threads of a capture.

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
        # A recording may begin behind a keyframe: then the library has found headers further on.
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
        """Makes sure that a packet does not change headers where keyframes are not asked for them.

        Raises:
            FastPathUnavailable: It does: decoders elsewhere would not learn of it.
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
            FastPathUnavailable: It is not known what it lacks.
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
        """Reads on to where decoding may start; returns its packet, None where there is none.

        Raises:
            FastPathUnavailable: It is not known what the packet lacks.
            av.error.FFmpegError: The container cannot be read on.
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

        None where two keyframes have the same pts.
        """
        known: dict[Pts, tuple[Header, ...] | None] = {}
        if self._playlist or self._file.size > _PASS_BYTES:
            # Reading it twice would take long, without a word.
            return known
        assert self._syntax is not None, "asked for keyframes with headers only"
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
    """Returns headers without the one that names a build of x264, and that one."""
    builds = [header for header in headers if header.kind == X264]
    if not builds:
        return tuple(headers), None
    return tuple(header for header in headers if header.kind != X264), builds[-1]


def _is_old(build: Header | None) -> bool:
    number = None if build is None else x264_build(build.data)
    return number is not None and number < _X264_PLAIN


def _same(build: Header, other: Header | None) -> bool:
    return other is not None and x264_build(build.data) == x264_build(other.data)
