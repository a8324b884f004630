"""Requests that name what is made."""

from __future__ import annotations

import pytest
from google.protobuf.json_format import ParseDict

from framecap.errors import OptionMissing, OutputUnsupported, RequestError, ValueOutOfRange
from framecap.spec import outputs, structured
from framecap.spec.request import ParsedRequest
from framecap.v1 import capture_pb2 as pb

POSTER = {"name": "poster", "spec": {"keyframe": {"maxCount": 1}, "jpeg": {}}, "images": {}}
ALLOWED = "1 to 64 of a to z, 0 to 9, _ and -"


def read(*listed: dict[str, object], delivery: pb.Delivery | None = None) -> ParsedRequest:
    return outputs.from_proto(ParseDict({"outputs": list(listed)}, pb.OutputList()), delivery)


def test_one_output_is_the_request_of_its_spec_with_a_name() -> None:
    plain = structured.from_proto(ParseDict(POSTER["spec"], pb.CaptureSpec()), None)
    parsed = read(POSTER)
    assert (parsed.spec, parsed.warnings, parsed.output) == (plain.spec, plain.warnings, "poster")
    assert plain.output == ""


def test_an_output_without_a_delivery_has_the_requests() -> None:
    into = pb.Delivery(object=pb.ObjectDelivery(bucket="b", key_template="{index}"))
    own = {"object": {"bucket": "mine", "keyTemplate": "{index}"}}
    assert read(POSTER, delivery=into).spec.destination.bucket == "b"  # type: ignore[union-attr]
    assert read({**POSTER, "delivery": own}, delivery=into).spec.destination.bucket == "mine"  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["a", "0", "-_-", "a" * 64])
def test_names(name: str) -> None:
    assert read({**POSTER, "name": name}).output == name


@pytest.mark.parametrize("name", ["A", "a b", "ä", "a" * 65, "a\n", "../a"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(ValueOutOfRange) as caught:
        read({**POSTER, "name": name})
    assert caught.value.field == "outputs.outputs[0].name"
    assert caught.value.message.endswith(f" is not {ALLOWED}")


SPRITE = {"name": "sheet", "spec": {"jpeg": {}}, "sprite": {}}
ANIMATION = {"name": "moving", "spec": {"jpeg": {}}, "animation": {}}


@pytest.mark.parametrize(
    ("listed", "error", "sentence"),
    [
        ([], OptionMissing, "outputs.outputs: is required; allowed: one output"),
        (
            [{**POSTER, "name": ""}],
            OptionMissing,
            f"outputs.outputs[0].name: is required; allowed: {ALLOWED}",
        ),
        (
            [POSTER, POSTER],
            ValueOutOfRange,
            "outputs.outputs[1].name: poster is the name of another output",
        ),
        (
            [POSTER, SPRITE],
            OutputUnsupported,
            "outputs.outputs: 2 outputs of one decoding are not there yet; at most 1",
        ),
        (
            [SPRITE],
            OutputUnsupported,
            "outputs.outputs[0].kind: sprite is not there yet; there is images",
        ),
        (
            [ANIMATION],
            OutputUnsupported,
            "outputs.outputs[0].kind: animation is not there yet; there is images",
        ),
        (
            [{"name": "poster", "spec": {"jpeg": {}}}],
            OptionMissing,
            "outputs.outputs[0].kind: is required; allowed: images",
        ),
        (
            [{"name": "poster", "images": {}}],
            OptionMissing,
            "spec.encoding: is required; allowed: jpeg, png",
        ),
    ],
)
def test_what_is_refused(
    listed: list[dict[str, object]], error: type[RequestError], sentence: str
) -> None:
    with pytest.raises(error) as caught:
        read(*listed)
    assert caught.value.message == sentence
