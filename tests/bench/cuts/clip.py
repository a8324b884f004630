"""A clip read once: its frames, and framecap's own hash of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from av.video.frame import VideoFrame

from framecap import pipeline
from framecap.media.media import Media
from framecap.media.pictures.decoded import decoded_of
from framecap.model.capture import Image, Pick
from framecap.model.media import Frame
from framecap.model.spec import CaptureSpec
from framecap.modes.registry import mode_of
from framecap.pixels.dhash import dhash
from framecap.plan.targets import targets
from framecap.timebase import Clock, Pts

BITS = 64


@dataclass(frozen=True)
class Clip:
    """What choosing among the frames of a film needs; their pictures are gone."""

    path: Path
    clock: Clock
    frames: tuple[Frame, ...]
    hashes: dict[Pts, int]

    def picks(self, spec: CaptureSpec) -> dict[int, Pick]:
        """Returns what framecap's selectors choose, by the number of the frame in the film."""
        selector = mode_of(spec.selection).selector(
            spec,
            spec.selection,
            targets(spec, None),
            self.clock,
            lambda frame: self.hashes[frame.pts],
        )
        chosen = {}
        for number, frame in enumerate(self.frames):
            if pick := selector.offer(frame):
                chosen[number] = pick
            if selector.done:
                break
        return chosen


def read(path: Path, show: Callable[[int, VideoFrame], None] | None = None) -> Clip:
    """Decodes and hashes every frame.

    Args:
        path: The film.
        show: Is given every frame's number and picture, so that others see what framecap sees.
    """
    frames: list[Frame] = []
    hashes = {}
    with path.open("rb") as file, Media(file, strict=False) as media:
        for _ in media.find_first():
            pass
        for frame in media.frames():
            if frame is None:
                continue
            hashes[frame.pts] = dhash(media.picture(frame))
            if show is not None:
                show(len(frames), decoded_of(frame).frame)
            frame.native.release()
            frames.append(frame)
        return Clip(path, media.clock, tuple(frames), hashes)


def verify(clip: Clip, spec: CaptureSpec) -> None:
    """Raises unless a capture takes the frames that `Clip.picks` says, with the same facts."""
    told = [
        (pick.frame.pts, pick.dhash, pick.changed_bits, pick.requested_time)
        for pick in clip.picks(spec).values()
    ]
    with clip.path.open("rb") as file:
        reports = list(pipeline.run(spec, file, size=clip.path.stat().st_size))
    captured = [
        (image.pts, image.dhash, image.changed_bits, image.requested_time)
        for image in reports
        if isinstance(image, Image)
    ]
    if captured != told:
        raise AssertionError(f"{clip.path.name}: a capture takes other frames than were scored")
