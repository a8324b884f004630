"""Deinterlaces frames.

The definition is libavfilter's `bwdif=mode=send_frame:deint=interlaced` over the whole stream. That
filter reads only a frame and its two neighbours, so it is run over just these three.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av.error
from av.filter import Graph
from av.video.frame import VideoFrame

from framecap.media.pictures.decoded import Decoded

_TIME_BASE: Final = Fraction(1, 1000)


def deinterlaced(decoded: Decoded) -> VideoFrame:
    """Returns the frame, deinterlaced if it is interlaced."""
    frame = decoded.frame
    if not frame.interlaced_frame:
        return frame
    graph = _graph(frame)
    made = list(_run(graph, list(_alike(decoded))))
    # One frame comes out for each that goes in, in order.
    return made[0 if _usable(decoded.before, frame) is None else 1]


def _usable(neighbour: VideoFrame | None, frame: VideoFrame) -> VideoFrame | None:
    """Returns the neighbour if it has the frame's format, which may change in a stream."""
    if neighbour is None or (neighbour.width, neighbour.height, neighbour.format.name) != (
        frame.width,
        frame.height,
        frame.format.name,
    ):
        return None
    return neighbour


def _alike(decoded: Decoded) -> Iterator[VideoFrame]:
    frame = decoded.frame
    for candidate in (_usable(decoded.before, frame), frame, _usable(decoded.after, frame)):
        if candidate is not None:
            yield candidate


def _graph(frame: VideoFrame) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_TIME_BASE
    )
    bwdif = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()
    return graph


def _run(graph: Graph, frames: list[VideoFrame]) -> Iterator[VideoFrame]:
    for position, frame in enumerate(frames):
        # The filter needs times that advance; the frames' own times were read before.
        frame.pts, frame.time_base = position, _TIME_BASE
        graph.vpush(frame)
        yield from _pulled(graph)
    graph.vpush(None)
    yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
