"""Captures that a fork server does itself, before any decoder.

What Python and libav prepare on first use, a fork inherits: modules loaded late, tables, look-ups,
code that is specialized when it has run a few times. After this a decoder loads nothing, and takes
a fifth less of the processor for a thumbnail. The film is ours, so nothing untrusted is decoded
outside of a decoder.
"""

from __future__ import annotations

import base64
import os
import socket
import zlib
from itertools import product
from typing import Any, Final

from framecap.decoder import worker
from framecap.decoder.v1.decoder_pb2 import JOB_KIND_CAPTURE, FromDecoder, Job, ToDecoder
from framecap.decoder.wire import BlockingChannel
from framecap.formats.registry import FORMATS
from framecap.model.spec import ImageFormat
from framecap.v1 import capture_pb2

FILM: Final = zlib.decompress(
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
"""Four frames of H.264 in MP4, 64 by 64: a slope of grey that moves."""

BOX: Final = capture_pb2.ImageBox(width_px=32, height_px=32)

SELECTIONS: Final[tuple[dict[str, Any], ...]] = (
    {"interval": {}},
    {"interval": {"spacing": {"seconds": 1}, "max_count": 1}},
    {"keyframe": {}},
    {"change": {}},
)

COMMON: Final = (ImageFormat.JPG, SELECTIONS[1])
"""What most ask for: one image, in JPEG."""


class WarmUpFailed(Exception):
    """What must work everywhere does not work here."""


def warm_up(rounds: int) -> None:
    """Captures in every mode and format, then one image again and again.

    Args:
        rounds: How often the latter.

    Raises:
        WarmUpFailed: That gave no image.
    """
    film = os.memfd_create("rehearsal", os.MFD_CLOEXEC)
    try:
        os.pwrite(film, FILM, 0)
        for format, selection in (*product(FORMATS, SELECTIONS), *[COMMON] * rounds):
            encoding: dict[str, Any] = {FORMATS[format].encoding: {}}
            _warm_up(film, capture_pb2.CaptureSpec(box=BOX, **encoding, **selection))
    finally:
        os.close(film)


def _warm_up(film: int, spec: capture_pb2.CaptureSpec) -> None:
    job = Job(kind=JOB_KIND_CAPTURE, spec=spec, source_size=len(FILM))
    # All that is sent fits into the sockets, so one thread can be both ends.
    ours, theirs = socket.socketpair()
    with ours, theirs:
        service = BlockingChannel(ours, FromDecoder, worker.MAX_MESSAGE_BYTES)
        service.send(ToDecoder(job=job))
        worker.work(theirs, film)
        message = service.receive()
        while not message.HasField("finished"):
            message = service.receive()
    if message.finished.status.code or not message.finished.captured_count:
        raise WarmUpFailed(str(message))
