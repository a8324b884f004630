"""Opens a container, with nested opens guarded, and chooses the stream to capture."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Final, Protocol, Self, cast

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
from framecap.media.bitstream.damage import SliceCheck, Suspect
from framecap.media.bitstream.headers import starts_alpha
from framecap.media.containers.aspect import AspectRatios
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.dump import Description, described
from framecap.media.containers.editlist import EditList, edit_list
from framecap.media.containers.formats import MATROSKA, MP4
from framecap.media.containers.nested_opens import Guard
from framecap.media.containers.programs import program_streams
from framecap.media.containers.streams import choose_stream, is_cover
from framecap.media.containers.tiles import MAX_TILES, TileReader, may_be_tiled, read_grid
from framecap.media.errors import REFERS_TO_OTHERS, translated
from framecap.media.fast_path import FastPathUnavailable
from framecap.model.media import Orientation, Siting
from framecap.timebase import Pts

MAX_PIXELS: Final = 16384 * 16384
"""The largest stored picture that is decoded."""

MAX_STREAMS: Final = 256

# AVFMT_NOTIMESTAMPS, which PyAV does not expose for formats.
_NO_TIMESTAMPS: Final = 0x0080

# Reading goes through Python file objects only: no protocol of the library may open anything.
_OPTIONS: Final[dict[str, str]] = {"protocol_whitelist": "", "max_streams": str(MAX_STREAMS)}

# A playlist's segments may have any extension: their format shows when they are read.
_PLAYLIST_OPTIONS: Final = {"allowed_extensions": "ALL", "extension_picky": "0"}

# No decoder is opened, so that a stream has only the parameters that its container states.
_CONTAINER_ALONE: Final = {"codec_whitelist": "none", "fflags": "noparse"}

# Codecs that put chroma samples between luma samples, as JPEG does.
_CENTRED_CHROMA: Final = frozenset({"mjpeg", "mpeg1video", "webp", "theora"})

# Alpha in WebM is coded beside the picture; the library's own decoders ignore it.
_ALPHA_DECODERS: Final = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

# Bytes of one read. Larger reads are wasted by containers that seek much.
_BUFFER_BYTES: Final = 65536

# Longer than any picture is decoded before it is shown, in seconds.
_LEAD_SECONDS: Final = 10

# Seconds at the end of a playlist that are read, not sought: a seek there finds nothing.
_PLAYLIST_TAIL_S: Final = 1

# The library logs to standard error by itself; callers get the failures as exceptions.
av.logging.set_level(None)
logging.getLogger("libav").setLevel(logging.CRITICAL)


@dataclass(slots=True, eq=False)
class PacketFlags:
    """Facts of a packet that its frames keep in `opaque`.

    The library finds an `opaque` by its identity, so each packet has an object of its own.
    """

    keyframe: bool
    """True when the packet is flagged as a keyframe."""

    suspects: tuple[Suspect, ...] = ()
    """Keyframes that the picture depends on and that may lack slices."""

    aspect_ratio: Fraction | None = None
    """The pixel aspect ratio of the picture, once the decoder has the packet."""


class StartRules(Protocol):
    """Knows at which packets decoding may start, and what a decoder lacks there."""

    def check(self, packet: Packet[Any]) -> None:
        """Checks that a packet does not change headers that other decoders would then lack.

        Raises:
            FastPathUnavailable: It changes headers.
        """

    def completed(self, packet: Packet[Any]) -> Packet[Any]:
        """Returns a keyframe's packet with the headers that it lacks; others as they are.

        Raises:
            FastPathUnavailable: The headers that it lacks are not known.
        """
        ...


class Container:
    """Owns one open container and the stream to capture.

    Close it on the thread that opened it; frames it yielded stay valid after.

    Args:
        file: The source, read through a cursor of its own.
        threads: The number of decoder threads. Use several only for packets that are checked one
            by one, for the decoder then reports damage late.
        slices: Finds damage that the decoder does not flag; the same for all containers on one
            source.

    Raises:
        MediaError: The file has nothing to capture, or cannot be read.
    """

    def __init__(
        self, file: SharedFile, *, threads: int = 1, slices: SliceCheck | None = None
    ) -> None:
        self.threads = threads
        """The number of decoder threads."""
        self.file = file
        """The source."""
        self._slices = SliceCheck() if slices is None else slices
        self._suspects: tuple[Suspect, ...] = ()
        self._before: tuple[Suspect, ...] = ()
        self._key_pts: Pts | None = None
        self.starts: StartRules | None = None
        """The headers that decoders need at a start; None until the first packet was read."""
        self._guard = Guard(file)
        self._cursor = self._guard.cursor()
        self.native: InputContainer = self._open()
        self.tiles: TileReader | None = None
        """Makes the picture of a tiled image; None for other files."""
        try:
            self.stream: VideoStream = self._choose_stream()
            self.aspect_ratios: AspectRatios = self._aspect_ratios()
            self.decoder: VideoCodecContext = self._make_decoder()
        except BaseException:
            self.close()
            raise
        self.cover: bool = is_cover(self.stream)
        self.nominal_rate: Fraction | None = self.frame_rate
        """Frames per second at the opening of the container: decoding may change the guess."""

    def _open(self) -> InputContainer:
        guard = self._guard
        try:
            with translated():
                native = av.open(
                    self._cursor,
                    mode="r",
                    options=self._options(),
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

    def _options(self) -> dict[str, str]:
        if self._guard.playlist:
            return _OPTIONS | _PLAYLIST_OPTIONS
        if may_be_tiled(self.file):
            return _OPTIONS | {"max_streams": str(MAX_TILES)}
        return _OPTIONS

    def _choose_stream(self) -> VideoStream:
        grid = read_grid(self.native, self.file)
        if grid is not None:
            check_pixels(grid.width, grid.height)
            self.tiles = TileReader(self.native, grid, max_pixels=MAX_PIXELS)
            return self.tiles.stream
        chosen = choose_stream(self.native)
        context = chosen.codec_context
        if context is None:
            raise CodecUnsupported("there is no decoder for this video")
        if not is_cover(chosen):
            # A cover's size is that of its picture, and another cover may be used in its stead.
            check_pixels(context.width, context.height)
            # Only the captured stream is read: no other qualities of a playlist, and no broken
            # track, at which the library would end the film.
            for stream in self.native.streams:
                if stream is not chosen:
                    stream.discard = Discard.all
        return chosen

    def _aspect_ratios(self) -> AspectRatios:
        ratio = self.stream.sample_aspect_ratio
        if is_cover(self.stream) or ratio is None or ratio <= 0:
            ratio = Fraction(1)
        coded = self.stream.codec_context.sample_aspect_ratio
        # The callback must not refer to this object: that would be a reference cycle.
        fixed = partial(_states_aspect_ratio, self.file, self.stream.index)
        return AspectRatios(ratio, coded, fixed=fixed)

    def _make_decoder(self) -> VideoCodecContext:
        context = self.stream.codec_context
        name = context.codec.canonical_name
        # A mode stored as a tag, not as the track's own element, has its name in capitals.
        metadata = self.stream.metadata
        alpha_mode = metadata.get("alpha_mode", metadata.get("ALPHA_MODE"))
        if alpha_mode == "1" and name in _ALPHA_DECODERS:
            context = cast("VideoCodecContext", CodecContext.create(_ALPHA_DECODERS[name], "r"))
            context.extradata = self.stream.codec_context.extradata
        context.options = {"max_pixels": str(MAX_PIXELS)}
        # Several threads report a broken packet late: frames that decoded well are lost with it.
        context.thread_type = "FRAME"
        context.thread_count = self.threads
        # Frames then carry the keyframe flag of their packets.
        context.flags |= Flags.copy_opaque
        # Otherwise decoders round cropping on the left down, to keep rows aligned.
        context.flags |= Flags.unaligned
        return context

    def packets(self, *, of_all: bool = False) -> Iterator[Packet[Any]]:
        """Yields the stream's packets from the current position; at the end an empty one.

        Args:
            of_all: True for the packets of all streams.

        Raises:
            av.error.FFmpegError: The file cannot be read further.
        """
        if self.tiles is not None:
            yield from self.tiles.packets()
            return
        while True:
            try:
                for packet in self.native.demux(*(() if of_all else (self.stream,))):
                    self._guard.check()
                    yield packet
            except IndexError:
                # The packet is of a stream that began after the file was opened, which PyAV does
                # not know. The next packet may be of the captured stream.
                continue
            return

    def decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        """Returns the frames decoded from a packet; None drains the decoder.

        Raises:
            av.error.FFmpegError: The packet cannot be decoded.
            FastPathUnavailable: The pixel aspect ratio changes, and with several threads the
                frame at which it does is not known.
        """
        info = (
            None if packet is None else PacketFlags(packet.is_keyframe, self._suspects_of(packet))
        )
        if packet is not None:
            packet.opaque = info
        if self.tiles is not None:
            return self.tiles.decode(packet)
        try:
            return list(self.decoder.decode(packet))
        finally:
            # The decoder takes up parameters with the packet; its picture comes out later.
            ratio = self._aspect_ratio()
            if info is not None:
                info.aspect_ratio = ratio

    def aspect_ratio(self, native: VideoFrame) -> Fraction:
        """Returns the pixel aspect ratio of a decoded frame, width to height."""
        info = native.opaque
        ratio = info.aspect_ratio if isinstance(info, PacketFlags) else None
        return self.aspect_ratios.opened if ratio is None else ratio

    def _aspect_ratio(self) -> Fraction:
        """Returns the pixel aspect ratio of the packet decoded last."""
        ratio = self.aspect_ratios.of(self.decoder.sample_aspect_ratio)
        if self.threads > 1 and ratio != self.aspect_ratios.opened:
            raise FastPathUnavailable("the shape of pixels changes")
        return ratio

    def is_keyframe(self, native: VideoFrame) -> bool:
        """Returns whether the decoder and the frame's packet both flag it as a keyframe."""
        info = native.opaque
        flagged = info.keyframe if isinstance(info, PacketFlags) else True
        # Decoders for alpha do not flag keyframes, and make one frame of each packet at once.
        unflagged = self.alpha_apart
        return flagged and (unflagged or bool(native.key_frame))

    def _suspects_of(self, packet: Packet[Any]) -> tuple[Suspect, ...]:
        """Returns the keyframes whose missing slices would show in a packet's picture."""
        if packet.is_keyframe:
            suspect = self._slices.suspect(packet, self.decoder)
            self._before, self._suspects = self._suspects, () if suspect is None else (suspect,)
            self._key_pts = packet.pts
        elif self._before and (packet.pts or 0) < (self._key_pts or 0):
            # A leading picture depends on the keyframes before and behind it.
            return self._suspects + self._before
        return self._suspects

    def is_damaged(self, native: VideoFrame) -> bool:
        """Returns whether a frame's picture is damaged, flagged by the decoder or not."""
        if native.is_corrupt:
            return True
        info = native.opaque
        return isinstance(info, PacketFlags) and any(
            self._slices.is_damaged(suspect, native, self.decoder) for suspect in info.suspects
        )

    @property
    def alpha_apart(self) -> bool:
        """True when alpha is coded beside the picture, with keyframes of its own."""
        return self.decoder.name in _ALPHA_DECODERS.values()

    def starts_at(self, packet: Packet[Any]) -> bool:
        """Returns whether decoding may start with a packet: picture and alpha are keyframes."""
        if not packet.is_keyframe:
            return False
        return not self.alpha_apart or starts_alpha(packet, self.decoder.codec.canonical_name)

    def completed(self, packet: Packet[Any]) -> Packet[Any]:
        """Returns a keyframe's packet with the headers that it lacks; others as they are.

        Raises:
            FastPathUnavailable: The headers that it lacks are not known.
        """
        return packet if self.starts is None else self.starts.completed(packet)

    def seek(self, pts: Pts) -> None:
        """Seeks to a keyframe before `pts`, or to a packet that the library takes for one.

        Raises:
            av.error.FFmpegError: The container cannot seek.
        """
        if self.playlist and self.native.duration:
            # At the sum of the segments' lengths, which is approximate, a seek finds nothing.
            length = Fraction(self.native.duration, 1_000_000) - _PLAYLIST_TAIL_S
            pts = min(pts, (self.stream.start_time or 0) + max(0, int(length / self.time_base)))
        self.native.seek(pts, stream=self.stream, backward=True)
        if self.decoder.is_open:
            self.decoder.flush_buffers()

    def expect(self, until: int) -> None:
        """States the file offset at which sequential reading will stop; 0 when not known."""
        # The packet behind the last wanted one is read too.
        self._cursor.until = until and until + _BUFFER_BYTES

    def rewind(self, first: Pts) -> None:
        """Seeks to the first packet.

        Args:
            first: The pts of the first frame. A transport stream is searched by decoding times,
                which lie before it.

        Raises:
            av.error.FFmpegError: The container cannot seek.
        """
        try:
            self.seek(first - int(_LEAD_SECONDS / self.time_base))
        except av.error.FFmpegError:
            # FLV does not seek to before its first keyframe.
            self.seek(first)

    @cached_property
    def description(self) -> Description:
        """The library's own description of the stream."""
        return described(self.native, self.stream.index)

    @property
    def siting(self) -> Siting:
        """The chroma siting that bitstream or container state, else the codec's usual one."""
        usual = self.decoder.codec.canonical_name not in _CENTRED_CHROMA
        return self.description.siting or (Siting.LEFT if usual else Siting.CENTER)

    @property
    def orientation(self) -> Orientation | None:
        """The orientation of all pictures; None when the frames themselves state it."""
        return None if self.tiles is None else self.tiles.grid.orientation

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
        return self.counts_chunks or bool(self.native.format.flags & _NO_TIMESTAMPS)

    @property
    def counts_chunks(self) -> bool:
        """True for AVI, where a packet's time is the number of its chunk."""
        return self.native.format.name == "avi"

    @cached_property
    def edits(self) -> EditList:
        """The known facts of the chosen stream's edit list."""
        if self.native.format.name != MP4:
            return EditList()
        return edit_list(self.file, self.stream.id)

    @cached_property
    def program(self) -> frozenset[int]:
        """The indexes of the streams of the chosen one's program."""
        return program_streams(self.native, self.stream.index)

    @property
    def playlist(self) -> bool:
        """True when the source is a playlist, which lists the files to read."""
        return self._guard.playlist

    @property
    def breaks(self) -> bool:
        """True when a playlist states that times begin anew somewhere."""
        return self._guard.breaks

    @property
    def dts_bounds(self) -> bool:
        """True when the file stores decoding times: then no picture is shown before its own."""
        return self.native.format.name != MATROSKA

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
        LimitExceeded: The picture has more than `MAX_PIXELS`.
    """
    pixels = width * height
    if pixels > MAX_PIXELS:
        raise LimitExceeded(
            f"the picture has {pixels} pixels, more than {MAX_PIXELS}",
            metadata={"actual": str(pixels), "limit": str(MAX_PIXELS), "limit_name": "pixels"},
        )


def _states_aspect_ratio(file: SharedFile, index: int) -> bool:
    """Returns whether the container, not only the codec, states a stream's pixel aspect ratio."""
    guard = Guard(file)
    options = _OPTIONS | _CONTAINER_ALONE | (_PLAYLIST_OPTIONS if guard.playlist else {})
    with (
        suppress(av.error.FFmpegError),
        av.open(
            guard.cursor(),
            mode="r",
            options=options,
            metadata_errors="replace",
            io_open=guard,
            buffer_size=_BUFFER_BYTES,
        ) as native,
    ):
        streams = native.streams
        return index < len(streams) and bool(
            cast("VideoStream", streams[index]).sample_aspect_ratio
        )
    return False
