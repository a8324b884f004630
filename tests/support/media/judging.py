"""What a capture of a damaged file may give: nothing, or what a whole decoding gives.

An image is right when one of two films shows its very picture at its very time, and has it on
screen at the instant it answers: the damaged file as the oracle decodes it, or the film it was.
The second counts where damage moved times or broke off the oracle's reading, and a capture found
the frames behind it; what is on screen then is told by that film, or by the packets left of it.

Decoders make up pictures of broken data without a word, and what they make up depends on what
they decoded before. Such an image is patched: its time is right as above, but the oracle has a
picture of that moment that is none of the film's either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final

import av

from framecap.errors import CaptureError, Code, LimitExceeded, OffsetAfterEnd
from framecap.formats.encode import encode
from framecap.media.containers.cropping import Cropping
from framecap.media.pictures.decoded import Decoded
from framecap.media.pictures.deinterlace import deinterlaced
from framecap.media.pictures.planes import orientation_of, picture_of
from framecap.model.capture import Image
from framecap.model.media import Siting
from framecap.model.plan import Strategy
from framecap.model.spec import CaptureSpec, IntervalSelection
from framecap.pixels.render import render
from framecap.plan.geometry import display_size, fit_box
from oracles import area, timeline
from oracles.timeline import NoPicture
from support.media.capturing import (
    Captured,
    assert_captured,
    capture,
    expected,
    given_row,
    seconds,
    wanted_row,
)

RIGHT: Final = "right"
DAMAGED: Final = "flagged as damaged"
PATCHED: Final = "patched"
WRONG: Final = "wrong"
KINDS: Final = (RIGHT, DAMAGED, PATCHED, WRONG)
"""What an image may be found to be."""

# As framecap.media.containers.container has them.
CENTRED_CHROMA: Final = ("mjpeg", "mpeg1video", "webp", "theora")

# Containers that have no place for the shape of a pixel.
WITHOUT_ASPECT: Final = ("mpegts", "mpeg", "mpegvideo", "h264", "hevc", "flv")


@dataclass
class Verdict:
    """What was found of some captures."""

    faults: list[str] = field(default_factory=list)
    """What must not be."""

    counts: Counter[str] = field(default_factory=Counter)
    """Images that are right, flagged as damaged, or patched; refusals by reason."""


class Film:
    """A file decoded whole by the oracle, all its frames held.

    Raises:
        NoPicture: It has none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = timeline.read.__wrapped__(path)
        self.frames = timeline.frames(path)
        self._sent = timeline.packet_times(path)
        with av.open(str(path), metadata_errors="replace") as container:
            stream = container.streams.best("video")
            assert isinstance(stream, av.VideoStream)
            aspect = stream.sample_aspect_ratio
            self._aspect = Fraction(aspect) if aspect is not None and aspect > 0 else Fraction(1)
            self._own_aspects = container.format.name in WITHOUT_ASPECT
            sides = area.cropping(path, container.format.name, stream.index)
            self._cropping = Cropping(**sides._asdict())
            centred = stream.codec_context.codec.canonical_name in CENTRED_CHROMA
            self._siting = Siting.CENTER if centred else Siting.LEFT
            self._unit = Fraction(stream.time_base)
        self._images: dict[tuple[object, ...], bytes] = {}

    @cached_property
    def clocks(self) -> list[dict[Fraction, list[int]]]:
        """The frames' ordinals by when they appear on the container's clock, in two ways.

        By the contract, which repairs times that do not advance; and as the file itself has them.
        """
        placed = {frame.start + self.line.zero: [frame.ordinal] for frame in self.line.frames}
        own: dict[Fraction, list[int]] = {}
        for ordinal, frame in enumerate(self.frames):
            if frame.pts is not None:
                own.setdefault(frame.pts * self._unit, []).append(ordinal)
        return [dict(sorted(clock.items())) for clock in (placed, own) if clock]

    @cached_property
    def _starts(self) -> list[list[Fraction]]:
        """The instants of the clocks, in order."""
        return [list(clock) for clock in self.clocks]

    @property
    def end(self) -> Fraction:
        """The least end that can be meant, in media time."""
        starts = [max(clock) for clock in self.clocks]
        return min([self.line.end, *(start - self.line.zero for start in starts)])

    def at(self, image: Image, moment: Fraction) -> set[int]:
        """Returns the ordinals of the frames of the image's time that are on screen at `moment`.

        A jump that lands behind a time that is repaired knows only the file's own.
        """
        return self.appearing(image) & {
            ordinal
            for clock, starts in zip(self.clocks, self._starts, strict=True)
            for instant in _instants(moment)
            for ordinal in clock[_on_screen(starts, instant)]
        }

    def appearing(self, image: Image) -> set[int]:
        """Returns the ordinals of the frames of the image's time."""
        time = image.pts * image.time_base
        return {ordinal for clock in self.clocks for ordinal in clock.get(time, ())}

    def is_sent(self, image: Image, moment: Fraction) -> bool:
        """Returns whether by the file's packets the image's frame is on screen at `moment`."""
        if not self._sent:
            return False
        time = image.pts * image.time_base
        return any(_on_screen(self._sent, instant) == time for instant in _instants(moment))

    def unflagged(self, ordinals: set[int], spec: CaptureSpec) -> set[bytes]:
        """Returns the images of those frames that the decoder does not call damaged."""
        return {
            self._rendered(ordinal, spec)
            for ordinal in ordinals
            if not self.frames[ordinal].is_corrupt
        }

    def all_images(self, spec: CaptureSpec) -> set[bytes]:
        """Returns the images of all frames."""
        return self.unflagged(set(range(len(self.frames))), spec)

    def exceeds(self, spec: CaptureSpec) -> bool:
        """Returns whether images of it would be too large."""
        try:
            self._rendered(0, spec)
        except LimitExceeded:
            return True
        return False

    def _rendered(self, ordinal: int, spec: CaptureSpec) -> bytes:
        """Returns the image of a frame, which is made once for all requests of its look."""
        look = (ordinal, spec.box, spec.scale_type, spec.format, spec.quality)
        if look not in self._images:
            self._images[look] = self._render(ordinal, spec)
        return self._images[look]

    def _render(self, ordinal: int, spec: CaptureSpec) -> bytes:
        """Returns the image of a frame: lossless and unscaled, so that all of it is compared."""
        before = self.frames[ordinal - 1] if ordinal else None
        after = self.frames[ordinal + 1] if ordinal + 1 < len(self.frames) else None
        frame = self.frames[ordinal]
        native = deinterlaced(Decoded(frame, before, after))
        own = timeline.aspect_ratio(frame) if self._own_aspects else None
        picture = picture_of(
            native,
            sample_aspect_ratio=own or self._aspect,
            orientation=orientation_of(native),
            cropping=self._cropping,
            siting=self._siting,
        )
        display = display_size(
            picture.width, picture.height, picture.sample_aspect_ratio, picture.orientation
        )
        geometry = fit_box(display, spec.box, spec.scale_type)
        return encode(render(picture, geometry, spec.format), spec.format, spec.quality)


def judge(path: Path, was: Film, specs: dict[str, CaptureSpec]) -> Verdict:
    """Captures from a damaged file, and judges what comes.

    Args:
        path: The damaged file.
        was: The film it was.
        specs: What to ask for, by name.
    """
    verdict = Verdict()
    try:
        film: Film | None = Film(path)
    except NoPicture:
        film = None
    for name, spec in specs.items():
        try:
            captured = capture(path, spec)
        except CaptureError as error:
            verdict.counts[error.reason] += 1
            if not _may_refuse(error, film, spec):
                verdict.faults.append(f"{name}: {error.reason}: {error}")
            continue
        zero = captured.info.clock.zero
        for image in captured.images:
            kind = _kind(image, seconds(image.requested_time) + zero, film, was, spec)
            verdict.counts[kind] += 1
            if kind == WRONG:
                verdict.faults.append(f"{name}: image {image.index}, pts {image.pts}")
        if film is not None:
            verdict.faults += (f"{name}: {fault}" for fault in _differences(captured, film, spec))
    return verdict


def _kind(image: Image, moment: Fraction, film: Film | None, was: Film, spec: CaptureSpec) -> str:
    ours = set() if film is None else film.at(image, moment)
    theirs = was.at(image, moment)
    if film is not None and film.is_sent(image, moment):
        # A whole decoding may lose frames behind damage that a jump behind it finds.
        theirs |= was.appearing(image)
    if not ours and not theirs:
        return WRONG
    if image.damaged:
        return DAMAGED
    made = set() if film is None else film.unflagged(ours, spec)
    if image.data in made or image.data in was.unflagged(theirs, spec):
        return RIGHT
    return PATCHED if made - was.all_images(spec) else WRONG


def assert_exact(film: Film, specs: Mapping[str, CaptureSpec]) -> set[Strategy]:
    """Captures from an undamaged file, and asserts that all of it is the oracle's.

    Args:
        film: The file.
        specs: What to ask for, by name. Those that begin after its end are left out.

    Returns:
        The ways by which frames were reached.
    """
    readings = set()
    for name, spec in specs.items():
        if seconds(spec.start) >= film.line.end:
            continue
        captured = assert_captured(film.path, film.line, spec)
        assert captured.plan is not None
        readings.add(captured.plan.reading)
        for image in captured.images:
            moment = seconds(image.requested_time) + film.line.zero
            kind = _kind(image, moment, film, film, spec)
            assert kind == RIGHT, f"{name}: image {image.index}, pts {image.pts} is {kind}"
    return readings


def _may_refuse(error: CaptureError, film: Film | None, spec: CaptureSpec) -> bool:
    if isinstance(error, OffsetAfterEnd):
        return film is None or film.end <= seconds(spec.start)
    if isinstance(error, LimitExceeded):
        return film is not None and film.exceeds(spec)
    return film is None and error.code is Code.FAILED_PRECONDITION


def _decodes_everything(spec: CaptureSpec) -> bool:
    return spec.start == 0 and spec.selection == IntervalSelection(spacing=0)


def _differences(captured: Captured, film: Film, spec: CaptureSpec) -> Iterator[str]:
    """Yields in what a capture differs from the oracle, besides its images."""
    zero = captured.info.clock.zero
    if zero != film.line.zero:
        yield f"zero is {zero}, not {film.line.zero}"
    if not _decodes_everything(spec):
        return
    if film.line.repaired and not captured.summary.damage.repaired_times:
        # Reached by jumps, each by its own time: what comes twice in the file comes once.
        own = film.clocks[-1].keys()
        if missing := own - {image.pts * image.time_base for image in captured.images}:
            yield f"{len(missing)} frames are missing, the first at {min(missing)}"
        return
    given = [given_row(image)._replace(dhash="") for image in captured.images]
    wanted = [wanted_row(film.line, pick)._replace(dhash="") for pick in expected(film.line, spec)]
    # Behind damage a decoder that begins anew at a keyframe may give a frame more than one that
    # went on; each was judged by itself, so here only none may be missing.
    rest = iter(given)
    if not all(row in rest for row in wanted):
        at = next((i for i, (a, b) in enumerate(zip(given, wanted, strict=False)) if a != b), None)
        yield f"{len(given)} images, not {len(wanted)}; the first that differs is {at}"
    damage = captured.summary.damage
    ours = (damage.undecodable, damage.repaired_times, damage.read_errors)
    theirs = (film.line.undecodable, film.line.repaired, film.line.read_errors)
    if ours != theirs:
        yield f"undecodable, repaired, read errors: {ours}, not {theirs}"


def _instants(moment: Fraction) -> tuple[Fraction, Fraction]:
    """Returns an instant as an image may tell it: rounded down to a nanosecond, or not."""
    return moment, moment + seconds(1)


def _on_screen(starts: list[Fraction], moment: Fraction) -> Fraction:
    """Returns when the frame on screen at a moment appeared; before the first it is the first."""
    return starts[max(bisect_right(starts, moment) - 1, 0)]
