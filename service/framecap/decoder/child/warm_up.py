"""The warm-up: captures that a fork server runs itself, before it forks any decoder.

A fork inherits the state that Python and libav prepare on first use: late imports, tables, caches,
code that Python specializes after a few runs. After the warm-up a decoder loads nothing, and uses a
fifth less processor time for a thumbnail. The clip is part of this module, so no untrusted file is
decoded outside of a decoder.
"""

from __future__ import annotations

import base64
import os
import socket
import zlib
from itertools import product
from typing import Any, Final

from framecap.decoder.child import worker
from framecap.decoder.v1.decoder_pb2 import JOB_KIND_CAPTURE, FromDecoder, Job, ToDecoder
from framecap.decoder.wire.framing import BlockingChannel
from framecap.formats.registry import FORMATS
from framecap.outputs.registry import OUTPUTS
from framecap.v1 import capture_pb2

CLIP: Final = zlib.decompress(
    base64.b64decode(
        "eNpjYGBQSCupLMgszs9lYGBiANFAbJRYlmyYW2BiyMDAwJFWlJoKpPfmpiSWAGmf1I4WRvmPJW5XzKz/c5zdse3Zv8"
        "eMQhHvtD6unPvgBdvrZLV7dXFt0naiRYK7Nq42rTQXvbSrJu5vcL3woU+x1XyPpk0MVmHqjfbYmhhg9xdonrXjLI0k"
        "of//1uxyUlt9m0eUI2ftgtI7GhMlOB+23Z3WdqaBscZzgd3KDOaEuKf/r5RevtrDGHMsWNjE5MKSB0DtnIzzXAWWf+"
        "aZtBvIEXWc5ZMk8v/2zP9n2tLWlexZr829K/0GAwOzQW5+fhlQQU5uWUYKAwpgfgEkFjAwMoAQAjCiqkLnOzDgBUxA"
        "VF9SlJgNZMeUZIPtZMZi2gIMncTY6wB3gEpqSkkxkJZJzSkuQdKxAOwEsF7G77kpmYlAhkJuCrrfjUDxyxB6BMzRzU"
        "jJKYLJlGWmpCKrDAPy8z0S81JyUkFqGBflZualARkiZblgQ5GdqZICkZNJKUpNQ3IUT2lRjgKEzZhUXJKUA2SvKi4p"
        "TkFSMwuU8nAEBcjTDgweQNoDpwp0IPH/P5A0AJrqzJjCwPX/IYNoOpBe88YpwwEUJUCCp/lIpx8jA0vG+/7Tf3/8AO"
        "kSSSopgganchTMpOIScFDD7GUBBzFQLdAHyOIgbJCMUMsCEWOCyrMguxsmLgM0IxnNDKg+BhWgXBWSj0DiAUBsD8S8"
        "QCwJcUNyPpJ+AyC2LU0pAUW7aW4qmAYBReQoBiaLosSCghzk4OLIBKYjAHU9uGs="
    )
)
"""Four frames of H.264 in MP4, 64 by 64: a moving grey gradient."""

BOX: Final = capture_pb2.ImageBox(width_px=32, height_px=32)

SELECTIONS: Final[tuple[dict[str, Any], ...]] = (
    {"interval": {}},
    {"interval": {"spacing": {"seconds": 1}, "max_count": 1}},
    {"keyframe": {}},
    {"change": {}},
)

COMMON: Final = (next(iter(FORMATS)), SELECTIONS[1])
"""The most common capture: one image, in the first format."""


class WarmUpFailed(Exception):
    """A capture of the built-in clip failed, so this installation is broken."""


def warm_up(rounds: int) -> None:
    """Captures in every mode, format and output, then repeats the most common capture.

    Args:
        rounds: The number of repetitions.

    Raises:
        WarmUpFailed: A capture failed or gave no image.
    """
    clip = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.pwrite(clip, CLIP, 0)
        for format, selection in (*product(FORMATS, SELECTIONS), *[COMMON] * rounds):
            encoding: dict[str, Any] = {FORMATS[format].encoding: {}}
            _warm_up(clip, capture_pb2.CaptureSpec(box=BOX, **encoding, **selection))
        for row in OUTPUTS:
            kind: dict[str, Any] = {row.case: {}}
            encoding = {next(iter(FORMATS.values())).encoding: {}}
            spec = capture_pb2.CaptureSpec(box=BOX, **encoding, **SELECTIONS[0])
            _warm_up(clip, spec, capture_pb2.Output(**kind))
    finally:
        os.close(clip)


def _warm_up(
    clip: int, spec: capture_pb2.CaptureSpec, output: capture_pb2.Output | None = None
) -> None:
    job = Job(kind=JOB_KIND_CAPTURE, spec=spec, source_size=len(CLIP), output=output)
    # All messages fit into the sockets' buffers, so one thread can serve both ends.
    ours, theirs = socket.socketpair()
    with ours, theirs:
        service = BlockingChannel(ours, FromDecoder, worker.MAX_MESSAGE_BYTES)
        service.send(ToDecoder(job=job))
        worker.work(theirs, clip)
        message = service.receive()
        while not message.HasField("finished"):
            message = service.receive()
    if message.finished.status.code or not message.finished.captured_count:
        raise WarmUpFailed(str(message))
