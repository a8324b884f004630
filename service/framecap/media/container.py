"""Opening a container, guarded, and finding the stream to capture."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
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
from framecap.media.aspect import AspectRatios
from framecap.media.cursor import SharedFile
from framecap.media.damage import SliceCheck, Suspect
from framecap.media.dump import Description, described
from framecap.media.editlist import FORMAT, EditList, edit_list
from framecap.media.errors import REFERS_TO_OTHERS, translated
from framecap.media.fast_path import FastPathUnavailable
from framecap.media.headers import starts_alpha
from framecap.media.nested_opens import Guard
from framecap.media.programs import program_streams
from framecap.media.streams import choose_stream, is_cover
from framecap.media.tiles import MAX_TILES, TileReader, may_be_tiled, read_grid
from framecap.model.media import Orientation, Siting
from framecap.timebase import Pts

if TYPE_CHECKING:
    from framecap.media.starts import Starts

MAX_PIXELS: Final = 16384 * 16384
"""The largest stored picture that is decoded."""

MAX_STREAMS: Final = 256

# Of AVFMT_NOTIMESTAMPS, which PyAV has no name for on formats.
_NO_TIMESTAMPS: Final = 0x0080

# Reading goes through Python file objects only: no protocol of the library may open anything.
_OPTIONS: Final[dict[str, str]] = {"protocol_whitelist": "", "max_streams": str(MAX_STREAMS)}

# A playlist's segments may be called anything: what they are is seen when they are read.
_PLAYLIST_OPTIONS: Final = {"allowed_extensions": "ALL", "extension_picky": "0"}

# No decoder is opened, so that a stream has only what its container says of it.
_CONTAINER_ALONE: Final = {"codec_whitelist": "none", "fflags": "noparse"}

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


@dataclass(slots=True, eq=False)
class PacketFlags:
    """What a frame remembers of its packet.

    The library finds marks by their identity, so each packet has one of its own.
    """

    keyframe: bool
    """True when the packet is flagged as a keyframe."""

    suspects: tuple[Suspect, ...] = ()
    """Keyframes that the picture counts on, where slices of them may be missing."""

    aspect_ratio: Fraction | None = None
    """The shape of its picture's pixels, once the decoder was fed."""


class Container:
    """Owns one open container and the stream to capture.

    Close it on the thread that opened it; frames it yielded stay valid after.

    Args:
        file: The source, read through a cursor of its own.
        threads: How many the decoder has. With several it is for what is checked packet by packet:
            damage comes to light late then.
        slices: Finds damage that the decoder does not flag; the same for all containers on one
            source.

    Raises:
        MediaError: The file has nothing to capture, or cannot be read.
    """

    def __init__(
        self, file: SharedFile, *, threads: int = 1, slices: SliceCheck | None = None
    ) -> None:
        self.threads = threads
        """How many the decoder has."""
        self.file = file
        """The source."""
        self._slices = SliceCheck() if slices is None else slices
        self._suspects: tuple[Suspect, ...] = ()
        self._before: tuple[Suspect, ...] = ()
        self._key_pts: Pts | None = None
        self.starts: Starts | None = None
        """What decoders must know where they start; None until the first packet was read."""
        self._guard = Guard(file)
        self._cursor = self._guard.cursor()
        self.native: InputContainer = self._open()
        self.tiles: TileReader | None = None
        """Makes the picture, where it is one in tiles."""
        try:
            self.stream: VideoStream = self._choose_stream()
            self.aspect_ratios: AspectRatios = self._aspect_ratios()
            self.decoder: VideoCodecContext = self._make_decoder()
        except BaseException:
            self.close()
            raise
        self.cover: bool = is_cover(self.stream)
        self.nominal_rate: Fraction | None = self.frame_rate
        """Frames per second as known when the container was opened: decoding may change guesses."""

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
            # Of covers the picture itself says its size, and another may stand in for one.
            check_pixels(context.width, context.height)
            # What is not captured is not read either: not other qualities of a playlist, and no
            # broken track, at which the library would end the film.
            for stream in self.native.streams:
                if stream is not chosen:
                    stream.discard = Discard.all
        return chosen

    def _aspect_ratios(self) -> AspectRatios:
        ratio = self.stream.sample_aspect_ratio
        if is_cover(self.stream) or ratio is None or ratio <= 0:
            ratio = Fraction(1)
        coded = self.stream.codec_context.sample_aspect_ratio
        # Nothing of this object: it would be held in a circle.
        fixed = partial(_states_aspect_ratio, self.file, self.stream.index)
        return AspectRatios(ratio, coded, fixed=fixed)

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
        # Else what the video leaves out on the left is rounded down to what is fast to read.
        context.flags |= Flags.unaligned
        return context

    def packets(self, *, of_all: bool = False) -> Iterator[Packet[Any]]:
        """Yields the stream's packets from where the container stands; at the end an empty one.

        Args:
            of_all: True for those of all streams.

        Raises:
            av.error.FFmpegError: The file cannot be read on.
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
                # A packet of a stream that began after the file was opened, which PyAV does not
                # know. It is not ours; the next one may be.
                continue
            return

    def decode(self, packet: Packet[Any] | None) -> list[VideoFrame]:
        """Returns the frames that come of a packet; None drains the decoder.

        Raises:
            av.error.FFmpegError: The packet cannot be decoded.
            FastPathUnavailable: The shape of pixels changes, and with several threads it is not
                known where.
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
            # Pictures come out later than the decoder takes up what goes for them.
            ratio = self._aspect_ratio()
            if info is not None:
                info.aspect_ratio = ratio

    def aspect_ratio(self, native: VideoFrame) -> Fraction:
        """Returns the shape of a decoded frame's pixels, width to height."""
        info = native.opaque
        ratio = info.aspect_ratio if isinstance(info, PacketFlags) else None
        return self.aspect_ratios.opened if ratio is None else ratio

    def _aspect_ratio(self) -> Fraction:
        """Returns the shape of the pixels of the packet fed last."""
        ratio = self.aspect_ratios.of(self.decoder.sample_aspect_ratio)
        if self.threads > 1 and ratio != self.aspect_ratios.opened:
            raise FastPathUnavailable("the shape of pixels changes")
        return ratio

    def is_keyframe(self, native: VideoFrame) -> bool:
        """Returns whether the decoder and the frame's packet both call it a keyframe."""
        info = native.opaque
        infos = info.keyframe if isinstance(info, PacketFlags) else True
        # Decoders for alpha say nothing of keyframes, and make one frame of each packet at once.
        silent = self.alpha_apart
        return infos and (silent or bool(native.key_frame))

    def _suspects_of(self, packet: Packet[Any]) -> tuple[Suspect, ...]:
        """Returns the keyframes whose missing slices would show in a packet's picture."""
        if packet.is_keyframe:
            suspect = self._slices.suspect(packet, self.decoder)
            self._before, self._suspects = self._suspects, () if suspect is None else (suspect,)
            self._key_pts = packet.pts
        elif self._before and (packet.pts or 0) < (self._key_pts or 0):
            # A leading picture counts on the keyframes before and behind it.
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
            FastPathUnavailable: It is not known what it lacks.
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

    @cached_property
    def description(self) -> Description:
        """What the library's own description says of the stream."""
        return described(self.native, self.stream.index)

    @property
    def siting(self) -> Siting:
        """Where chroma samples are, as bitstream or container say, else as the codec has it."""
        usual = self.decoder.codec.canonical_name not in _CENTRED_CHROMA
        return self.description.siting or (Siting.LEFT if usual else Siting.CENTER)

    @property
    def orientation(self) -> Orientation | None:
        """How all pictures are turned, where the frames themselves do not say it."""
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
        """What is known of the chosen stream's edit list."""
        if self.native.format.name != FORMAT:
            return EditList()
        return edit_list(self.file, self.stream.id)

    @cached_property
    def program(self) -> frozenset[int]:
        """The indexes of the streams of the chosen one's program."""
        return program_streams(self.native, self.stream.index)

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


def _states_aspect_ratio(file: SharedFile, index: int) -> bool:
    """Returns whether a container, not only the video in it, has the shape of a stream's pixels."""
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
