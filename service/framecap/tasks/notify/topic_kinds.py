"""The kinds of topics, and how each reads its table.

[topics.archive]
file = "archive.jsonl"

[topics.site]
webhook = "https://example.org/hooks/framecap"
secret_file = "/run/secrets/site-webhook"

[topics.done]
nats = "nats://nats-1:4222,nats-2:4222/framecap.done"
"""

from __future__ import annotations

import base64
import binascii
import importlib.util
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from framecap.model.names import path_fault, shown
from framecap.tasks.notify.topic import FileTopic, NatsTopic, Topic, WebhookTopic
from framecap.tasks.notify.topic_table import SECRET, TopicTable

FILE_EXAMPLE: Final = 'file = "done.jsonl"'
WEBHOOK_EXAMPLE: Final = 'webhook = "https://example.org/hooks/framecap"'
NATS_EXAMPLE: Final = 'nats = "nats://nats.example.org:4222/framecap.done"'
SECRET_EXAMPLE: Final = "/run/secrets/webhook"

SECRET_PREFIX: Final = "whsec_"
SECRET_BYTES: Final = range(24, 65)
"""The lengths of keys that Standard Webhooks allows."""

MAX_SECRETS: Final = 4
MAX_SUBJECT_BYTES: Final = 255
NATS_PORT: Final = 4222

_LOOPBACK: Final = "localhost"
_SERVER: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:(?P<port>[0-9]{1,5}))?")
_SUBJECT: Final = re.compile(r"[^\s.*>\x00-\x20\x7f]+(\.[^\s.*>\x00-\x20\x7f]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicKind:
    """A kind of topics."""

    name: str
    """The key that only its tables have; also the name in metrics and logs."""

    example: str
    """That key with a value."""

    keys: Mapping[str, type[Any]]
    """The keys of its tables, with the types of their values."""

    read: Callable[[TopicTable], Topic]
    """Returns the topic of a table.

    Raises:
        TopicsInvalid: A value is not valid.
    """


def _file(table: TopicTable) -> FileTopic:
    path = Path(table.values["file"])
    if not path.is_absolute() and (fault := path_fault(str(table.values["file"]))):
        raise table.invalid("file", f"{fault} (example: {FILE_EXAMPLE})")
    if PurePosixPath(path).name in {"", ".."}:
        raise table.invalid("file", f"names no file (example: {FILE_EXAMPLE})")
    return FileTopic(path=path)


def _webhook(table: TopicTable) -> WebhookTopic:
    url, allow_private = table.values["webhook"], table.values.get("allow_private", False)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    # A URL may be a secret: no error shows it.
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        raise table.invalid("webhook", f"is no URL of a web server (example: {WEBHOOK_EXAMPLE})")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise table.invalid("webhook", "has a user or a fragment; leave it out")
    if parts.scheme == "http" and not (allow_private and _is_loopback(host)):
        raise table.invalid(
            "webhook",
            "is not encrypted; write https://, or for a server of the same machine"
            " http://127.0.0.1 and allow_private = true",
        )
    if parts.scheme not in {"http", "https"}:
        raise table.invalid("webhook", f"is no URL of a web server (example: {WEBHOOK_EXAMPLE})")
    lines = table.secret(f'{SECRET} = "{SECRET_EXAMPLE}"')
    if len(lines) > MAX_SECRETS:
        raise table.invalid(SECRET, f"names a file with more than {MAX_SECRETS} secrets")
    return WebhookTopic(
        url=url,
        secrets=tuple(_key(table, line) for line in lines),
        allow_private=allow_private,
    )


def _key(table: TopicTable, line: str) -> bytes:
    """Returns the key in a line of a file of secrets."""
    encoded = line.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if encoded == line or len(key) not in SECRET_BYTES:
        raise table.invalid(
            SECRET,
            f"has a line that is not {SECRET_PREFIX} and the base64 of {SECRET_BYTES.start} to"
            f' {SECRET_BYTES.stop - 1} bytes (made by: echo "{SECRET_PREFIX}$(openssl rand -base64'
            ' 32)")',
        )
    return key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == _LOOPBACK


def _nats(table: TopicTable) -> NatsTopic:
    scheme, separator, rest = table.values["nats"].partition("://")
    hosts, slash, subject = rest.partition("/")
    servers = [_SERVER.fullmatch(host) for host in hosts.split(",")]
    if "@" in hosts:
        raise table.invalid("nats", f"has a user; name a file that has it as {SECRET}")
    if scheme not in {"nats", "tls"} or not separator or not slash or not all(servers):
        raise table.invalid("nats", f"is no server and subject (example: {NATS_EXAMPLE})")
    if not _SUBJECT.fullmatch(subject) or len(subject.encode()) > MAX_SUBJECT_BYTES:
        raise table.invalid(
            "nats", f"{shown(subject)} is no subject to publish to (example: {NATS_EXAMPLE})"
        )
    if subject.startswith("$"):
        raise table.invalid("nats", f"{shown(subject)} is a subject of the server itself")
    urls = tuple(
        f"{scheme}://{server['host']}:{server['port'] or NATS_PORT}" for server in servers if server
    )
    if importlib.util.find_spec("nats") is None:
        raise table.invalid("nats", "needs a library: pip install 'framecap[nats]'")
    return NatsTopic(servers=urls, subject=subject, **_credentials(table))


def _credentials(table: TopicTable) -> dict[str, str]:
    """Returns the user and the password, or the token, in the file of secrets."""
    if SECRET not in table.values:
        return {}
    lines = table.secret(SECRET_EXAMPLE)
    if len(lines) > 1 or not lines[0].isprintable():
        raise table.invalid(SECRET, "names a file that is not one line: user:password, or a token")
    user, colon, password = lines[0].partition(":")
    return {"user": user, "password": password} if colon else {"token": lines[0]}


FILE: Final = TopicKind(name="file", example=FILE_EXAMPLE, keys={"file": str}, read=_file)
WEBHOOK: Final = TopicKind(
    name="webhook",
    example=WEBHOOK_EXAMPLE,
    keys={"webhook": str, SECRET: str, "allow_private": bool},
    read=_webhook,
)
NATS: Final = TopicKind(
    name="nats", example=NATS_EXAMPLE, keys={"nats": str, SECRET: str}, read=_nats
)

TOPIC_KINDS: Final = (NATS, WEBHOOK, FILE)
"""All kinds."""
