"""Pipelines that behave as their source says: its text is a word and its arguments.

They run inside a decoder. `report` writes a number into the source itself, where a test that holds
its descriptor sees it without asking the decoder.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from framecap.decoder.child.source import BLOCK_BYTES, LocalFile, RemoteFile
from framecap.errors import MediaCorrupt, OffsetAfterEnd, QueueFull
from framecap.model.capture import (
    CaptureWarning,
    Damage,
    Image,
    Phase,
    Progress,
    Reason,
    Report,
    Summary,
)
from framecap.model.media import MediaInfo, Orientation, StreamStart
from framecap.model.output import OutputKind
from framecap.model.plan import Geometry, Offset, Plan, Size, Strategy
from framecap.model.resume import ResumePoint
from framecap.model.spec import CaptureSpec, ImageFormat
from framecap.pipeline import Until
from framecap.timebase import Clock

SIZE = Size(64, 36)
JPG = b"\xff\xd8\xff"
COUNTER_OFFSET = 4096
COUNTER_BYTES = 8

INFO = MediaInfo(
    container="mp4",
    codec="h264",
    cover=False,
    stream_index=0,
    stream_ordinal=0,
    coded_width=SIZE.width,
    coded_height=SIZE.height,
    display_width=SIZE.width,
    display_height=SIZE.height,
    sample_aspect_ratio=Fraction(1),
    orientation=Orientation(),
    pixel_format="yuv420p",
    frame_rate=Fraction(25),
    clock=Clock(Fraction(1, 25), Fraction(0)),
    streams=(StreamStart(index=0, kind="video", start=Fraction(0)),),
    duration=None,
    frame_count=None,
)

PLAN = Plan(
    strategy=Strategy.SEQUENTIAL,
    reading=Strategy.SEQUENTIAL,
    expected_count=None,
    exact=False,
    decode_count=None,
    read_bytes=None,
    geometry=Geometry(scaled=SIZE, crop=Offset(0, 0), content=SIZE, canvas=SIZE, pad=Offset(0, 0)),
    end=None,
    explanation="every frame is wanted",
)


def run(
    spec: CaptureSpec | None,
    file: BinaryIO,
    *,
    size: int,
    until: Until,
    output: OutputKind,
    resume: ResumePoint | None,
) -> Iterator[Report]:
    """Does what the source says."""
    word, *arguments = file.read(200).split(b"\0")[0].decode().split()
    return BEHAVIOURS[word](file, *arguments)


def image(index: int, data: bytes = JPG) -> Image:
    """Returns an image as the pipeline would."""
    return Image(
        index=index,
        pts=index,
        time_base=Fraction(1, 25),
        media_time=index * 40_000_000,
        requested_time=index * 40_000_000,
        answered_count=1,
        keyframe=False,
        damaged=False,
        reason=Reason.EVERY_FRAME,
        dhash=0,
        changed_bits=None,
        width=SIZE.width,
        height=SIZE.height,
        format=ImageFormat.JPG,
        data=data,
    )


def summary(captured: int) -> Summary:
    """Returns a summary as the pipeline would."""
    return Summary(
        requested_count=None,
        captured_count=captured,
        shortfalls=(),
        explanation="",
        damage=Damage(),
        read_bytes=1,
        decoded_count=captured,
        end=None,
        stage_times={},
    )


def progress(captured: int) -> Progress:
    """Returns a sign of progress."""
    return Progress(phase=Phase.DECODING, done=0, total=None, captured_count=captured, read_bytes=0)


def report(file: BinaryIO, number: int) -> None:
    """Writes `number` where `jobs.reported` reads it."""
    assert isinstance(file, LocalFile)
    os.pwrite(file.descriptor, number.to_bytes(COUNTER_BYTES, "big"), COUNTER_OFFSET)


def capture(_: BinaryIO, count: str) -> Iterator[Report]:
    """Captures `count` images."""
    yield INFO
    yield PLAN
    for index in range(1, int(count) + 1):
        yield image(index)
    yield summary(int(count))


def flood(file: BinaryIO, size: str) -> Iterator[Report]:
    """Captures images of `size` bytes without end, and reports how many."""
    yield INFO
    yield PLAN
    index = 0
    while True:
        index += 1
        yield image(index, JPG + bytes(int(size) - len(JPG)))
        report(file, index)


def die(_: BinaryIO, number: str) -> Iterator[Report]:
    """Dies of a signal, mid-way."""
    yield INFO
    os.kill(os.getpid(), int(number))
    time.sleep(60)


def leave(_: BinaryIO, status: str) -> Iterator[Report]:
    """Ends the process with an exit status."""
    yield INFO
    os._exit(int(status))


def hang(_: BinaryIO) -> Iterator[Report]:
    """Does nothing, for ever."""
    yield INFO
    while True:
        signal.pause()


def burn(file: BinaryIO, milliseconds: str) -> Iterator[Report]:
    """Uses so much CPU time, reports that it did, and then does nothing, for ever."""
    yield INFO
    while time.process_time_ns() < int(milliseconds) * 1_000_000:
        pass
    report(file, int(milliseconds))
    while True:
        signal.pause()


def shun(_: BinaryIO) -> Iterator[Report]:
    """Closes its socket and goes on."""
    yield INFO
    sockets = [fd for fd in range(3, 32) if _is_socket(fd)]
    for fd in sockets:
        os.close(fd)
    while True:
        signal.pause()


def babble(_: BinaryIO, hexadecimal: str) -> Iterator[Report]:
    """Writes bytes of its own into the socket."""
    yield INFO
    (fd,) = (fd for fd in range(3, 32) if _is_socket(fd))
    os.write(fd, bytes.fromhex(hexadecimal))
    while True:
        signal.pause()


def skip(_: BinaryIO) -> Iterator[Report]:
    """Leaves an index out."""
    yield INFO
    yield PLAN
    yield image(1)
    yield image(3)


def corrupt(_: BinaryIO, count: str) -> Iterator[Report]:
    """Fails for the file's sake after `count` images, without summing up."""
    yield INFO
    yield PLAN
    for index in range(1, int(count) + 1):
        yield image(index)
    raise MediaCorrupt("nothing can be decoded", metadata={"packets": "7"})


def sum_up(_: BinaryIO) -> Iterator[Report]:
    """Fails after its summary."""
    yield INFO
    yield PLAN
    yield image(1)
    yield summary(1)
    raise OffsetAfterEnd("00:00:09.000 is after 00:00:01.000", metadata={"end": "00:00:01.000"})


def usurp(_: BinaryIO) -> Iterator[Report]:
    """Fails with an error that no file causes."""
    yield INFO
    raise QueueFull("go away")


def err(_: BinaryIO) -> Iterator[Report]:
    """Has a fault of its own."""
    yield INFO
    raise KeyError("the secret of the pipeline")


def overflow(_: BinaryIO) -> Iterator[Report]:
    """Has no memory."""
    yield INFO
    raise MemoryError


def stop_short(_: BinaryIO) -> Iterator[Report]:
    """Ends without a summary."""
    yield INFO


def read_on(file: BinaryIO) -> Iterator[Report]:
    """Reads in a circle."""
    yield INFO
    while True:
        file.seek(0)
        file.read(100)


def digest(file: BinaryIO, *parts: str) -> Iterator[Report]:
    """Reads parts, `offset:length` each, and reports what it read."""
    yield INFO
    found = {}
    for part in parts:
        offset, length = (int(number) for number in part.split(":"))
        file.seek(offset)
        data = file.read(length)
        found[part] = f"{data[:10].hex()} {len(data)} {file.tell()}"
    yield CaptureWarning(reason="READ", message="", metadata=found)
    yield summary(0)


def read_in_threads(file: BinaryIO) -> Iterator[Report]:
    """Sends images while another thread reads."""
    yield INFO
    yield PLAN
    lengths: list[int] = []

    def read_some() -> None:
        for offset in range(200):
            file.seek(offset)
            lengths.append(len(file.read(50)))

    thread = threading.Thread(target=read_some)
    thread.start()
    for index in range(1, 201):
        yield image(index)
    thread.join()
    yield CaptureWarning(reason="READ", message="", metadata={"bytes": str(sum(lengths))})
    yield summary(200)


def revisit(file: BinaryIO, count: str) -> Iterator[Report]:
    """Reads a little of so many blocks, then of the last and the first again."""
    yield INFO
    for block in (*range(int(count)), int(count) - 1, 0):
        file.seek(block * BLOCK_BYTES + 5)
        assert len(file.read(10)) == 10
    yield summary(0)


def read_side_by_side(file: BinaryIO, count: str) -> Iterator[Report]:
    """Reads in several threads at once, a block each, and reports how many read the right one."""
    yield INFO
    assert isinstance(file, RemoteFile)
    right: list[bool] = []

    def read_one(number: int) -> None:
        data = file.read_at(number * BLOCK_BYTES, 100)
        right.append(data == bytes(100))

    threads = [threading.Thread(target=read_one, args=[n]) for n in range(1, int(count) + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield CaptureWarning(reason="READ", message="", metadata={"right": str(sum(right))})
    yield summary(0)


def inspect(file: BinaryIO) -> Iterator[Report]:
    """Reports what the process is allowed and what it holds."""
    yield INFO
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    libc = ctypes.CDLL(None)
    parent_death = ctypes.c_int()
    libc.prctl(2, ctypes.byref(parent_death), 0, 0, 0)
    found = {
        "environment": repr(dict(os.environ)),
        "native environment": str(_native_environment(libc)),
        "standard streams": " ".join(_target(fd) for fd in range(3)),
        "others": " ".join(_target(fd).split(":")[0] for fd in range(3, 64) if _target(fd)),
        "dumpable": str(libc.prctl(3, 0, 0, 0, 0)),
        "dies with parent": str(parent_death.value),
        "core": str(resource.getrlimit(resource.RLIMIT_CORE)),
        "descriptors": str(resource.getrlimit(resource.RLIMIT_NOFILE)),
        "session": str(os.getsid(0) == os.getpid()),
        "oom": Path("/proc/self/oom_score_adj").read_text().strip(),
    }
    for name in ("NoNewPrivs", "SigBlk", "SigIgn", "SigCgt", "Threads"):
        found[name] = status[name].strip()
    yield CaptureWarning(reason="INSPECTED", message="", metadata=found)
    yield summary(0)


def _native_environment(libc: ctypes.CDLL) -> list[bytes]:
    pointer = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
    found: list[bytes] = []
    while pointer and (entry := pointer[len(found)]) is not None:
        found.append(entry)
    return found


def _target(fd: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""


def _is_socket(fd: int) -> bool:
    return _target(fd).startswith("socket:")


BEHAVIOURS: dict[str, Callable[..., Iterator[Any]]] = {
    function.__name__: function
    for function in (
        *(capture, flood, die, leave, hang, burn, shun, babble, skip, corrupt, sum_up, usurp, err),
        *(overflow, stop_short, read_on, digest, read_in_threads, read_side_by_side),
        *(revisit, inspect),
    )
}
