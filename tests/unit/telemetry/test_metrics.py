"""The service's metrics."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from framecap.admission import Admission, AdmissionLimits
from framecap.capture_result import CaptureResult
from framecap.errors import CaptureError
from framecap.services import KillCause
from framecap.telemetry.metrics import ServiceMetrics
from framecap.transport.request_statistics import Operation
from framecap.v1.event_pb2 import CaptureFinished
from support.tasks.engines import WORKED, direct


def samples(metrics: ServiceMetrics) -> dict[tuple[str, ...], float]:
    """Returns all samples, by name and sorted label values."""
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for sample in family.samples
    }


@pytest.fixture
def admission() -> Admission:
    return Admission(AdmissionLimits(running=1, open=2, queue=3))


@pytest.fixture
def metrics(admission: Admission) -> ServiceMetrics:
    return ServiceMetrics(admission)


def test_two_services_count_apart(admission: Admission) -> None:
    one, other = ServiceMetrics(admission), ServiceMetrics(admission)
    one.image_delivered(10, "anonymous")
    assert samples(one)["framecap_image_bytes_total",] == 10
    assert samples(other)["framecap_image_bytes_total",] == 0


def test_everything_noted_is_shown(metrics: ServiceMetrics) -> None:
    metrics.capture_ended("avg", "OK")
    metrics.capture_ended("avg", CaptureError.reason)
    metrics.first_image(0.2)
    metrics.image_delivered(1000, "anonymous")
    metrics.image_delivered(24, "anonymous")
    reported = CaptureFinished(read_bytes=4096)
    reported.damage.undecodable_count = 3
    reported.seek_repair_count = 2
    reported.stage_times["decode"].FromMilliseconds(1500)
    reported.stage_times["x" * 1000].FromMilliseconds(250)
    metrics.capture_summed_up(CaptureResult(reported=reported, stage_times={"upload": 10**9}))
    for operation in (Operation.WRITE, Operation.READ, Operation.READ):
        metrics.request_began(operation)
    metrics.request_ended(Operation.WRITE, "ok", 0.25)
    metrics.request_ended(Operation.READ, "passing", 0.5)
    metrics.fetched(70)
    metrics.stored(30)
    metrics.call_ended("ProbeMedia", "OK", 1.5)
    for _ in range(3):
        metrics.decoder_started()
    metrics.decoder_ended(None)
    metrics.decoder_ended(KillCause.STALLED)
    metrics.notification_delivered("file")
    metrics.notification_failed("webhook")
    metrics.notification_given_up("none")
    metrics.notifications_undelivered(7)
    seen = samples(metrics)
    assert seen["framecap_notifications_delivered_total", "file"] == 1
    assert seen["framecap_notifications_delivered_total", "nats"] == 0
    assert seen["framecap_notification_failures_total", "webhook"] == 1
    assert seen["framecap_notifications_given_up_total", "none"] == 1
    assert seen["framecap_notifications_undelivered",] == 7
    assert seen["framecap_captures_total", "avg", "OK"] == 1
    assert seen["framecap_captures_total", "avg", "INTERNAL"] == 1
    assert seen["framecap_first_frame_seconds_sum",] == pytest.approx(0.2)
    assert seen["framecap_frames_captured_total", "anonymous"] == 2
    assert seen["framecap_image_bytes_total",] == 1024
    assert seen["framecap_source_read_bytes_total",] == 4096
    assert seen["framecap_stage_seconds_total", "decode"] == 1.5
    assert seen["framecap_stage_seconds_total", "other"] == 0.25
    assert seen["framecap_stage_seconds_total", "upload"] == 1
    assert seen["framecap_damage_total", "undecodable"] == 3
    assert seen["framecap_seek_repairs_total",] == 2
    assert seen["framecap_storage_requests_under_way", "read"] == 1
    assert seen["framecap_storage_requests_under_way", "write"] == 0
    assert seen["framecap_damage_total", "damaged"] == 0
    assert seen["framecap_storage_request_seconds_sum", "write", "ok"] == 0.25
    assert seen["framecap_storage_request_seconds_count", "read", "passing"] == 1
    assert seen["framecap_storage_fetched_bytes_total",] == 70
    assert seen["framecap_storage_stored_bytes_total",] == 30
    assert seen["framecap_call_seconds_sum", "OK", "ProbeMedia"] == 1.5
    assert seen["framecap_decoders_alive",] == 1
    assert seen["framecap_decoder_kills_total", "stalled"] == 1


def test_every_cause_is_there_from_the_start(metrics: ServiceMetrics) -> None:
    seen = samples(metrics)
    for cause in KillCause:
        assert seen["framecap_decoder_kills_total", cause.value] == 0


async def test_the_load_is_shown_as_it_is(admission: Admission, metrics: ServiceMetrics) -> None:
    with admission.enter() as place, admission.enter():
        await place.start()
        seen = samples(metrics)
        assert seen["framecap_captures_running",] == 1
        assert seen["framecap_captures_open",] == 1
        assert seen["framecap_captures_queued",] == 1
    assert samples(metrics)["framecap_captures_queued",] == 0


def test_usage_is_summed_by_principal_and_mode(admission: Admission) -> None:
    metrics = ServiceMetrics(admission, ["shop"])
    for principal, mode in (("shop", "key"), ("shop", "key"), ("shop", "avg"), ("made up", "key")):
        metrics.usage_recorded(replace(direct("a", 5, principal), mode=mode))
    metrics.usage_recorded(direct("b", 5, "also made up"))
    seen = samples(metrics)
    whole = {
        "records": 1,
        "images": 2,
        "decoded_frames": WORKED.decoded_count,
        "cpu_seconds": WORKED.cpu / 1e9,
        "read_bytes": WORKED.read_bytes,
        "written_bytes": WORKED.written_bytes,
        "requests": WORKED.request_count,
    }
    for name, value in whole.items():
        sums = {
            key[1:]: total
            for key, total in seen.items()
            if key[0] == f"framecap_usage_{name}_total"
        }
        assert sums == {
            ("key", "shop"): 2 * value,
            ("avg", "shop"): value,
            ("key", "other"): 2 * value,
        }


def test_frames_are_counted_by_principal_and_never_by_more_than_there_are(
    admission: Admission,
) -> None:
    metrics = ServiceMetrics(admission, ["shop", "press"])
    for principal in ("shop", "shop", "anonymous", "made up", "also made up"):
        metrics.image_delivered(1, principal)
    counted = {
        key[1]: value
        for key, value in samples(metrics).items()
        if key[0] == "framecap_frames_captured_total"
    }
    assert counted == {"shop": 2, "press": 0, "anonymous": 1, "other": 2}
