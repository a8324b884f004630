"""The main function of a decoder process: runs one job and reports it over one socket."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, BinaryIO, Final, NoReturn, TypeAlias, cast

from framecap import pipeline as default
from framecap.decoder.child.source import LocalFile, RemoteFile, SourceFile, SourceRequests
from framecap.decoder.v1 import decoder_pb2
from framecap.decoder.v1.decoder_pb2 import (
    EncodedFile,
    EncodedImage,
    Fault,
    FromDecoder,
    Job,
    ToDecoder,
)
from framecap.decoder.wire.framing import BlockingChannel
from framecap.errors import CaptureError, LimitExceeded
from framecap.events import messages
from framecap.model.capture import (
    CaptureWarning,
    Damage,
    Image,
    OutputFile,
    Progress,
    Report,
    Summary,
)
from framecap.model.media import MediaInfo
from framecap.model.plan import Plan
from framecap.model.resume import ResumePoint
from framecap.outputs import registry as outputs
from framecap.pipeline import Until
from framecap.spec.structured import from_proto

Pipeline: TypeAlias = Callable[..., Iterator[Report]]

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
MAX_TRACEBACK_CHARACTERS: Final = 16_000

UNTIL: Final = {
    decoder_pb2.JOB_KIND_CAPTURE: Until.END,
    decoder_pb2.JOB_KIND_EXPLAIN: Until.PLANNED,
    decoder_pb2.JOB_KIND_PROBE: Until.PROBED,
}


class BrokenJob(Exception):
    """The service sent no valid job, or the pipeline yielded no summary."""


def run(
    sock: socket.socket, source_fd: int | None, *, pipeline: Pipeline = default.run
) -> NoReturn:
    """Runs the job that arrives on `sock`, then ends the process.

    Args:
        sock: The socket to the service.
        source_fd: The descriptor of a local source; None otherwise.
        pipeline: The capture pipeline; yields reports, a `Summary` last, and may fail even after
            that.
    """
    try:
        work(sock, source_fd, pipeline=pipeline)
    except BaseException as error:
        report_fault(sock, error)
    os._exit(0)


def work(sock: socket.socket, source_fd: int | None, *, pipeline: Pipeline = default.run) -> None:
    """Runs the job that arrives on `sock`, and reports it; see `run`.

    Raises:
        Exception: This process's own code failed.
    """
    channel = BlockingChannel(sock, ToDecoder, MAX_MESSAGE_BYTES)
    channel.send(_work(channel, source_fd, pipeline))


def report_fault(sock: socket.socket, error: BaseException) -> None:
    """Reports a failure of this process's own code, for the service's log."""
    text = "".join(traceback.format_exception(error))[-MAX_TRACEBACK_CHARACTERS:]
    fault = Fault(traceback=text.encode(errors="backslashreplace").decode())
    BlockingChannel(sock, ToDecoder, MAX_MESSAGE_BYTES).send(FromDecoder(fault=fault))


def _work(
    channel: BlockingChannel[ToDecoder], source_fd: int | None, pipeline: Pipeline
) -> FromDecoder:
    """Runs the job; returns its last message."""
    job = channel.receive().job
    if job.kind not in UNTIL:
        raise BrokenJob(f"a job of kind {job.kind}")
    source = _source(channel, job, source_fd)
    captured = 0
    summary: Summary | None = None
    failure: CaptureError | None = None
    try:
        spec = from_proto(job.spec, None).spec if job.HasField("spec") else None
        file = cast(BinaryIO, source)
        reports = pipeline(
            spec,
            file,
            size=job.source_size,
            until=UNTIL[job.kind],
            output=outputs.read(job.output),
            resume=_resume_point(job),
        )
        for report in reports:
            if isinstance(report, Summary):
                summary = report
            else:
                captured += _frames(report)
                channel.send(message_for(report))
    except CaptureError as error:
        failure = error
    except MemoryError:
        failure = LimitExceeded("the file needs more memory than a capture may use")
    if failure is None and summary is None and job.kind == decoder_pb2.JOB_KIND_CAPTURE:
        raise BrokenJob("a capture without a summary")
    summary = summary or _nothing_known(captured, source.bytes_read)
    return FromDecoder(finished=messages.finished(summary, failure))


def message_for(report: Report) -> FromDecoder:
    """Returns the message for a report other than the summary."""
    match report:
        case MediaInfo():
            return FromDecoder(probed=messages.probed(report))
        case Plan():
            return FromDecoder(planned=messages.planned(report))
        case Progress():
            return FromDecoder(progress=messages.progress(report))
        case CaptureWarning():
            return FromDecoder(warning=messages.warning(report))
        case Image():
            facts = messages.frame(report)
            return FromDecoder(image=EncodedImage(facts=facts, data=report.data))
        case OutputFile():
            made = messages.output_file(report)
            file = EncodedFile(facts=made, data=report.data, frame_count=report.frame_count)
            return FromDecoder(file=file)
    raise BrokenJob(f"a report of kind {type(report).__name__}")


def _source(channel: BlockingChannel[ToDecoder], job: Job, source_fd: int | None) -> SourceFile:
    requests = SourceRequests(channel, refers=job.refers)
    if job.remote:
        return RemoteFile(requests, job.source_size)
    if source_fd is None:
        raise BrokenJob("a local source without a descriptor")
    return LocalFile(source_fd, job.source_size, requests)


def _resume_point(job: Job) -> ResumePoint | None:
    """Returns the point after which to go on; None for a capture from the first image."""
    if not job.HasField("resume"):
        return None
    resume = job.resume
    return ResumePoint(
        captured_count=resume.captured_count,
        answered_count=resume.answered_count,
        damaged_count=resume.damaged_count,
        pts=resume.pts,
        time_base=Fraction(resume.time_base.numerator, resume.time_base.denominator),
    )


def _frames(report: Report) -> int:
    """Returns the number of captured frames that a report delivers."""
    if isinstance(report, OutputFile):
        return report.frame_count
    return int(isinstance(report, Image))


def _nothing_known(captured: int, read_bytes: int) -> Summary:
    """Returns the summary of a capture that failed before it yielded one."""
    nothing: dict[str, Any] = {"requested_count": None, "explanation": "", "end": None}
    return Summary(
        captured_count=captured,
        shortfalls=(),
        damage=Damage(),
        read_bytes=read_bytes,
        decoded_count=0,
        stage_times={},
        **nothing,
    )
