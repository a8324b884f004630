"""What keeps a service from starting is said in one sentence."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from framecap.config import Settings, SettingsError
from framecap.listen_address import Address
from framecap.serve_settings import ServerSettings
from framecap.server.serve import running

FREE = Address("127.0.0.1", 0)


def settings(data: Path, **server: object) -> Settings:
    given = {"listen": FREE, "metrics": None, "data": data, **server}
    return replace(Settings(), server=ServerSettings(**given))  # type: ignore[arg-type]


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address(*taken.getsockname())
        with pytest.raises(SettingsError, match=f"listen: {address} cannot be listened at"):
            async with running(settings(tmp_path, listen=address)):
                raise AssertionError("it runs")


async def test_a_metrics_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address(*taken.getsockname())
        with pytest.raises(SettingsError, match=f"metrics: {address} cannot be listened at"):
            async with running(settings(tmp_path, metrics=address)):
                raise AssertionError("it runs")


async def test_an_allowed_path_that_is_no_directory(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"allow-path: .*nowhere is not a directory"):
        async with running(settings(tmp_path, allow_path=(tmp_path / "nowhere",))):
            raise AssertionError("it runs")


async def test_a_unix_socket_is_listened_at(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with running(settings(tmp_path, listen=Address("", 0, str(path)))) as service:
        assert service.address == f"unix:{path}"
        assert path.is_socket()
