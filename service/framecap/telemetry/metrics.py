"""The service's Prometheus metrics.

Every label has few values, all defined by the service: no text of a caller becomes a label.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from threading import Thread
from typing import Final, Self
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from framecap.admission import Admission
from framecap.call import ANYONE
from framecap.capture_result import CaptureResult
from framecap.listen_address import Address
from framecap.model.usage import UsageRecord
from framecap.services import KillCause
from framecap.tasks.worker.meter import Outcome
from framecap.timebase import NANOSECONDS_PER_SECOND
from framecap.transport.request_statistics import Operation

FIRST_FRAME_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
STORAGE_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
STAGES: Final = ("open", "measure", "read", "decode", "pixels", "encode", "deliver", "upload")
OTHER: Final = "other"
UNENDED: Final = "unended"
DAMAGE: Final = ("damaged", "undecodable", "repaired_time", "read_error")
DESTINATIONS: Final = ("file", "webhook", "nats", "none")
WAIT_BUCKETS: Final = (0.01, 0.1, 1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600)
CALL_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800)


class _CaptureMetrics:
    """The metrics of captures: their outcomes, images, stages and damage."""

    def __init__(self, registry: CollectorRegistry, principals: Iterable[str]) -> None:
        self.ended = Counter(
            "framecap_captures", "Captures ended.", ["mode", "outcome"], registry=registry
        )
        self.frames = Counter(
            "framecap_frames_captured",
            "Images delivered, by who asked for them.",
            ["principal"],
            registry=registry,
        )
        self.image_bytes = Counter(
            "framecap_image_bytes", "Bytes of images delivered.", registry=registry
        )
        self.source_bytes = Counter(
            "framecap_source_read_bytes", "Bytes read from sources.", registry=registry
        )
        self.stages = Counter(
            "framecap_stage_seconds",
            "Time that captures spent in each stage; reads that wait side by side each count.",
            ["stage"],
            registry=registry,
        )
        self.damage = Counter(
            "framecap_damage",
            "Damage that captures met, by what it was.",
            ["kind"],
            registry=registry,
        )
        self.repairs = Counter(
            "framecap_seek_repairs",
            "Seeks repeated after a wrong result, and access paths abandoned for safer ones.",
            registry=registry,
        )
        self.first_frame = Histogram(
            "framecap_first_frame_seconds",
            "Time from the begin of a capture to its first image.",
            buckets=FIRST_FRAME_BUCKETS,
            registry=registry,
        )
        _show_zero(self.frames, principals)
        _show_zero(self.stages, (*STAGES, OTHER))
        _show_zero(self.damage, DAMAGE)


class _UsageMetrics:
    """The sums of usage records, by who is charged and the mode."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str) -> Counter:
            return Counter(
                name,
                f"{text}, summed over usage records.",
                ["principal", "mode"],
                registry=registry,
            )

        self._records = counter("framecap_usage_records", "Captures")
        self._images = counter("framecap_usage_images", "Images delivered")
        self._frames = counter("framecap_usage_decoded_frames", "Frames decoded")
        self._cpu = counter("framecap_usage_cpu_seconds", "CPU time of decoders")
        self._read = counter("framecap_usage_read_bytes", "Bytes read from sources")
        self._written = counter("framecap_usage_written_bytes", "Bytes sent to stores")
        self._requests = counter("framecap_usage_requests", "Requests to stores")

    def add(self, record: UsageRecord, principal: str) -> None:
        """Adds a record."""
        usage = record.usage
        for metric, value in (
            (self._records, 1),
            (self._images, record.image_count),
            (self._frames, usage.decoded_count),
            (self._cpu, usage.cpu / NANOSECONDS_PER_SECOND),
            (self._read, usage.read_bytes),
            (self._written, usage.written_bytes),
            (self._requests, usage.request_count),
        ):
            metric.labels(principal, record.mode).inc(value)


class _StorageMetrics:
    """The metrics of requests to object stores and web servers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "framecap_storage_request_seconds",
            "Time of requests to object stores and web servers, their bytes included.",
            ["operation", "outcome"],
            buckets=STORAGE_BUCKETS,
            registry=registry,
        )
        self.pending = Gauge(
            "framecap_storage_requests_under_way",
            "Requests to object stores and web servers that wait for their end.",
            ["operation"],
            registry=registry,
        )
        self.fetched = Counter(
            "framecap_storage_fetched_bytes",
            "Bytes that came from object stores and web servers.",
            registry=registry,
        )
        self.stored = Counter(
            "framecap_storage_stored_bytes",
            "Bytes of objects that stores have taken.",
            registry=registry,
        )
        for operation in Operation:
            self.seconds.labels(operation.value, "ok")
        _show_zero(self.pending, (operation.value for operation in Operation))


class _NotificationMetrics:
    """The metrics of notifications, by the kind of their destination."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str) -> Counter:
            made = Counter(name, text, ["destination"], registry=registry)
            _show_zero(made, DESTINATIONS)
            return made

        self.delivered = counter("framecap_notifications_delivered", "Notifications delivered.")
        self.failed = counter(
            "framecap_notification_failures", "Deliveries that failed, and are repeated."
        )
        self.given_up = counter(
            "framecap_notifications_given_up", "Notifications removed undelivered after their time."
        )
        self.undelivered = Gauge(
            "framecap_notifications_undelivered",
            "Notifications that are not delivered yet, of all processes of the engine.",
            registry=registry,
        )


class _DecoderMetrics:
    """The metrics of decoder processes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.alive = Gauge("framecap_decoders_alive", "Decoder processes.", registry=registry)
        self.kills = Counter(
            "framecap_decoder_kills",
            "Decoders that ended before their work was done.",
            ["cause"],
            registry=registry,
        )
        _show_zero(self.kills, (cause.value for cause in KillCause))


class _TaskMetrics:
    """The metrics of attempts at tasks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge(
            "framecap_tasks_running", "Tasks that this process works on.", registry=registry
        )
        self.attempts = Counter(
            "framecap_task_attempts",
            "Attempts at tasks that ended, by how they ended.",
            ["outcome"],
            registry=registry,
        )
        self.waits = Histogram(
            "framecap_task_wait_seconds",
            "Time from the creation of a task to its first attempt.",
            buckets=WAIT_BUCKETS,
            registry=registry,
        )
        _show_zero(self.attempts, (*(outcome.value for outcome in Outcome), UNENDED))


def _show_zero(metric: Counter | Gauge, labels: Iterable[str]) -> None:
    """Shows a metric with each label before anything is counted under it."""
    for label in labels:
        metric.labels(label)


def _show_load(registry: CollectorRegistry, admission: Admission) -> None:
    """Shows the load of an admission whenever the metrics are read."""
    queued = Gauge(
        "framecap_captures_queued", "Captures that wait for a decoder.", registry=registry
    )
    queued.set_function(lambda: admission.load.queued)
    running = Gauge(
        "framecap_captures_running", "Captures whose decoder may work.", registry=registry
    )
    running.set_function(lambda: admission.load.running)
    opened = Gauge("framecap_captures_open", "Captures that hold a decoder.", registry=registry)
    opened.set_function(lambda: admission.load.open)


class ServiceMetrics:
    """The metrics of one service, in a registry of its own.

    Args:
        admission: The admission whose load is shown.
        principals: The configured principals, each counted under its name.
    """

    def __init__(self, admission: Admission, principals: Iterable[str] = ()) -> None:
        self.registry: Final = CollectorRegistry()
        self._principals = frozenset({ANYONE, *principals})
        self._captures = _CaptureMetrics(self.registry, (*self._principals, OTHER))
        self._usage = _UsageMetrics(self.registry)
        self._storage = _StorageMetrics(self.registry)
        self._decoders = _DecoderMetrics(self.registry)
        self._tasks = _TaskMetrics(self.registry)
        self._notifications = _NotificationMetrics(self.registry)
        self._calls = Histogram(
            "framecap_call_seconds",
            "Time of calls.",
            ["method", "code"],
            buckets=CALL_BUCKETS,
            registry=self.registry,
        )
        _show_load(self.registry, admission)

    def call_ended(self, method: str, code: str, seconds: float) -> None:
        """Notes that a call ended."""
        self._calls.labels(method, code).observe(seconds)

    def capture_ended(self, mode: str, outcome: str) -> None:
        """Notes that a capture ended."""
        self._captures.ended.labels(mode, outcome).inc()

    def first_image(self, seconds: float) -> None:
        """Notes the time from the start of a capture to its first image."""
        self._captures.first_frame.observe(seconds)

    def image_delivered(self, size: int, principal: str) -> None:
        """Notes that an image of `size` bytes was delivered to a principal."""
        self._captures.frames.labels(self._label(principal)).inc()
        self._captures.image_bytes.inc(size)

    def capture_summed_up(self, result: CaptureResult) -> None:
        """Notes a capture's read bytes, stage times, seek repairs and damage."""
        self._captures.source_bytes.inc(result.read_bytes)
        for stage, spent in result.all_times.items():
            # Names come from a decoder, which a malicious file may control.
            known = stage if stage in STAGES else OTHER
            self._captures.stages.labels(known).inc(max(0, spent) / 1e9)
        self._captures.repairs.inc(max(0, result.reported.seek_repair_count))
        for kind in DAMAGE:
            self._captures.damage.labels(kind).inc(
                max(0, getattr(result.reported.damage, f"{kind}_count"))
            )

    def usage_recorded(self, record: UsageRecord) -> None:
        """Notes a usage record."""
        self._usage.add(record, self._label(record.principal))

    def request_began(self, operation: Operation) -> None:
        """Notes that a request to a store began."""
        self._storage.pending.labels(operation.value).inc()

    def request_ended(self, operation: Operation, outcome: str, seconds: float) -> None:
        """Notes that a request to a store ended."""
        self._storage.pending.labels(operation.value).dec()
        self._storage.seconds.labels(operation.value, outcome).observe(seconds)

    def fetched(self, count: int) -> None:
        """Notes that `count` bytes came from a store."""
        self._storage.fetched.inc(count)

    def stored(self, count: int) -> None:
        """Notes that a store has taken `count` bytes."""
        self._storage.stored.inc(count)

    def notification_delivered(self, kind: str) -> None:
        """Notes that a notification was delivered to a destination of a kind."""
        self._notifications.delivered.labels(kind).inc()

    def notification_failed(self, kind: str) -> None:
        """Notes that a delivery failed and will be repeated."""
        self._notifications.failed.labels(kind).inc()

    def notification_given_up(self, kind: str) -> None:
        """Notes that a notification was removed undelivered."""
        self._notifications.given_up.labels(kind).inc()

    def notifications_undelivered(self, count: int) -> None:
        """Notes the number of notifications that are not delivered yet."""
        self._notifications.undelivered.set(count)

    def decoder_started(self) -> None:
        """Notes that a decoder started."""
        self._decoders.alive.inc()

    def decoder_ended(self, cause: KillCause | None) -> None:
        """Notes that a decoder ended; `cause` is None if its work was done."""
        self._decoders.alive.dec()
        if cause is not None:
            self._decoders.kills.labels(cause.value).inc()

    def attempt_began(self, waited: float | None) -> None:
        """Notes that an attempt at a task began, the first one with the seconds that it waited."""
        self._tasks.running.inc()
        if waited is not None:
            self._tasks.waits.observe(waited)

    def attempt_ended(self, outcome: Outcome | None) -> None:
        """Notes that an attempt ended; `outcome` is None when its end could not be written."""
        self._tasks.running.dec()
        self._tasks.attempts.labels(outcome.value if outcome else UNENDED).inc()

    def _label(self, principal: str) -> str:
        """Returns a principal's label; the configuration bounds the number of labels."""
        return principal if principal in self._principals else OTHER


class MetricsPort:
    """Serves metrics over HTTP, on a thread of its own.

    Args:
        address: The address to listen at.
        metrics: The metrics to serve.

    Raises:
        OSError: The address cannot be listened at.
    """

    def __init__(self, address: Address, metrics: ServiceMetrics) -> None:
        self._server: WSGIServer
        self._thread: Thread
        self._server, self._thread = start_http_server(
            address.port, address.host, registry=metrics.registry
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    async def close(self) -> None:
        """Stops listening; returns when the thread has ended."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
