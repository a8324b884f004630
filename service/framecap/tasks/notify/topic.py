"""The topics of notifications, as an operator configures them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


class TopicsInvalid(ValueError):
    """The file of topics cannot be used. The message names the key, the fault and a remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTopic:
    """A file that each message is appended to as a line."""

    path: Path
    """The file; a relative path lies in the data directory's folder of notifications."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTopic:
    """A web server that each message is posted to."""

    url: str = field(repr=False)
    """The URL. Its path or its query may be a secret."""

    secrets: tuple[bytes, ...] = field(repr=False)
    """The keys that sign; the receiver may know any one of them."""

    allow_private: bool = False
    """True where the host may be at a private address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsTopic:
    """A subject of NATS that each message is published to."""

    servers: tuple[str, ...]
    """The URLs of the servers."""

    subject: str
    """The subject."""

    user: str = ""
    """The user; empty for none."""

    password: str = field(default="", repr=False)
    """The user's password."""

    token: str = field(default="", repr=False)
    """The token; empty for none."""


Topic: TypeAlias = FileTopic | WebhookTopic | NatsTopic
