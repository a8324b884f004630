"""What a manifest may be called: its own rules, and those it shares with images."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from framecap.errors import RequestError
from framecap.model.spec import AverageSelection, CaptureSpec, ImageFormat, ObjectDestination
from framecap.sink.naming import Naming, SourceName, object_naming

SOURCE = SourceName(
    bucket="films",
    key="2024/trip.mp4",
    last_modified=datetime(2023, 4, 5, 6, 7, 8, tzinfo=UTC),
)


def naming(
    manifest: str, images: str = "{barename}", bucket: str | None = "shots", source=SOURCE
) -> Naming:
    destination = ObjectDestination(bucket=bucket, key_template=images, manifest_template=manifest)
    spec = CaptureSpec(
        selection=AverageSelection(count=1), format=ImageFormat.PNG, destination=destination
    )
    return object_naming(spec, destination, source)


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ("m", "m.json"),
        ("{key}", "2024/trip.mp4.json"),
        ("{dirname}/{barename}.{autoext}", "2024/trip.json"),
        ("{barename}_{streamindex}.{ext}", "trip_1.mp4"),
        ("v1.2/{basename}", "v1.2/trip.mp4.json"),
        ("{bucket}/{year}{mon}{day}{hour}{min}{sec}", "films/20230405060708.json"),
        ("m.txt", "m.txt"),
        ("{{m}}.json", "{m}.json"),
    ],
)
def test_keys(template: str, key: str) -> None:
    assert naming(template).manifest_key(1) == key


def test_its_creation_time_is_the_images() -> None:
    names = naming("{t_year}-{t_mon}-{t_day}T{t_hour}{t_min}{t_sec}", "{t_year}{t_sec}.png")
    stem = names.manifest_key(0).removesuffix(".json")
    assert stem == names.created.strftime("%Y-%m-%dT%H%M%S")


@pytest.mark.parametrize(
    ("manifest", "images", "why"),
    [
        ("m_{index}", "{index}", "has the variable {index}, but there is one manifest"),
        ("{nummer}", "{index}", "does not exist"),
        ("m/", "{index}", "ends with a slash"),
        ("/m", "{index}", "begins with a slash"),
        ("../m", "{index}", "has the segment .."),
        ("a//m", "{index}", "two slashes in a row"),
        ("m{", "{index}", "single {"),
        ("{key}{key}{key}/" + "k" * 1000, "{index}", "longer than 1024"),
        ("1.png", "{index}", 'makes the key "1.png", which an image may have'),
        ("77.png", "{index}.{autoext}", "which an image may have"),
        ("trip_0_4", "{barename}_0_{index}.json", "which an image may have"),
        ("trip_0_4.json", "{barename}_0_{index}.json", "which an image may have"),
        ("{barename}.png", "{barename}.{autoext}", "which an image may have"),
        ("a_{streamindex}_9.x", "a_{streamindex}_{index}.x", "which an image may have"),
        ("a7b7.x", "a{index}b{index}.x", "which an image may have"),
    ],
)
def test_what_cannot_be_one(manifest: str, images: str, why: str) -> None:
    with pytest.raises(RequestError) as caught:
        naming(manifest, images)
    error = caught.value
    assert error.reason == "TARGET_INVALID"
    assert error.field == "delivery.object.manifest_key_template"
    assert why in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize(
    ("manifest", "images"),
    [
        ("0.png", "{index}"),
        ("01.png", "{index}"),
        ("a7b8.x", "a{index}b{index}.x"),
        ("trip.json", "{barename}_{index}.{autoext}"),
        ("d/1.png", "{index}"),
        ("1xpng", "{index}.png"),
    ],
)
def test_what_no_image_is_called(manifest: str, images: str) -> None:
    assert naming(manifest, images)


def test_an_image_of_the_stream_that_is_found_is_looked_for_again() -> None:
    names = naming("a_1_2.json", "a_{streamindex}_{index}.json")
    assert names.manifest_key(0) == "a_1_2.json"
    with pytest.raises(RequestError, match="which an image may have"):
        names.manifest_key(1)


def test_it_never_replaces_the_source() -> None:
    with pytest.raises(RequestError) as caught:
        naming("{barename}", bucket="films", source=SourceName(bucket="films", key="a.json"))
    error = caught.value
    assert error.reason == "TARGET_IS_SOURCE"
    assert "the manifest would replace its own source" in error.message


def test_a_source_without_bucket_lends_it_no_bucket() -> None:
    with pytest.raises(RequestError, match="the source has none"):
        naming("{bucket}/m", source=SourceName(bucket=None, key="a.mp4"))
