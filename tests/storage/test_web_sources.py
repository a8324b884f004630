"""Files of web servers: what is read, what is refused, and that no query is shown."""

from __future__ import annotations

import random
import ssl
from contextlib import asynccontextmanager

import pytest

from framecap.errors import (
    CaptureError,
    SourceChanged,
    SourceNotAllowed,
    SourceNotFound,
    SourceUnreachable,
)
from framecap.source.address import parse_source
from framecap.source.pin import SourcePin
from framecap.source.remote import RemoteLimits
from framecap.source.sources import Sources
from framecap.storage.web.hosts import Hosts, is_public
from framecap.storage.web.opening import WebFiles
from framecap.storage.web.reading import Web, WebOrigin
from storage.conftest import QUICK
from support.servers.web import CERTIFICATE, Site, running_site
from support.storage.origins import OriginContract

CONTENT = random.Random(5).randbytes(1 << 20)
LIMITS = RemoteLimits(max_read_bytes=1 << 40, cache_bytes=32 << 20, retry_policy=QUICK)
SIGNED = "film.mp4?X-Signature=top%2Fsecret"


@pytest.fixture
async def site():
    async with running_site() as running:
        running.files["film.mp4"] = CONTENT
        yield running


def web(hosts: Hosts) -> Web:
    return Web(hosts, retry_policy=QUICK, trust=ssl.create_default_context(cafile=CERTIFICATE))


def here(site: Site) -> Hosts:
    return Hosts(private=[f"localhost:{site.port}"])


@asynccontextmanager
async def opened(site: Site, name: str = SIGNED, hosts: Hosts | None = None):
    hosts = hosts or here(site)
    connections = web(hosts)
    try:
        address = parse_source(site.url(name))
        async with await WebFiles(connections, hosts, LIMITS).open(address) as source:
            yield source
    finally:
        await connections.close()


async def refusal(site: Site, name: str = SIGNED, hosts: Hosts | None = None) -> CaptureError:
    with pytest.raises(CaptureError) as caught:
        async with opened(site, name, hosts):
            pass
    assert "secret" not in f"{caught.value.message} {caught.value.metadata}"
    return caught.value


class TestWebOrigin(OriginContract):
    @pytest.fixture
    async def store(self, site: Site):
        connections = web(here(site))
        yield site, connections
        await connections.close()

    async def make(self, store, data):
        site, connections = store
        if data is not None:
            site.files["a"] = data
        return WebOrigin(connections, site.url("a"))

    async def replace(self, store, data):
        store[0].files["a"] = data
        store[0].versions["a"] = 1


async def test_a_signed_address_is_asked_for_as_it_is_and_shown_without(site) -> None:
    async with opened(site) as source:
        assert await source.reader.read(700_000, 50) == CONTENT[700_000:700_050]
        assert (source.bucket, source.key, source.size) == (None, "film.mp4", len(CONTENT))
        assert source.public_name == site.url("film.mp4")
        assert source.last_modified.isoformat() == "2026-11-24T10:00:00+00:00"
    assert set(site.asked) == {f"/{SIGNED}"}


async def test_a_signature_that_expires_midway_is_told(site) -> None:
    async with opened(site) as source:
        site.status = 403
        with pytest.raises(SourceNotAllowed) as caught:
            await source.reader.read(700_000, 50)
    assert caught.value.message == (
        f'source: "{site.url("film.mp4")}" may no longer be read: its store answers 403;'
        " what allowed it, or a signed address, may have expired"
    )


async def test_a_file_replaced_midway_is_told(site) -> None:
    async with opened(site) as source:
        site.versions["film.mp4"] = 7
        with pytest.raises(SourceChanged):
            await source.reader.read(700_000, 50)


@pytest.mark.parametrize("status", [403, 401])
async def test_an_expired_signature_is_told(site, status) -> None:
    site.status = status
    error = await refusal(site)
    assert isinstance(error, SourceNotAllowed)
    assert error.message.endswith(f"may not be read: its store answers {status}")


async def test_a_host_that_was_not_allowed_is_not_asked(site) -> None:
    error = await refusal(site, hosts=Hosts(public=["example.org"]))
    assert error.message.endswith("is on a host that the operator did not allow")
    assert site.asked == []


async def test_a_private_address_is_not_connected_to(site) -> None:
    error = await refusal(site, hosts=Hosts(public=[f"localhost:{site.port}"]))
    assert error.message.endswith("may not be read: its store answers a private address")
    assert site.asked == []


async def test_redirects_lead_to_allowed_hosts_only(site) -> None:
    site.redirects["old"] = "/film.mp4?token=secret"
    async with opened(site, "old") as source:
        assert source.size == len(CONTENT)
        assert source.public_name == site.url("old")
    for elsewhere in (
        site.url("film.mp4?secret", "127.0.0.1"),
        "http://localhost/film.mp4?secret",
        "https://example.org/secret",
        "file:///etc/passwd",
    ):
        site.redirects["away"] = elsewhere
        error = await refusal(site, "away")
        assert isinstance(error, SourceNotAllowed)
        assert error.message.endswith("a redirect to a host that is not allowed")
    site.redirects["round"] = "/round"
    assert (await refusal(site, "round")).message.endswith("too many redirects")


async def test_an_address_of_digits_is_judged_too(site) -> None:
    site.redirects["away"] = site.url("film.mp4", "127.0.0.1")
    hosts = Hosts(public=[f"127.0.0.1:{site.port}"], private=[f"localhost:{site.port}"])
    assert (await refusal(site, "away", hosts)).message.endswith("a private address")


async def test_a_server_without_ranges_serves_small_files_only(site) -> None:
    site.ranges = False
    site.files["small"] = b"seven b"
    async with opened(site, "small") as source:
        assert await source.reader.read(0, 100) == b"seven b"
    assert (await refusal(site)).message.endswith("its store answers without ranges")


async def test_a_certificate_that_is_not_trusted_is_refused(site) -> None:
    connections = Web(here(site), retry_policy=QUICK)
    try:
        with pytest.raises(SourceNotAllowed, match="a certificate that is not trusted"):
            await WebFiles(connections, here(site), LIMITS).open(parse_source(site.url("film.mp4")))
    finally:
        await connections.close()


async def test_a_server_in_trouble_is_unreachable(site) -> None:
    site.status = 503
    assert isinstance(await refusal(site), SourceUnreachable)


@pytest.mark.parametrize(
    ("pattern", "host", "port", "allowed"),
    [
        ("example.org", "example.org", 443, True),
        ("example.org", "EXAMPLE.org.", 443, True),
        ("example.org", "example.org", 8443, False),
        ("example.org:8443", "example.org", 8443, True),
        ("example.org", "a.example.org", 443, False),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "badexample.org", 443, False),
    ],
)
def test_patterns_of_hosts(pattern, host, port, allowed) -> None:
    assert Hosts(public=[pattern]).allow(host, port) is allowed
    assert Hosts(public=[pattern]).may_be_private(host, port) is False
    assert Hosts(private=[pattern]).may_be_private(host, port) is allowed


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "::1", "::", "fe80::1%1", "fd00::1", "::ffff:127.0.0.1", "2002:7f00:1::"),
        "64:ff9b::7f00:1",
    ],
)
def test_private_addresses_are_known(address) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_public_addresses_are_known(address) -> None:
    assert is_public(address)


MONDAY, TUESDAY = "Mon, 23 Nov 2026 10:00:00 GMT", "Tue, 24 Nov 2026 10:00:00 GMT"


async def pin_of(site: Site, name: str = SIGNED) -> SourcePin:
    connections = web(here(site))
    try:
        return await WebFiles(connections, here(site), LIMITS).pin(parse_source(site.url(name)))
    finally:
        await connections.close()


@pytest.mark.parametrize(
    ("facts", "same", "other"),
    [
        ({"ETag": '"1"'}, {"ETag": '"1"', "Last-Modified": MONDAY}, {"ETag": '"2"'}),
        ({"ETag": '"1"'}, {"ETag": '"1"'}, {}),
        ({"ETag": 'W/"1"', "Last-Modified": MONDAY}, {"Last-Modified": MONDAY}, {"ETag": '"1"'}),
        ({"Last-Modified": MONDAY}, {"Last-Modified": MONDAY}, {"Last-Modified": TUESDAY}),
    ],
    ids=["strong", "strong-gone", "weak", "time"],
)
async def test_a_pin_is_the_strongest_that_the_server_says(site, facts, same, other) -> None:
    site.facts = facts
    pin = await pin_of(site)
    assert not pin.by_size_alone
    assert len(site.asked) == 1
    for answer, admitted in ((same, True), (other, False)):
        site.facts = answer
        async with opened(site) as source:
            assert pin.admits(source.pin) is admitted


async def test_a_server_that_says_nothing_is_known_by_size_alone(site) -> None:
    site.facts = {"ETag": 'W/"1"'}
    pin = await pin_of(site)
    assert pin.by_size_alone
    assert pin == SourcePin(size=len(CONTENT))
    async with opened(site) as source:
        assert pin.admits(source.pin)
    site.files["film.mp4"] = CONTENT[1:]
    async with opened(site) as source:
        assert not pin.admits(source.pin)


async def test_a_pin_needs_what_reading_needs(site) -> None:
    site.ranges = False
    site.files["small.mp4"] = b"small"
    assert (await pin_of(site, "small.mp4")).size == 5
    with pytest.raises(SourceNotAllowed) as caught:
        await pin_of(site)
    assert caught.value.message == (
        f'source: "{site.url("film.mp4")}" cannot be read: its store answers without ranges'
    )
    with pytest.raises(SourceNotFound):
        await pin_of(site, "none.mp4")


async def test_a_stored_copy_keeps_the_time_that_names_images(site) -> None:
    hosts, connections = here(site), web(here(site))
    address = parse_source(site.url(SIGNED))
    sources = Sources({"https": WebFiles(connections, hosts, LIMITS)})
    try:
        site.facts = {"ETag": '"1"', "Last-Modified": MONDAY}
        pin = await sources.pin(address)
        site.facts = {"ETag": '"1"', "Last-Modified": TUESDAY}
        async with await sources.open(address, pin) as source:
            assert source.last_modified.day == 23
        site.facts = {"ETag": '"2"', "Last-Modified": MONDAY}
        with pytest.raises(SourceChanged) as caught:
            await sources.open(address, pin)
        assert caught.value.metadata == {"source": site.url("film.mp4")}
    finally:
        await connections.close()
