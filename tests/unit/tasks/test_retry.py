"""A retry has the meaning of the request that it repeats, in every mode."""

from __future__ import annotations

from typing import Any

import pytest

from framecap.call import CaptureCall, accepted, understand
from framecap.source.address import parse_source
from framecap.source.pin import SourcePin
from framecap.tasks.retry import retry_request
from framecap.tasks.task import Task, TaskState
from framecap.v1.capture_pb2 import CaptureSpec, Delivery, Output, OutputList, SpriteOutput
from framecap.v1.event_pb2 import CaptureAccepted

DELIVERY = Delivery(object={"bucket": "shots", "key_template": "a/{index}"}, notify_topic="done")


class Addresses:
    """Reads addresses, and does nothing else of a capture's services."""

    read_address = staticmethod(parse_source)


def again(first: CaptureAccepted) -> CaptureCall:
    """Returns the call of a retry."""
    task = Task(
        task_id="MediaConvert-1",
        event_id="e",
        call_id=first.call_id,
        principal="media-team",
        request=first.SerializeToString(),
        source=first.source,
        mode="inter",
        pin=SourcePin(),
        labels={},
        user_data="",
        project="",
        topic="",
        retry_of="",
        state=TaskState.FAILED,
        create_time=0,
    )
    services: Any = Addresses()
    return retry_request(task, services, call_id="2", request_id="", source="").call


def shown(request: str | CaptureSpec | OutputList) -> CaptureAccepted:
    """Returns a request as the service understands it."""
    call = CaptureCall(
        source="films/a.mp4", request=request, delivery=DELIVERY, background=True, call_id="1"
    )
    return accepted(call, understand(call, ()), "films/a.mp4", ())


SPEC = CaptureSpec(
    range={"start_offset": {"seconds": 1}, "end_offset": {"seconds": 9, "nanos": 5}},
    instants={"offsets": [{"seconds": 2}, {"seconds": 3}]},
    jpeg={"quality": 33},
    box={"width_px": 100, "height_percent": 50},
    scale_type=2,
    shrink_filter=2,
    seek_policy=2,
    damage_policy=2,
)

REQUESTS: dict[str, str | CaptureSpec | OutputList] = {
    "inter": "video/snapshots,f_jpg,inter_10000,ss_500,num_7",
    "every": "video/snapshots,f_png,inter_0,w_100,h_50,scaletype_crop",
    "key": "video/snapshots,f_jpg,m_key,num_3",
    "avg": "video/snapshots,f_jpg,m_avg,num_5,pw_50,ph_50",
    "dhash": "video/snapshots,f_jpg,m_dhash,thr_30,inter_500,num_4",
    "spec": SPEC,
    "outputs": OutputList(outputs=[Output(name="a", spec=SPEC, images={})]),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_retry_means_the_same(name: str) -> None:
    first = shown(REQUESTS[name])
    call = again(first)
    assert call.request is not None
    second = shown(call.request)
    assert call.delivery == DELIVERY
    assert (second.key, second.text, second.output) == (first.key, first.text, first.output)
    assert second.spec == first.spec


def test_a_retry_makes_the_same_kind_of_output() -> None:
    first = shown(REQUESTS["outputs"])
    first.output_kind.sprite.CopyFrom(SpriteOutput())
    request = again(first).request
    assert isinstance(request, OutputList)
    (output,) = request.outputs
    assert (output.name, output.WhichOneof("kind")) == ("a", "sprite")
