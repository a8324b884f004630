"""Structured requests for tests, written in protobuf's JSON."""

from __future__ import annotations

from google.protobuf.json_format import ParseDict

from framecap.spec.request import ParsedRequest
from framecap.spec.structured import from_proto
from framecap.v1 import capture_pb2 as pb


def read(delivery: dict[str, object] | None = None, **fields: object) -> ParsedRequest:
    """The request that the fields of a spec say; a JPG unless they say otherwise."""
    if not fields.keys() & {"jpeg", "png", "webp", "avif"}:
        fields["jpeg"] = {}
    to = None if delivery is None else ParseDict(delivery, pb.Delivery())
    return from_proto(ParseDict(fields, pb.CaptureSpec()), to)
