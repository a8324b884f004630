"""Settings from the environment and from options."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from framecap.config import Settings, SettingsError, load, variables
from framecap.listen_address import Address
from framecap.tasks.worker.settings import Role
from framecap.telemetry.logs import LogLevel


def test_nothing_set_is_the_defaults() -> None:
    assert load({}) == Settings()


def test_the_default_is_for_this_machine_only() -> None:
    assert str(load({}).server.listen) == "127.0.0.1:50051"
    assert str(load({}).server.metrics) == "127.0.0.1:9464"
    assert load({}).server.allow_path == ()


def test_every_setting_has_a_name_of_its_own() -> None:
    owners = [field.default_factory() for field in dataclasses.fields(Settings)]  # type: ignore[misc]
    names = [field.name for owner in owners for field in dataclasses.fields(owner)]
    assert sorted(names) == sorted(variables())


def test_every_setting_is_read_from_its_variable() -> None:
    examples = {
        int: "777",
        float: "7.5",
        Path: "/seven",
        LogLevel: "error",
        Role: "worker",
        frozenset: "seven",
    }
    for name, default in variables().items():
        text = examples.get(type(default), "127.0.0.1:7")
        settings = load({f"FRAMECAP_{name.upper()}": text})
        (value,) = (
            getattr(owner, name)
            for owner in (getattr(settings, field.name) for field in dataclasses.fields(settings))
            if hasattr(owner, name)
        )
        assert value != default, name


def test_kinds_of_values() -> None:
    settings = load(
        {
            "FRAMECAP_LISTEN": "unix:/tmp/x.sock",
            "FRAMECAP_METRICS": "off",
            "FRAMECAP_ALLOW_PATH": os.pathsep.join(["/a", "/b"]),
            "FRAMECAP_RUNNING": "3",
            "FRAMECAP_IDLE_DECODERS": "0",
            "FRAMECAP_CLIENT_STALL_AFTER": "2.5",
            "FRAMECAP_LOG_LEVEL": "Debug",
            "FRAMECAP_SELECTIONS": "steadiest, brightest,steadiest",
            "FRAMECAP_CORPUS": "of no concern",
        }
    )
    assert settings.server.listen == Address("", 0, "/tmp/x.sock")
    assert settings.server.metrics is None
    assert settings.server.allow_path == (Path("/a"), Path("/b"))
    assert settings.admission.running == 3
    assert settings.decoder.idle_decoders == 0
    assert settings.api.client_stall_after == 2.5
    assert settings.logs.log_level is LogLevel.DEBUG
    assert settings.decoder.selections == {"brightest", "steadiest"}


def test_an_option_goes_before_its_variable() -> None:
    settings = load({"FRAMECAP_LISTEN": "nonsense"}, {"listen": "127.0.0.1:1"})
    assert settings.server.listen == Address("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("LISTEN", "50051", '"50051" is not host:port (example: 127.0.0.1:50051)'),
        (
            "LISTEN",
            "0.0.0.0:50051",
            "0.0.0.0:50051 can be reached from other machines, and callers have no identity yet "
            "(example: 127.0.0.1:50051)",
        ),
        (
            "METRICS",
            "unix:/x",
            "unix:/x is a Unix socket, where nothing collects metrics (example: 127.0.0.1:9464)",
        ),
        ("RUNNING", "50mp", '"50mp" is not a whole number from 1 (example: '),
        ("OPEN", "0", '"0" is not a whole number from 1 (example: '),
        ("QUEUE", "²", '"²" is not a whole number from 1 (example: 64)'),
        ("IDLE_DECODERS", "-1", '"-1" is not a whole number from 0 (example: '),
        ("GRACE", "soon", '"soon" is not a number of seconds above 0 (example: 30.0)'),
        ("GRACE", "-1", '"-1" is not a number of seconds above 0 (example: 30.0)'),
        ("GRACE", "inf", '"inf" is not a number of seconds above 0 (example: 30.0)'),
        ("DATA", "", "the path is empty (example: framecap-data)"),
        ("SELECTIONS", "a,b c", '"b c" is no name (example: brightest,steadiest)'),
        ("LOG_LEVEL", "loud", '"loud" is none of debug, info, warning, error'),
    ],
)
def test_a_bad_value_names_its_variable_and_what_would_be_right(
    name: str, text: str, sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load({f"FRAMECAP_{name}": text})
    assert str(caught.value).startswith(f"FRAMECAP_{name}: {sentence}")
    with pytest.raises(SettingsError) as caught:
        load({}, {name.lower(): text})
    assert str(caught.value).startswith(f"--{name.lower().replace('_', '-')}: {sentence}")


def test_an_option_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="there is no setting speed"):
        load({}, {"speed": "11"})
