"""The spine: one capture from the request to the last event.

    1 spec      what was asked                       understand
    2 source    bytes in                             capture
    3 … 7       what a decoder does with them        _Work._steps, pipeline.py
    8 sink      where the images go                  _Work._image
    9 events    what is told                         capture, _Work._tell

The API, the command line and the tests all call `capture`. It raises while the request can still be
refused. From `accepted` on it tells whatever goes wrong in `finished`, and then raises it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import replace
from typing import Any, Final, TypeAlias

from framecap.back_pressure import with_back_pressure
from framecap.call import CaptureCall, accepted, job, mode, name_warnings, source_name, understand
from framecap.decoder import reads
from framecap.decoder.check import error_of
from framecap.decoder.v1 import decoder_pb2
from framecap.decoder.v1.decoder_pb2 import EncodedImage, FromDecoder, ToDecoder
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
from framecap.events.status import incident, to_status
from framecap.events.stream import EventStream, Payload
from framecap.events.time_left import TimeLeft
from framecap.revocation import ended_by
from framecap.services import Services, Slot
from framecap.sink import payloads
from framecap.sink.naming import Naming
from framecap.source.opened import OpenSource
from framecap.spec.request import ParsedRequest
from framecap.stage_timer import StageTimer
from framecap.v1 import event_pb2

Told: TypeAlias = list[Payload]
"""What is told together, with nothing in between."""

MAX_TOGETHER: Final = 16
"""How many payloads may wait for others that arrived with them."""

LAST_UPLOADS_SECONDS: Final = 2.0
"""How long images on their way to a store have to arrive once the service ends their capture."""


async def capture(call: CaptureCall, services: Services) -> AsyncGenerator[event_pb2.CaptureEvent]:
    """Yields the events of a capture: `accepted` first, exactly one `finished` last.

    Closing the generator, or cancelling its task, stops the decoder at once.

    Raises:
        CaptureError: Before `accepted`, the request is refused; after `finished`, the capture
            failed, with the status that `finished` has.
    """
    parsed = understand(call)
    address = services.read_address(call.source)
    naming = services.sinks.naming(parsed.spec, source_name(address))
    warnings = (*naming.warnings(), *name_warnings(address)) if naming else ()
    first = accepted(call, parsed, address.public_name, warnings)
    events = EventStream()
    result = event_pb2.CaptureFinished()
    error: CaptureError | None = None
    outcome = Cancelled.reason
    try:
        async with AsyncExitStack() as held:
            work = None
            if call.validate_only:
                services.admission.check()
            else:
                slot = held.enter_context(services.admission.enter())
                with ended_by(slot.revoked):
                    opening = await services.sources.open(address)
                    source = await held.enter_async_context(opening)
                work = _Work(call, parsed, source, naming, slot, services, first, result)
            yield events.wrap(first)
            try:
                if work is not None:
                    async with aclosing(work.events()) as told:
                        async for payload in told:
                            yield events.wrap(payload)
            except CaptureError as failure:
                error = failure
            except Exception as fault:
                error = incident(fault)
        # All is given back by now: a client that is slow to take the last event holds nothing.
        result.status.CopyFrom(to_status(error))
        outcome = error.reason if error else "OK"
        yield events.wrap(result)
    finally:
        if events.sequence:
            services.meter.capture_ended(mode(call, parsed.spec), outcome)
    if error is not None:
        raise error


class _Work:
    """What happens between `accepted` and `finished`.

    Args:
        call: What the caller wants.
        parsed: The request.
        source: The open source.
        naming: What the images will be called, if anything.
        slot: The capture's place among others.
        services: What else it works with.
        first: What was told first.
        result: Is filled with what is known at the end, however that comes.
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
        result: event_pb2.CaptureFinished,
    ) -> None:
        self._call = call
        self._spec = parsed.spec
        self._output = parsed.output
        self._source = source
        self._sink = services.sinks.open(naming and replace(naming, source=source_name(source)))
        self._slot = slot
        self._services = services
        self._result = result
        self._throttle = ProgressThrottle()
        self._time_left = TimeLeft()
        self._watch = StageTimer()
        self._began = time.monotonic()
        self._images = 0
        self._image_bytes = 0
        self._unyielded: Told = []
        self._manifest: Manifest | None = None
        if naming and naming.manifest and call.kind == decoder_pb2.JOB_KIND_CAPTURE:
            self._manifest = Manifest(first)

    async def events(self) -> AsyncGenerator[Payload]:
        """Yields what happens, and repeats the progress when nothing does.

        Raises:
            CaptureError: The capture failed.
        """
        heartbeat = Heartbeat()
        handed = with_back_pressure(
            self._steps(),
            wait_seconds=lambda: heartbeat.due_in_ms() / 1000,
            pause_after=self._services.limits.pause_after,
            pause=self._slot.pause,
            resume=self._slot.resume,
            revoked=self._slot.revoked,
        )
        try:
            async with aclosing(handed):
                async for told in handed:
                    for payload in told or [self._throttle.latest]:
                        yield payload
                        heartbeat.told()
        except Exception as error:
            for payload in await self._left_over(error):
                yield payload
            yield self._progress_to(self._throttle.latest.phase)
            raise
        finally:
            await self._sink.close()
            if self._manifest is not None:
                self._manifest.close()
            self._sum_up()
            self._services.meter.capture_summed_up(self._result)

    async def _steps(self) -> AsyncGenerator[Told]:
        """Yields what happens, as it happens.

        Raises:
            CaptureError: The capture failed.
        """
        if self._slot.must_wait:
            yield [self._throttle.latest]
        await self._slot.start()
        failure: CaptureError | None = None
        source = self._source
        try:
            async with self._services.decoder(source.descriptor) as decoder:
                await decoder.send(ToDecoder(job=job(self._call, self._spec, source)))
                async with (
                    aclosing(reads.messages(decoder, source.reader, source.refer)) as messages,
                    aclosing(self._arrivals(messages)) as arrivals,
                ):
                    async for message in arrivals:
                        if message is not None:
                            self._unyielded += self._noted(await self._tell(message))
                        self._unyielded += self._noted(self._counted(self._sink.ready()))
                        # What arrived together is told together, unless that may mean a wait.
                        together = decoder.has_more and self._sink.uploading is None
                        if len(self._unyielded) > (MAX_TOGETHER if together else 0):
                            yield self._taken()
            failure = error_of(self._result.status)
        except (MediaError, DecoderLost, SourceUnreachable) as error:
            failure = error
        # Others may decode while the last images are on their way.
        self._slot.pause()
        if self._unyielded:
            yield self._taken()
        self._progress_to(event_pb2.CAPTURE_PHASE_UPLOADING)
        while (upload := self._sink.uploading) is not None:
            with self._watch.stage("deliver"):
                await asyncio.wait((upload,))
            yield self._noted(self._counted(self._sink.ready()))
        if told := self._noted(await self._finish()):
            yield told
        if failure is not None:
            raise failure
        if self._manifest is not None:
            await self._store_manifest(self._manifest)
        yield [self._progress_to(event_pb2.CAPTURE_PHASE_DONE)]

    async def _arrivals(
        self, messages: AsyncGenerator[FromDecoder]
    ) -> AsyncGenerator[FromDecoder | None]:
        """Yields the decoder's messages, and None when an image was stored before one came."""
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

    def _taken(self) -> Told:
        """Returns the payloads that are ready, and forgets them."""
        taken, self._unyielded = self._unyielded, []
        return taken

    async def _left_over(self, error: Exception) -> Told:
        """Returns the payloads that were ready when `error` ended the work, and stored images.

        A shutdown lets images on their way to a store arrive, for a short time. The error that
        ended the work is reported; another failure of the sink is not.
        """
        stored: list[payloads.SinkPayload] = []
        if isinstance(error, Draining):
            with suppress(CaptureError, TimeoutError):
                async with asyncio.timeout(LAST_UPLOADS_SECONDS):
                    stored += await self._sink.finish()
        with suppress(CaptureError):
            stored += self._sink.ready()
        return self._taken() + self._noted(self._counted(stored))

    async def _tell(self, message: FromDecoder) -> Told:
        """Returns what a decoder's message means to the caller."""
        match message.WhichOneof("message"):
            case "probed":
                self._sink.begin(message.probed.stream_ordinal)
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
            case "finished":
                self._result.CopyFrom(message.finished)
                for shortfall in self._result.shortfalls:
                    shortfall.output = self._output
        return []

    def _progress(self, report: event_pb2.CaptureProgress) -> Told:
        if report.phase == event_pb2.CAPTURE_PHASE_DONE:
            # Only the decoder is; the capture says so itself, last.
            return []
        left = self._time_left.estimate(report)
        if left is not None:
            report.time_left.FromNanoseconds(left)
        return [report] if self._throttle.offer(report) else []

    async def _image(self, image: EncodedImage) -> Told:
        image.facts.output = self._output
        with self._watch.stage("deliver"):
            told = await self._sink.deliver(image.facts, image.data)
        if not self._images:
            self._services.meter.first_image(time.monotonic() - self._began)
        self._images += 1
        return self._counted(told)

    async def _finish(self) -> Told:
        """Returns what the sink held back."""
        with self._watch.stage("deliver"):
            told = await self._sink.finish()
        return self._counted(told)

    async def _store_manifest(self, manifest: Manifest) -> None:
        """Stores what was told beside the images, all of which can be read by now."""
        self._sum_up()
        with self._watch.stage("deliver"):
            uri = await self._sink.store_manifest(manifest.complete(self._result))
        self._result.manifest_uri = uri

    def _noted(self, told: Told) -> Told:
        """Returns what will be told, taken up into the manifest where there is one."""
        if self._manifest is not None:
            for payload in told:
                self._manifest.note(payload)
        return told

    def _counted(self, told: list[payloads.SinkPayload]) -> Told:
        """Returns what a sink tells, its images counted as delivered."""
        for payload in told:
            if not isinstance(payload, event_pb2.FrameCaptured):
                continue
            # An image may be stored although its delivery was cut off.
            self._images = max(self._images, payload.index)
            if not payload.superseded:
                self._image_bytes += payload.size_bytes
                self._services.meter.image_delivered(payload.size_bytes, self._call.principal)
        return list(told)

    def _progress_to(self, phase: event_pb2.CapturePhase) -> event_pb2.CaptureProgress:
        """Returns the newest progress, now of another phase."""
        report = event_pb2.CaptureProgress()
        report.CopyFrom(self._throttle.latest)
        report.phase = phase
        report.captured_count = max(report.captured_count, self._images)
        report.ClearField("time_left")
        self._throttle.offer(report)
        return report

    def _sum_up(self) -> None:
        """Fills the result with what the service knows, and what the decoder did not say."""
        result, latest = self._result, self._throttle.latest
        result.captured_count = self._images
        result.image_bytes = self._image_bytes
        result.read_bytes = max(result.read_bytes, latest.read_bytes)
        reads.sum_up(self._source.reader, result)
        for stage, spent in self._watch.times.items():
            result.stage_times[stage].FromNanoseconds(spent)
        if uploading := self._sink.upload_time:
            result.stage_times["upload"].FromNanoseconds(uploading)


async def _next(messages: AsyncGenerator[FromDecoder]) -> FromDecoder | None:
    """Returns the next message; None at the end."""
    return await anext(messages, None)
