"""One capture, from the request to the last event.

    1 request     checked_request.py     parses and validates the request; builds `accepted`
    2 admission   services.py, server/   grants a slot: limits running and waiting captures
    3 source      source/                opens the video for reading
    4 decoder     decoder/, pipeline/    probes, plans, decodes, selects and encodes, in a process
                                         of its own; decoder/service/reads.py answers its reads
    5 sink        sink/                  names the images; sends them inline or stores them
    6 events      events/                numbers the events, thins progress, keeps the manifest
    7 usage       charge.py              records what is charged for, before `finished` is sent
    8 result      capture_result.py      makes `finished` of the values that the others return

The API, the command line and the tests all call `capture`. Before `accepted`, an error refuses the
request and is raised. After `accepted`, an error is first reported in `finished`, then raised.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, Final, TypeAlias

from framecap.back_pressure import with_back_pressure
from framecap.call import CaptureCall, check_size, job, mode, source_name
from framecap.capture_result import CaptureResult, Delivered, finished
from framecap.charge import Charge
from framecap.checked_request import check_request
from framecap.decoder.service import reads
from framecap.decoder.service.check import error_of
from framecap.decoder.service.process import Decoder
from framecap.decoder.v1 import decoder_pb2
from framecap.decoder.v1.decoder_pb2 import EncodedFile, EncodedImage, FromDecoder, ToDecoder
from framecap.errors import (
    Cancelled,
    CaptureError,
    DecoderLost,
    Draining,
    MediaError,
    SourceUnreachable,
)
from framecap.events.manifest import Manifest
from framecap.events.pace import Heartbeat, ProgressThrottle
from framecap.events.status import incident
from framecap.events.stream import EventStream, Payload
from framecap.events.time_left import TimeLeft
from framecap.model.spec import CaptureSpec
from framecap.revocation import ended_by
from framecap.services import Services, Slot
from framecap.sink.naming import Naming
from framecap.sink.terms import DIRECT
from framecap.source.opened import OpenSource
from framecap.spec.request import ParsedRequest
from framecap.stage_timer import StageTimer
from framecap.v1 import event_pb2

logger = logging.getLogger(__name__)

Payloads: TypeAlias = list[Payload]
"""A batch: payloads that are sent one after the other, with nothing in between."""

MAX_BATCH: Final = 16
"""The batch size above which payloads are sent although more have already arrived."""

LAST_UPLOADS_SECONDS: Final = 2.0
"""The time that running uploads have to complete once the service ends their capture."""


async def capture(call: CaptureCall, services: Services) -> AsyncGenerator[event_pb2.CaptureEvent]:
    """Yields the events of a capture: `accepted` first, exactly one `finished` last.

    Closing the generator, or cancelling its task, stops the decoder at once.

    Raises:
        CaptureError: Before `accepted`, the request is refused; after `finished`, the capture
            failed, with the status that `finished` has.
    """
    current = _Capture(call, services)
    outcome = Cancelled.reason
    try:
        async with aclosing(current.until_ended()) as events:
            async for event in events:
                yield event
        # Slot, source and decoder are released by now: a client slow to read the last event
        # holds none of them.
        await current.charge()
        error = current.error
        outcome = error.reason if error else "OK"
        yield current.last_event()
    finally:
        if current.has_begun:
            services.meter.capture_ended(mode(call, current.spec), outcome)
            await current.charge_cancelled()
    if error is not None:
        raise error


class _Capture:
    """One capture: its request, its events, and how it ended.

    Args:
        call: The call.
        services: The dependencies of the capture.

    Raises:
        CaptureError: The request is refused.
    """

    def __init__(self, call: CaptureCall, services: Services) -> None:
        self._call = call
        self._services = services
        checked = check_request(call, services)
        self._parsed, self._address = checked.parsed, checked.address
        self._naming, self._accepted = checked.naming, checked.accepted
        self._attempt = call.attempt
        self._events = EventStream.resumed(call.attempt.sequence if call.attempt else 0)
        self._result = CaptureResult()
        self._charge = Charge(call, self._accepted.source, mode(call, self.spec), services)
        self.error: CaptureError | None = None
        """The error by which the work ended; None while it goes on, and when it succeeded."""

    @property
    def spec(self) -> CaptureSpec:
        """The request."""
        return self._parsed.spec

    @property
    def has_begun(self) -> bool:
        """True once `accepted` was yielded."""
        return bool(self._events.sequence)

    async def until_ended(self) -> AsyncGenerator[event_pb2.CaptureEvent]:
        """Yields all events but the last. An error after `accepted` ends them, and is recorded.

        Raises:
            CaptureError: The request is refused; nothing was yielded. Never in an attempt at a
                task, whose log has `accepted` from its creation.
        """
        try:
            async with self._opened() as work:
                if self._attempt is None:
                    yield self._events.wrap(self._accepted)
                if work is None:
                    return
                async for event in self._worked(work):
                    yield event
        except CaptureError as failure:
            if self._attempt is None:
                raise
            self.error = failure

    async def _worked(self, work: _Work) -> AsyncGenerator[event_pb2.CaptureEvent]:
        """Yields the events of the work. An error ends them, and is recorded."""
        try:
            async with aclosing(work.payloads()) as payloads:
                async for payload in payloads:
                    yield self._events.wrap(payload)
        except CaptureError as failure:
            self.error = failure
        except Exception as fault:
            self.error = incident(fault)
        finally:
            self._result = work.result

    async def charge(self) -> None:
        """Records the usage. A capture whose usage cannot be recorded fails, however it ended."""
        try:
            await self._charge.record(self._result, self.error)
        except CaptureError as failure:
            self.error = failure
        except Exception as fault:
            self.error = incident(fault)

    async def charge_cancelled(self) -> None:
        """Records the usage of a capture that was cancelled before `charge` was called."""
        try:
            await self._charge.record(self._result, Cancelled("The capture was cancelled."))
        except CaptureError as failure:
            logger.warning("the usage of a cancelled capture is not recorded: %s", failure)

    def last_event(self) -> event_pb2.CaptureEvent:
        """Returns the event of `finished`."""
        charged = self._charge.recorded or self._attempt is not None
        return self._events.wrap(finished(self._result, self.error, charged=charged))

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[_Work | None]:
        """Holds a slot and the open source for the block; yields the work to do, if there is any.

        Raises:
            CaptureError: The service or the source refuses the capture.
        """
        services = self._services
        if self._call.validate_only:
            services.admission.check()
            yield None
            return
        self._charge.check()
        async with AsyncExitStack() as held:
            slot = held.enter_context(services.admission.enter())
            with ended_by(slot.revoked):
                pin = self._attempt.pin if self._attempt else None
                opening = await services.sources.open(self._address, pin)
                source = await held.enter_async_context(opening)
            naming = self._naming
            yield _Work(self._call, self._parsed, source, naming, slot, services, self._accepted)


class _Work:
    """The work between `accepted` and `finished`.

    Args:
        call: The call.
        parsed: The parsed request.
        source: The open source.
        naming: The naming of stored images; None when images are sent inline.
        slot: The capture's slot in admission control.
        services: The launcher of decoders, the sinks and the meter.
        first: The payload of `accepted`.
    """

    def __init__(
        self,
        call: CaptureCall,
        parsed: ParsedRequest,
        source: OpenSource,
        naming: Naming | None,
        slot: Slot,
        services: Services,
        first: event_pb2.CaptureAccepted,
    ) -> None:
        self._call = call
        self._parsed = parsed
        self._output = parsed.output
        self._source = source
        self._sink = services.sinks.open(naming and replace(naming, source=source_name(source)))
        self._slot = slot
        self._services = services
        self._reported = FromDecoder().finished
        self._throttle = ProgressThrottle()
        self._time_left = TimeLeft()
        self._timer = StageTimer()
        self._began = time.monotonic()
        self._delivered = Delivered()
        self._decoder: Decoder | None = None
        self._manifest_uri = ""
        self._unyielded: Payloads = []
        self._manifest: Manifest | None = None
        if naming and naming.manifest and call.kind == decoder_pb2.JOB_KIND_CAPTURE:
            self._manifest = Manifest(first)
        self.result = CaptureResult()
        """The result, once `payloads` has ended, by an error or without."""

    async def payloads(self) -> AsyncGenerator[Payload]:
        """Yields the payloads; while there is none, repeats the latest progress as a heartbeat.

        Raises:
            CaptureError: The capture failed.
        """
        heartbeat = Heartbeat()
        batches = with_back_pressure(
            self._steps(),
            wait_seconds=lambda: heartbeat.due_in_ms() / 1000,
            pause_after=self._services.limits.pause_after,
            pause=self._slot.pause,
            resume=self._slot.resume,
            revoked=self._slot.revoked,
        )
        try:
            async with aclosing(batches):
                async for batch in batches:
                    for payload in batch or [self._throttle.latest]:
                        yield payload
                        heartbeat.event_sent()
        except Exception as error:
            for payload in await self._left_over(error):
                yield payload
            yield self._progress_to(self._throttle.latest.phase)
            raise
        finally:
            # Of a cancelled capture, stored images are charged although no event names them.
            with suppress(CaptureError):
                self._counted(self._sink.ready())
            await self._sink.close()
            if self._manifest is not None:
                self._manifest.close()
            self.result = self._result_so_far()
            self._services.meter.capture_summed_up(self.result)

    async def _steps(self) -> AsyncGenerator[Payloads]:
        """Yields batches of payloads as they arise.

        Raises:
            CaptureError: The capture failed.
        """
        if self._slot.must_wait:
            yield [self._throttle.latest]
        await self._slot.start()
        failure: CaptureError | None = None
        try:
            async with aclosing(self._decoder_batches()) as batches:
                async for batch in batches:
                    yield batch
            failure = error_of(self._reported.status)
        except (MediaError, DecoderLost, SourceUnreachable) as error:
            failure = error
        # Other captures may decode while the last uploads complete.
        self._slot.pause()
        if self._unyielded:
            yield self._taken()
        self._progress_to(event_pb2.CAPTURE_PHASE_UPLOADING)
        while (upload := self._sink.uploading) is not None:
            with self._timer.stage("deliver"):
                await asyncio.wait((upload,))
            yield self._noted(self._counted(self._sink.ready()))
        if batch := self._noted(await self._finish()):
            yield batch
        if failure is not None:
            raise failure
        if self._manifest is not None:
            await self._store_manifest(self._manifest)
        yield [self._progress_to(event_pb2.CAPTURE_PHASE_DONE)]

    async def _decoder_batches(self) -> AsyncGenerator[Payloads]:
        """Yields batches of payloads until the decoder has ended.

        Raises:
            CaptureError: The capture failed.
        """
        async with self._decoding() as (decoder, messages):
            async for message in messages:
                if message is not None:
                    self._unyielded += self._noted(await self._payloads_of(message))
                    if message.HasField("planned"):
                        async for earlier in self._earlier_images():
                            yield self._taken() + self._noted(earlier)
                self._unyielded += self._noted(self._counted(self._sink.ready()))
                # Messages that arrived together make one batch, unless that means a wait.
                more = decoder.has_more and self._sink.uploading is None
                if len(self._unyielded) > (MAX_BATCH if more else 0):
                    yield self._taken()

    async def _earlier_images(self) -> AsyncGenerator[Payloads]:
        """Yields the images that an earlier attempt at the task stored."""
        attempt = self._call.attempt
        if attempt is None or attempt.earlier is None:
            return
        batch: Payloads = []
        async with aclosing(attempt.earlier.frames()) as frames:
            async for frame in frames:
                self._delivered = Delivered(
                    count=frame.index,
                    size_bytes=self._delivered.size_bytes + frame.size_bytes,
                    object_count=frame.index,
                )
                batch.append(frame)
                if len(batch) == MAX_BATCH:
                    yield batch
                    batch = []
        yield batch

    @asynccontextmanager
    async def _decoding(
        self,
    ) -> AsyncIterator[tuple[Decoder, AsyncGenerator[FromDecoder | None]]]:
        """Runs a decoder for the block; yields it with its messages, as `_arrivals` does."""
        source = self._source
        async with self._services.decoder(source.descriptor) as decoder:
            self._decoder = decoder
            await decoder.send(ToDecoder(job=job(self._call, self._parsed, source)))
            async with (
                aclosing(reads.messages(decoder, source.reader, source.refer)) as messages,
                aclosing(self._arrivals(messages)) as arrivals,
            ):
                yield decoder, arrivals

    async def _arrivals(
        self, messages: AsyncGenerator[FromDecoder]
    ) -> AsyncGenerator[FromDecoder | None]:
        """Yields the decoder's messages, and None when an upload completes before the next."""
        coming: asyncio.Task[FromDecoder | None] | None = None
        try:
            while True:
                upload = self._sink.uploading
                if coming is None and upload is None:
                    message = await anext(messages, None)
                else:
                    coming = coming or asyncio.create_task(_next(messages))
                    waits: list[asyncio.Future[Any]] = [coming]
                    waits += [] if upload is None else [upload]
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                    if not coming.done():
                        yield None
                        continue
                    message, coming = coming.result(), None
                if message is None:
                    return
                yield message
        finally:
            if coming is not None:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)

    def _taken(self) -> Payloads:
        """Returns the payloads that wait to be yielded, and clears the list."""
        taken, self._unyielded = self._unyielded, []
        return taken

    async def _left_over(self, error: Exception) -> Payloads:
        """Returns the payloads that were ready when `error` ended the work, and stored images.

        When the service or the owner of a task ends the capture, running uploads have
        `LAST_UPLOADS_SECONDS` to complete. Only `error` is reported; a failure of the sink here is
        not.
        """
        stored: Payloads = []
        if isinstance(error, Draining | Cancelled):
            with suppress(CaptureError, TimeoutError):
                async with asyncio.timeout(LAST_UPLOADS_SECONDS):
                    stored += await self._sink.finish()
        with suppress(CaptureError):
            stored += self._sink.ready()
        return self._taken() + self._noted(self._counted(stored))

    async def _payloads_of(self, message: FromDecoder) -> Payloads:
        """Returns the payloads for the caller that follow from a decoder's message."""
        match message.WhichOneof("message"):
            case "probed":
                attempt = self._call.attempt
                terms = attempt.terms if attempt else DIRECT
                self._sink.begin(message.probed.stream_ordinal, terms)
                return [message.probed]
            case "planned":
                for output in message.planned.outputs:
                    output.output = self._output
                return [message.planned]
            case "warning":
                return [message.warning]
            case "progress":
                return self._progress(message.progress)
            case "image":
                return await self._image(message.image)
            case "file":
                return await self._file(message.file)
            case "finished":
                self._reported = message.finished
        return []

    def _progress(self, report: event_pb2.CaptureProgress) -> Payloads:
        if report.phase == event_pb2.CAPTURE_PHASE_DONE:
            # Only the decoder is done; the capture sends its own DONE at its end.
            return []
        left = self._time_left.estimate(report)
        if left is not None:
            report.time_left.FromNanoseconds(left)
        return [report] if self._throttle.offer(report) else []

    async def _image(self, image: EncodedImage) -> Payloads:
        # Each access to `image.data` copies the bytes.
        data = image.data
        check_size(self._call, len(data))
        image.facts.output = self._output
        with self._timer.stage("deliver"):
            delivered = await self._sink.deliver(image.facts, data)
        self._count_frames(1)
        return self._counted(delivered)

    async def _file(self, file: EncodedFile) -> Payloads:
        file.facts.output = self._output
        with self._timer.stage("deliver"):
            delivered = await self._sink.deliver_file(file.facts, file.data)
        self._count_frames(file.frame_count)
        return self._counted(delivered)

    def _count_frames(self, count: int) -> None:
        if not self._delivered.count:
            self._services.meter.first_image(time.monotonic() - self._began)
        self._delivered = replace(self._delivered, count=self._delivered.count + count)

    async def _finish(self) -> Payloads:
        """Finishes the sink; returns the payloads that it held back."""
        with self._timer.stage("deliver"):
            delivered = await self._sink.finish()
        return self._counted(delivered)

    async def _store_manifest(self, manifest: Manifest) -> None:
        """Stores the manifest beside the images, all of which are stored by now."""
        summary = finished(self._result_so_far(), None)
        with self._timer.stage("deliver"):
            self._manifest_uri = await self._sink.store_manifest(manifest.complete(summary))

    def _noted(self, batch: Payloads) -> Payloads:
        """Returns `batch` after adding it to the manifest, where there is one."""
        if self._manifest is not None:
            for payload in batch:
                self._manifest.note(payload)
        return batch

    def _counted(self, delivered: Sequence[Payload]) -> Payloads:
        """Returns a sink's payloads after counting their images as delivered."""
        for payload in delivered:
            if not isinstance(payload, event_pb2.FrameCaptured | event_pb2.OutputFile):
                continue
            before, superseded = self._delivered, False
            count = before.count
            if isinstance(payload, event_pb2.FrameCaptured):
                # An image may be stored although `deliver` was cancelled before it was counted.
                count, superseded = max(count, payload.index), payload.superseded
            size = 0 if superseded else payload.size_bytes
            self._delivered = Delivered(
                count=count,
                size_bytes=before.size_bytes + size,
                object_count=before.object_count + (not superseded),
            )
            if not superseded:
                self._services.meter.image_delivered(payload.size_bytes, self._call.principal)
        return list(delivered)

    def _progress_to(self, phase: event_pb2.CapturePhase) -> event_pb2.CaptureProgress:
        """Returns the latest progress with another phase."""
        report = event_pb2.CaptureProgress()
        report.CopyFrom(self._throttle.latest)
        report.phase = phase
        report.captured_count = max(report.captured_count, self._delivered.count)
        report.ClearField("time_left")
        self._throttle.offer(report)
        return report

    def _result_so_far(self) -> CaptureResult:
        """Returns the figures of the decoder, the sink and the reader as they are now."""
        reader, uploading = self._source.reader, self._sink.upload_time
        return CaptureResult(
            reported=self._reported,
            progress_bytes=self._throttle.latest.read_bytes,
            delivered=self._delivered,
            traffic=None if reader is None else reader.traffic,
            stage_times=self._timer.times | ({"upload": uploading} if uploading else {}),
            output=self._output,
            manifest_uri=self._manifest_uri,
            cpu=0 if self._decoder is None else self._decoder.cpu,
            written=self._sink.written,
        )


async def _next(messages: AsyncGenerator[FromDecoder]) -> FromDecoder | None:
    """Returns the next message; None at the end."""
    return await anext(messages, None)
