"""Where the service listens."""

from __future__ import annotations

import pytest

from framecap.listen_address import Address


@pytest.mark.parametrize(
    ("text", "address", "local"),
    [
        ("127.0.0.1:50051", Address("127.0.0.1", 50051), True),
        ("127.9.9.9:0", Address("127.9.9.9", 0), True),
        ("localhost:1", Address("localhost", 1), True),
        ("[::1]:50051", Address("::1", 50051), True),
        ("unix:/run/framecap.sock", Address("", 0, "/run/framecap.sock"), True),
        ("0.0.0.0:50051", Address("0.0.0.0", 50051), False),
        ("[::]:65535", Address("::", 65535), False),
        ("10.0.0.1:1", Address("10.0.0.1", 1), False),
        ("example.org:1", Address("example.org", 1), False),
    ],
)
def test_an_address_is_read_and_written_the_same(text: str, address: Address, local: bool) -> None:
    assert Address.parse(text) == address
    assert str(address) == text
    assert address.local is local


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not host:port"),
        ("50051", "is not host:port"),
        (":50051", "is not host:port"),
        ("::1:50051", "is not host:port"),
        ("127.0.0.1:", "the port"),
        ("127.0.0.1:x", "the port"),
        ("127.0.0.1:65536", "the port"),
        ("127.0.0.1:-1", "the port"),
        ("127.0.0.1:²", "the port"),
        ("unix:", "names no socket"),
    ],
)
def test_what_is_no_address_says_what_would_be_one(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="example: ") as caught:
        Address.parse(text)
    assert why in str(caught.value)
