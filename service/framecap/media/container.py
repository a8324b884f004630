"""Opening a container, guarded, and finding the stream to capture."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, cast

import av
import av.error
import av.logging
from av.codec.context import CodecContext, Flags
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framecap.errors import (
    CodecUnsupported,
    ContainerUnsupported,
    LimitExceeded,
    MediaError,
)
from framecap.media.cursor import SharedFile
from framecap.media.errors import REFERS_TO_OTHERS, translated
from framecap.media.guard import Guard
from framecap.media.headers import starts_alpha
from framecap.media.streams import choose_stream, is_cover
from framecap.timebase import Pts

if TYPE_CHECKING:
    from framecap.media.starts import Starts

MAX_PIXELS: Final = 16384 * 16384
"""The largest stored picture that is decoded."""

MAX_STREAMS: Final = 256

# Of AVFMT_NOTIMESTAMPS, which PyAV has no name for on formats.
_NO_TIMESTAMPS: Final = 0x0080

# Reading goes through Python file objects only: no protocol of the library may open anything.
_OPTIONS: Final = {"protocol_whitelist": "", "max_streams": str(MAX_STREAMS)}

# A playlist's segments may be called anything: what they are is seen when they are read.
_PLAYLIST_OPTIONS: Final = {"allowed_extensions": "ALL", "extension_picky": "0"}

# Codecs that put chroma samples between luma samples, as JPEG does.
_CENTRED_CHROMA: Final = frozenset({"mjpeg", "mpeg1video", "webp", "theora"})

# Alpha in WebM travels beside the picture; the library's own decoders leave it there.
_ALPHA_DECODERS: Final = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

# Bytes of one read. Larger reads are wasted by containers that seek much.
_BUFFER_BYTES: Final = 65536

# No picture is decoded this long before it appears.
_LEAD_SECONDS: Final = 10

# Seconds at the end of a playlist that are reached by reading on.
_PLAYLIST_TAIL_S: Final = 1

# The library reports on standard error by itself; what matters reaches callers as errors.
av.logging.set_level(None)
logging.getLogger("libav").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, eq=False)
class PacketMark:
    """What a frame remembers of its packet.

    The library finds marks by their identity, so each packet has one of its own.
    """

    keyframe: bool
    """True when the packet is flagged as a keyframe."""


class Container:
    """Owns one open container and the stream to capture.

    Close it on the thread that opened it; frames it yielded stay valid after.

    Args:
        file: The source, read through a cursor of its own.
        threads: How many the decoder has. With several it is for what is checked packet by packet:
            damage comes to light late then.

    Raises:
        MediaError: The file has nothing to capture, or cannot be read.
    """

    def __init__(self, file: SharedFile, *, threads: int = 1) -> None:
        self.threads = threads
        """How many the decoder has."""
        self.file = file
        """The source."""
        self.starts: Starts | None = None
        """What decoders must know where they start; None until the first packet was read."""
        self._guard = Guard(file)
        self._cursor = self._guard.cursor()
        self.native: InputContainer = self._open()
        try:
            self.stream: VideoStream = self._choose_stream()
            self.decoder: VideoCodecContext = self._make_decoder()
        except BaseException:
            self.close()
            raise
        self.cover: bool = is_cover(self.stream)

    def _open(self) -> InputContainer:
        guard = self._guard
        try:
            with translated():
                native = av.open(
                    self._cursor,
                    mode="r",
                    options=_OPTIONS | (_PLAYLIST_OPTIONS if guard.playlist else {}),
                    metadata_errors="replace",
                    io_open=guard,
                    buffer_size=_BUFFER_BYTES,
                )
        except (MediaError, PermissionError):
            guard.check()
            if guard.refused == 0:
                raise
            raise ContainerUnsupported(REFERS_TO_OTHERS) from None
        return native

    def _choose_stream(self) -> VideoStream:
        chosen = choose_stream(self.native)
        context = chosen.codec_context
        if context is None:
            raise CodecUnsupported("there is no decoder for this video")
        check_pixels(context.width, context.height)
        if self._guard.playlist:
            # What is not captured, other qualities above all, is not read either.
            for stream in self.native.streams:
                if stream is not chosen:
                    stream.discard = Discard.all
        return chosen

    def _make_decoder(self) -> VideoCodecContext:
        context = self.stream.codec_context
        name = context.codec.canonical_name
        # Where the mode is a tag rather than the track's own element, it is in capitals.
        metadata = self.stream.metadata
        alpha_mode = metadata.get("alpha_mode", metadata.get("ALPHA_MODE"))
        if alpha_mode == "1" and name in _ALPHA_DECODERS:
            context = cast("VideoCodecContext", CodecContext.create(_ALPHA_DECODERS[name], "r"))
            context.extradata = self.stream.codec_context.extradata
        context.options = {"max_pixels": str(MAX_PIXELS)}
        # Several threads report a broken packet late: frames that decoded well are lost with it.
        context.thread_type = "FRAME"
        context.thread_count = self.threads
        # So that a frame can be asked for its packet's keyframe flag.
        context.flags |= Flags.copy_opaque
        return context

    def packets(self, *, of_all: bool = False) -> Iterator[Packet[Any]]:
        """Yields the stream's packets from where the container stands; at the end an empty one.

        Args:
            of_all: True for those of all streams.

        Raises:
            av.error.FFmpegError: The file cannot be read on.
        """
        while True:
            try:
                for packet in self.native.demux(*(() if of_all else (self.stream,))):
                    self._guard.check()
                    yield packet
            except IndexError:
                # A packet of a stream that began after the file was opened, which PyAV does not
                # know. It is not ours; the next one may be.
                continue
            return

    def decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        """Returns the frames that come of a packet; None drains the decoder.

        Raises:
            av.error.FFmpegError: The packet cannot be decoded.
        """
        if packet is not None:
            packet.opaque = PacketMark(packet.is_keyframe)
        return list(self.decoder.decode(packet))

    def is_keyframe(self, native: VideoFrame) -> bool:
        """Returns whether the decoder and the frame's packet both call it a keyframe."""
        mark = native.opaque
        marked = mark.keyframe if isinstance(mark, PacketMark) else True
        # Decoders for alpha say nothing of keyframes, and make one frame of each packet at once.
        silent = self.alpha_apart
        return marked and (silent or bool(native.key_frame))

    @property
    def alpha_apart(self) -> bool:
        """True where alpha is a stream beside the picture's, with keyframes of its own."""
        return self.decoder.name in _ALPHA_DECODERS.values()

    def starts_at(self, packet: Packet[Any]) -> bool:
        """Returns whether decoding may start with a packet: picture and alpha are keyframes."""
        if not packet.is_keyframe:
            return False
        return not self.alpha_apart or starts_alpha(packet, self.decoder.codec.canonical_name)

    def completed(self, packet: Packet[Any]) -> Packet[Any]:
        """Returns a keyframe's packet with the headers that it lacks; others as they are.

        Raises:
            Irregular: It is not known what it lacks.
        """
        return packet if self.starts is None else self.starts.completed(packet)

    def seek(self, pts: Pts) -> None:
        """Goes to a keyframe before `pts`, or where the library takes it for one.

        Raises:
            av.error.FFmpegError: The container cannot seek.
        """
        if self.playlist and self.native.duration:
            # Where the segments' lengths have added up, about, nothing is found.
            length = Fraction(self.native.duration, 1_000_000) - _PLAYLIST_TAIL_S
            pts = min(pts, (self.stream.start_time or 0) + max(0, int(length / self.time_base)))
        self.native.seek(pts, stream=self.stream, backward=True)
        if self.decoder.is_open:
            self.decoder.flush_buffers()

    def expect(self, until: int) -> None:
        """Tells the source how far in the file reading will go on; 0 where that is not known."""
        # The packet behind the last one wanted is read too.
        self._cursor.until = until and until + _BUFFER_BYTES

    def rewind(self, first: Pts) -> None:
        """Goes to the first packet.

        Args:
            first: The pts of the first frame. A transport stream is searched by decoding times,
                which lie before that.

        Raises:
            av.error.FFmpegError: The container cannot seek.
        """
        try:
            self.seek(first - int(_LEAD_SECONDS / self.time_base))
        except av.error.FFmpegError:
            # FLV does not seek to before its first keyframe.
            self.seek(first)

    @property
    def centred_chroma(self) -> bool:
        """True where chroma samples lie between luma samples."""
        return self.decoder.codec.canonical_name in _CENTRED_CHROMA

    @property
    def time_base(self) -> Fraction:
        """The unit of pts in the chosen stream, in seconds."""
        return self.stream.time_base or Fraction(1, 1)

    @property
    def frame_rate(self) -> Fraction | None:
        """Frames per second, as the container claims or the library guesses."""
        for rate in (self.stream.guessed_rate, self.stream.average_rate, self.stream.base_rate):
            if rate is not None and rate > 0:
                return Fraction(rate)
        return None

    @property
    def untimed(self) -> bool:
        """True for containers without presentation times: AVI and raw streams."""
        container_format = self.native.format
        return container_format.name == "avi" or bool(container_format.flags & _NO_TIMESTAMPS)

    @property
    def playlist(self) -> bool:
        """True where the source only lists what is read."""
        return self._guard.playlist

    @property
    def breaks(self) -> bool:
        """True where a playlist says that times begin anew somewhere."""
        return self._guard.breaks

    @property
    def dts_bounds(self) -> bool:
        """True where decoding times are the file's own, so that no picture appears before its."""
        return self.native.format.name != "matroska,webm"

    def close(self) -> None:
        """Closes the container. May be called again."""
        self.native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def check_pixels(width: int, height: int) -> None:
    """Refuses a stored picture that is too large to be decoded.

    Raises:
        LimitExceeded: It is.
    """
    pixels = width * height
    if pixels > MAX_PIXELS:
        raise LimitExceeded(
            f"the picture has {pixels} pixels, more than {MAX_PIXELS}",
            metadata={"actual": str(pixels), "limit": str(MAX_PIXELS), "limit_name": "pixels"},
        )
