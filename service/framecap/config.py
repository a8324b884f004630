"""All settings, collected from their owners and read from the environment.

Each owner has one frozen dataclass beside its code. A setting `name` is the variable
`FRAMECAP_NAME` and, if a command has it, the option `--name`. The error of an invalid setting names
the setting and shows a valid example.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_type_hints

from framecap.admission import AdmissionLimits
from framecap.api.settings import ApiSettings
from framecap.decoder.service.settings import DecoderSettings
from framecap.listen_address import Address
from framecap.serve_settings import ServerSettings
from framecap.services import CaptureLimits
from framecap.storage.settings import StorageSettings
from framecap.tasks.notify.settings import NotifySettings
from framecap.tasks.settings import TaskSettings
from framecap.tasks.worker.settings import WorkerSettings
from framecap.telemetry.logs import LogSettings

PREFIX: Final = "FRAMECAP_"
OFF: Final = "off"
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
HOST: Final = re.compile(r"(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class SettingsError(Exception):
    """A setting is invalid. The message names it and shows a valid example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of an operator."""

    server: ServerSettings = field(default_factory=ServerSettings)
    """The service's addresses, files and shutdown."""

    api: ApiSettings = field(default_factory=ApiSettings)
    """Bounds on calls."""

    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    """Limits on concurrent captures."""

    capture: CaptureLimits = field(default_factory=CaptureLimits)
    """Bounds on captures."""

    decoder: DecoderSettings = field(default_factory=DecoderSettings)
    """Bounds on decoders."""

    storage: StorageSettings = field(default_factory=StorageSettings)
    """The buckets and hosts, and bounds on reading and writing them."""

    tasks: TaskSettings = field(default_factory=TaskSettings)
    """How long tasks and usage records are kept."""

    worker: WorkerSettings = field(default_factory=WorkerSettings)
    """The work on tasks."""

    notify: NotifySettings = field(default_factory=NotifySettings)
    """The destinations of notifications."""

    logs: LogSettings = field(default_factory=LogSettings)
    """Logs."""


def load(
    environ: Mapping[str, str] = os.environ, options: Mapping[str, str] | None = None
) -> Settings:
    """Returns the settings of the environment and the command line's options.

    Args:
        environ: The environment.
        options: Texts by the setting's name, for example `listen`; they override the environment.

    Raises:
        SettingsError: A setting is invalid, or an option names none.
    """
    texts = {
        name.removeprefix(PREFIX).lower(): (name, text)
        for name, text in environ.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() in variables()
    }
    for name, text in (options or {}).items():
        if name not in variables():
            raise SettingsError(f"there is no setting {name}")
        texts[name] = (f"--{name.replace('_', '-')}", text)
    return Settings(**{name: _read(owner, texts) for name, owner in _owners()})


def load_storage(environ: Mapping[str, str] = os.environ) -> StorageSettings:
    """Returns the settings of storage alone, from the environment.

    Raises:
        SettingsError: A setting of storage is invalid.
    """
    names = {f"{PREFIX}{setting.name.upper()}" for setting in fields(StorageSettings)}
    return load({name: text for name, text in environ.items() if name in names}).storage


def load_selections(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Returns the names of the enabled selections alone, from the environment.

    Raises:
        SettingsError: The setting is invalid.
    """
    name = f"{PREFIX}SELECTIONS"
    return load({name: environ[name]} if name in environ else {}).decoder.selections


def variables() -> dict[str, Any]:
    """Returns the defaults of all settings, by name."""
    return {setting.name: _default(setting) for _, owner in _owners() for setting in fields(owner)}


def _owners() -> Iterator[tuple[str, type[Any]]]:
    yield from get_type_hints(Settings).items()


def _default(setting: Field[Any]) -> Any:
    return setting.default_factory() if callable(setting.default_factory) else setting.default


def _read(owner: type[Any], texts: Mapping[str, tuple[str, str]]) -> Any:
    """Returns the owner's dataclass with the values of `texts`, and defaults for the others."""
    kinds = get_type_hints(owner)
    values = {}
    for setting in fields(owner):
        if setting.name in texts:
            named, text = texts[setting.name]
            try:
                values[setting.name] = _parse(kinds[setting.name], text, setting)
            except ValueError as error:
                raise SettingsError(f"{named}: {error}") from error
    try:
        return owner(**values)
    except ValueError as error:
        # The message of an owner's own check begins with the setting's name.
        name, _, sentence = str(error).partition(": ")
        raise SettingsError(f"{texts[name][0]}: {sentence}") from error


def _parse(kind: Any, text: str, setting: Field[Any]) -> Any:
    if isinstance(kind, UnionType):
        if text == OFF and NoneType in get_args(kind):
            return None
        (kind,) = set(get_args(kind)) - {NoneType}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _member(kind, text)
    return PARSERS[kind](text, setting)


def _member(kind: type[Enum], text: str) -> Enum:
    try:
        return kind(text.lower())
    except ValueError:
        words = ", ".join(str(member.value) for member in kind)
        raise ValueError(f'"{text}" is none of {words}') from None


def _count(text: str, setting: Field[Any]) -> int:
    least = setting.metadata.get("least", 1)
    if not (text.isascii() and text.isdecimal() and int(text) >= least):
        example = _default(setting)
        raise ValueError(f'"{text}" is not a whole number from {least} (example: {example})')
    return int(text)


def _seconds(text: str, setting: Field[Any]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        example = _default(setting)
        raise ValueError(f'"{text}" is not a number of seconds above 0 (example: {example})')
    return value


def _path(text: str, setting: Field[Any]) -> Path:
    if not text:
        raise ValueError(f"the path is empty (example: {_default(setting)})")
    return Path(text)


def _paths(text: str, setting: Field[Any]) -> tuple[Path, ...]:
    return tuple(Path(part) for part in text.split(os.pathsep) if part)


def _hosts(text: str, setting: Field[Any]) -> tuple[str, ...]:
    hosts = tuple(part.strip() for part in text.split(",") if part.strip())
    for host in hosts:
        if not HOST.fullmatch(host):
            raise ValueError(
                f'"{host}" is no host (example: media.example.org,*.cdn.example.org:8443)'
            )
    return hosts


def _names(text: str, setting: Field[Any]) -> frozenset[str]:
    names = frozenset(part.strip() for part in text.split(",") if part.strip())
    for name in sorted(names):
        if not NAME.fullmatch(name):
            raise ValueError(f'"{name}" is no name (example: brightest,steadiest)')
    return names


def _address(text: str, setting: Field[Any]) -> Address:
    return Address.parse(text)


PARSERS: Final[Mapping[Any, Callable[[str, Field[Any]], Any]]] = {
    int: _count,
    float: _seconds,
    Path: _path,
    tuple[Path, ...]: _paths,
    tuple[str, ...]: _hosts,
    frozenset[str]: _names,
    Address: _address,
}
