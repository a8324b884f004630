"""Readings of a source as the tests of media want them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeVar

from framecap.media.decoding.segments import AccessPath
from framecap.media.fast_path import FastPathUnavailable
from framecap.media.media import Media
from framecap.media.pictures.decoded import decoded_of
from framecap.model.media import Frame
from framecap.model.plan import Strategy
from framecap.model.wanted import PtsRange, Wanted
from framecap.timebase import Pts
from support.clips import read_number

T = TypeVar("T")

EVERYTHING = PtsRange(-(1 << 62))


class Seen(NamedTuple):
    """What a test compares of a frame."""

    pts: Pts
    end: Pts
    keyframe: bool
    number: int


def seen(frame: Frame) -> Seen:
    grey = decoded_of(frame).frame.to_ndarray(format="gray")
    return Seen(frame.pts, frame.end, frame.keyframe, read_number(grey))


def drain(work: Generator[None, None, T]) -> T:
    """Returns the result of work that yields now and then."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            result: T = stop.value
            return result


def frames_of(way: AccessPath, wanted: Wanted = EVERYTHING) -> Iterator[Frame]:
    """Yields the frames of a way's lanes, one lane after the other, once they are certain."""
    for segment in way(wanted):
        waiting: deque[Frame] = deque()
        for frame in segment():
            if frame is not None:
                waiting.append(frame)
            while waiting and waiting[0].confirmation.given:
                yield waiting.popleft()
        yield from waiting


def wanted_frames(media: Media, wanted: Wanted, reading: Strategy) -> list[Seen]:
    """Returns the wanted frames by the first way that leads to its end."""
    for way in media.access_paths(reading, limit=None, to_end=False):
        try:
            return [
                seen(frame)
                for frame in frames_of(way, wanted)
                if wanted.holds(frame.pts, frame.end)
            ]
        except FastPathUnavailable:
            continue
    raise AssertionError("the last way is always right")


def keyframes_of(media: Media, end: Pts | None) -> list[Frame]:
    """Returns the keyframes, each on screen until the next."""
    found: list[Frame] = []
    for way in media.keyframe_access_paths():
        after = found[-1].pts if found else None
        try:
            for frame in frames_of(way, EVERYTHING):
                if frame.keyframe and (after is None or frame.pts > after):
                    found.append(frame)
            break
        except FastPathUnavailable:
            continue
    ends = [frame.pts for frame in found[1:]]
    ends += [max(frame.end, end or 0) for frame in found[-1:]]
    return [replace(frame, end=stop) for frame, stop in zip(found, ends, strict=True)]
