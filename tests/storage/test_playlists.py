"""Playlists whose segments lie beside them, and those that point elsewhere."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from grpc import aio

from framecap.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from support.api.calls import code, reason, take
from support.clips import make_clip
from support.playlists import listing, make_playlist, master_of, segment
from support.served import served
from support.servers.web import CERTIFICATE, running_site

EVERY = "video/snapshots,f_jpg,inter_500"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds with a keyframe each second."""
    return make_clip(tmp_path_factory.mktemp("clip") / "film.mp4", frames=250, gop=25)


@pytest.fixture(scope="module")
def files(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The clip as a playlist of five segments."""
    return make_playlist(clip, tmp_path_factory.mktemp("hls") / "ts")


def beneath(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in files.items()}


def moved(files: dict[str, bytes], folder: str) -> dict[str, bytes]:
    """Returns the files with the segments in a folder below the playlist's."""
    text = files["film.m3u8"].replace(b"\nfilm", f"\n{folder}/film".encode())
    others = {name: data for name, data in files.items() if name != "film.m3u8"}
    return {"film.m3u8": text, **beneath(folder, others)}


async def checksums(stub, source: str) -> list[str]:
    taken = await take(stub, source=source, text=EVERY)
    assert code(taken.status) == "OK", taken.status
    assert len(taken.frames) == 20
    return [frame.sha256 for frame in taken.frames]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("segments", {}),
        ("folder", {}),
        ("ranges", {"hls_flags": "single_file"}),
        ("fragments", {"hls_segment_type": "fmp4"}),
        ("ranges of fragments", {"hls_segment_type": "fmp4", "hls_flags": "single_file"}),
    ],
)
async def test_a_playlist_has_the_frames_of_its_film(
    swift, serve, clip, tmp_path, kind, options
) -> None:
    files = make_playlist(clip, tmp_path / "hls", **options)
    if kind == "folder":
        files = moved(files, "a b/c")
        files["film.m3u8"] = files["film.m3u8"].replace(b"a b", b"./../x/a%20b")
    assert (b"EXT-X-BYTERANGE" in files["film.m3u8"]) is ("ranges" in kind)
    assert (b"EXT-X-MAP" in files["film.m3u8"]) is ("fragments" in kind)
    bucket = await swift.filled(beneath("x", files) | {"film.mp4": clip.read_bytes()})
    async with serve(bucket) as (_, stub):
        expected = await checksums(stub, f"{bucket.name}/film.mp4")
        taken = await take(stub, source=f"s3://{bucket.name}/x/film.m3u8", text=EVERY)
    assert code(taken.status) == "OK", taken.status
    assert [frame.sha256 for frame in taken.frames] == expected
    size = sum(map(len, files.values()))
    assert size <= taken.finished.read_bytes <= 3 * size
    assert len(files) <= taken.finished.read_request_count <= 4 * len(files)


async def test_a_local_bucket_and_an_allowed_path_too(serve, clip, files, tmp_path) -> None:
    folder = tmp_path / "data/buckets/films/deep"
    for name, data in {**moved(files, "seg"), "film.mp4": clip.read_bytes()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    async with serve(allow_path=(tmp_path / "data",)) as (_, stub):
        expected = await checksums(stub, "films/deep/film.mp4")
        assert await checksums(stub, "films/deep/film.m3u8") == expected
        assert await checksums(stub, f"{folder}/film.m3u8") == expected


async def test_of_several_qualities_only_one_is_read(swift, serve, clip, files, tmp_path) -> None:
    small = make_clip(tmp_path / "small.mp4", frames=250, gop=25, size=(96, 54))
    low = make_playlist(small, tmp_path / "low")
    master = master_of(
        "#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=96x54",
        "low/film.m3u8",
        "#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=192x108",
        "high/film.m3u8",
    )
    objects = {"film.mp4": clip.read_bytes(), "v/all.m3u8": master}
    bucket = await swift.filled(objects | beneath("v/low", low) | beneath("v/high", files))
    async with serve(bucket) as (_, stub):
        expected = await checksums(stub, f"{bucket.name}/film.mp4")
        taken = await take(stub, source=f"{bucket.name}/v/all.m3u8", text=EVERY)
    assert code(taken.status) == "OK", taken.status
    assert [frame.sha256 for frame in taken.frames] == expected
    # Of the other only what tells that it is the smaller one.
    assert taken.finished.read_request_count < 2 * len(files) + 6


async def test_of_a_long_one_only_what_is_needed_is_read(swift, serve, tmp_path) -> None:
    film = make_clip(tmp_path / "film.mp4", frames=1600, gop=25, b_frames=2)
    files = make_playlist(film, tmp_path / "hls")
    assert len(files) == 33
    bucket = await swift.filled(files | {"film.mp4": film.read_bytes()})
    text = "video/snapshots,f_jpg,ss_11300,inter_40000"
    async with serve(bucket) as (_, stub):
        expected = await take(stub, source=f"{bucket.name}/film.mp4", text=text)
        taken = await take(stub, source=f"{bucket.name}/film.m3u8", text=text)
    assert code(taken.status) == "OK", taken.status
    assert [frame.sha256 for frame in taken.frames] == [frame.sha256 for frame in expected.frames]
    assert len(taken.frames) == 2
    # The playlist, its beginning, three looks, and each frame's segment with the one beside it.
    assert taken.finished.read_request_count <= 12
    assert taken.finished.read_bytes < 0.5 * sum(map(len, files.values()))


@pytest.mark.parametrize("order", [(0, 3, 1, 2, 4), (2, 0, 1, 3, 4), (0, 1, 0, 1, 2)])
async def test_times_that_begin_anew_are_noticed(swift, serve, files, order) -> None:
    told = ["#EXT-X-DISCONTINUITY\n" + segment(f"film{number}.ts") for number in order]
    untold = [segment(f"film{number}.ts") for number in order]
    lists = {"told.m3u8": listing(*told), "untold.m3u8": listing(*untold)}
    bucket = await swift.filled(files | lists)
    async with serve(bucket) as (_, stub):
        for text in (EVERY, "video/snapshots,f_jpg,m_key", "video/snapshots,f_jpg,m_avg,num_7"):
            one = await take(stub, source=f"{bucket.name}/told.m3u8", text=text)
            other = await take(stub, source=f"{bucket.name}/untold.m3u8", text=text)
            assert code(one.status) == code(other.status) == "OK"
            assert [frame.sha256 for frame in one.frames] == [
                frame.sha256 for frame in other.frames
            ]


FIRST = segment("film0.ts")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([segment("/etc/passwd")], "which is no relative path"),
        ([FIRST, segment("/film1.ts")], "which is no relative path"),
        ([FIRST, segment("file:///etc/passwd")], "which is no relative path"),
        ([FIRST, segment("file:film1.ts")], "which is no relative path"),
        ([FIRST, segment("http://example.com/film1.ts")], "which is no relative path"),
        ([FIRST, segment("https://127.0.0.1/film1.ts")], "which is no relative path"),
        ([FIRST, segment("//example.com/film1.ts")], "which is no relative path"),
        ([FIRST, segment("s3://other/film1.ts")], "which is no relative path"),
        ([FIRST, segment("concat:film1.ts|film2.ts")], "which is no relative path"),
        ([FIRST, segment("data:video/mp2t;base64,AAAA")], "which is no relative path"),
        ([FIRST, segment("subfile,,start,0,end,9,,:film1.ts")], "which is no relative path"),
        ([FIRST, segment("crypto:film1.ts")], "which is no relative path"),
        ([FIRST, segment("\\\\host\\film1.ts")], "which is no relative path"),
        (['#EXT-X-MAP:URI="http://example.com/i.mp4"', FIRST], "which is no relative path"),
        (
            ['#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="file:///a.m3u8"', FIRST],
            "which is no relative path",
        ),
        ([FIRST, segment("../" * 17 + "etc/passwd")], "which climbs more than 16 folders"),
        (['#EXT-X-KEY:METHOD=AES-128,URI="key"', FIRST], "encrypted"),
    ],
)
async def test_what_points_elsewhere_is_refused_before_anything_is_read(
    swift, serve, files, lines, why
) -> None:
    bucket = await swift.filled(beneath("x", files | {"bad.m3u8": listing(*lines)}))
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/x/bad.m3u8", text=EVERY)
    assert (code(taken.status), reason(taken.status)) == (
        "FAILED_PRECONDITION",
        "CONTAINER_UNSUPPORTED",
    )
    assert why in taken.status.message
    assert taken.frames == []
    assert taken.finished.read_request_count == 1


@pytest.mark.parametrize(
    ("lines", "answer", "why"),
    [
        ([FIRST, segment("../../film.ts")], "SOURCE_NOT_ALLOWED", "leads out of where"),
        ([FIRST, segment("%2e%2e/%2e%2e/film.ts")], "SOURCE_NOT_ALLOWED", "leads out of where"),
        ([FIRST, segment("%2fetc/passwd")], "SOURCE_NOT_ALLOWED", "is no relative path"),
        ([FIRST, segment("film%00.ts")], "SOURCE_NOT_ALLOWED", "control character"),
        ([FIRST, segment("nowhere.ts")], "SOURCE_NOT_FOUND", "x/nowhere.ts"),
        ([FIRST, segment("inner.m3u8")], "CONTAINER_UNSUPPORTED", "http://example.com"),
    ],
)
async def test_what_is_only_seen_later_fails_the_capture(
    swift, serve, files, lines, answer, why
) -> None:
    inner = listing(segment("http://example.com/a.ts"))
    objects = files | {"bad.m3u8": listing(*lines), "inner.m3u8": inner}
    bucket = await swift.filled(beneath("x", objects))
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/x/bad.m3u8", text=EVERY)
    assert reason(taken.status) == answer, taken.status
    assert why in taken.status.message


async def test_a_list_of_both_qualities_and_segments_is_refused(swift, serve, files) -> None:
    mixed = listing("#EXT-X-STREAM-INF:BANDWIDTH=1", "film.m3u8", end=False)
    bucket = await swift.filled(files | {"mixed.m3u8": mixed})
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/mixed.m3u8", text=EVERY)
    assert reason(taken.status) == "CONTAINER_UNSUPPORTED"
    assert "lists qualities and segments at once" in taken.status.message


async def test_a_live_stream_is_refused(swift, serve, files) -> None:
    live = files["film.m3u8"].replace(b"#EXT-X-ENDLIST", b"")
    bucket = await swift.filled(files | {"live.m3u8": live})
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/live.m3u8", text=EVERY)
    assert reason(taken.status) == "CONTAINER_UNSUPPORTED"
    assert "live streams are not captured" in taken.status.message


async def test_a_segment_that_is_a_link_is_not_followed(serve, files, tmp_path) -> None:
    folder = tmp_path / "data/buckets/films"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    outside = tmp_path / "outside.ts"
    (folder / "film2.ts").rename(outside)
    (folder / "film2.ts").symlink_to(outside)
    async with serve(allow_path=(folder,)) as (_, stub):
        for source in ("films/film.m3u8", f"{folder}/film.m3u8"):
            taken = await take(stub, source=source, text=EVERY)
            assert reason(taken.status) == "SOURCE_NOT_ALLOWED"
            assert "film2.ts" in taken.status.message
            assert "leads through a symbolic link" in taken.status.message


async def test_a_path_leads_to_nothing_above_what_is_allowed(serve, files, tmp_path) -> None:
    allowed = tmp_path / "films/allowed"
    allowed.mkdir(parents=True)
    for name, data in files.items():
        (tmp_path / "films" / name).write_bytes(data)
    (allowed / "up.m3u8").write_bytes(listing(segment("../film0.ts")))
    async with serve(allow_path=(allowed,)) as (_, stub):
        taken = await take(stub, source=f"{allowed}/up.m3u8", text=EVERY)
    assert reason(taken.status) == "SOURCE_NOT_ALLOWED"
    assert "outside the directories that may be read" in taken.status.message


async def test_all_that_is_read_counts_against_one_budget(swift, serve, files) -> None:
    bucket = await swift.filled(files)
    size = sum(map(len, files.values()))
    async with serve(bucket, max_read_bytes=size // 2) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/film.m3u8", text=EVERY)
    assert reason(taken.status) == "LIMIT_EXCEEDED"


async def test_a_list_for_concat_is_still_refused(swift, serve, files) -> None:
    bucket = await swift.filled(files | {"all": b"ffconcat version 1.0\nfile film0.ts\n"})
    async with serve(bucket) as (_, stub):
        taken = await take(stub, source=f"{bucket.name}/all", text=EVERY)
    assert reason(taken.status) == "CONTAINER_UNSUPPORTED"
    assert "refers to other files" in taken.status.message


@pytest.fixture
def web(tmp_path):
    """A web server, and a service that may read from it alone."""

    @asynccontextmanager
    async def web(files):
        data, nothing = tmp_path / "data", tmp_path / "nothing"
        data.mkdir()
        nothing.mkdir()
        async with running_site() as site:
            site.files |= files
            trusting = {
                "SSL_CERT_FILE": str(CERTIFICATE),
                "FRAMECAP_ALLOW_PRIVATE_HOST": f"localhost:{site.port}",
            }
            with served(data=data, allow=nothing, **trusting) as service:
                async with aio.insecure_channel(service.address) as channel:
                    yield site, SnapshotServiceStub(channel)

    return web


async def test_a_playlist_of_a_web_server_has_the_frames_of_its_film(web, clip, files) -> None:
    signed = files["film.m3u8"].replace(b".ts", b".ts?X-Signature=top%2Fsecret")
    async with web(beneath("x", files | {"film.m3u8": signed, "film.mp4": clip.read_bytes()})) as (
        site,
        stub,
    ):
        expected = await checksums(stub, site.url("x/film.mp4"))
        assert await checksums(stub, site.url("x/film.m3u8")) == expected
        assert "/x/film0.ts?X-Signature=top%2Fsecret" in site.asked


@pytest.mark.parametrize(
    ("elsewhere", "answer"),
    [
        ("https://127.0.0.1:{port}/x/film.mp4", "SOURCE_NOT_ALLOWED"),
        ("file:///etc/passwd", "SOURCE_NOT_ALLOWED"),
        (None, "SOURCE_NOT_FOUND"),
    ],
)
async def test_a_segment_leads_to_no_other_host(web, files, elsewhere, answer) -> None:
    async with web(beneath("x", files)) as (site, stub):
        del site.files["x/film3.ts"]
        if elsewhere is not None:
            site.redirects["x/film3.ts"] = elsewhere.format(port=site.port)
        taken = await take(stub, source=site.url("x/film.m3u8"), text=EVERY)
    assert reason(taken.status) == answer, taken.status
    assert "passwd" not in taken.status.message
