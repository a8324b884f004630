"""The destination of each topic."""

from __future__ import annotations

import asyncio
import importlib
import ssl
from pathlib import Path
from typing import Final

from framecap.tasks.notify.delivery import Destination
from framecap.tasks.notify.json_lines import FileWriter, JsonLines
from framecap.tasks.notify.topic import FileTopic, NatsTopic, Topic, WebhookTopic
from framecap.tasks.notify.topic_kinds import FILE, NATS, WEBHOOK
from framecap.tasks.notify.topics import Topics

NOT_CONFIGURED: Final = "none"
"""The kind of a topic that is no longer configured."""


class Destinations:
    """Owns the destinations of all topics. Close it.

    Args:
        topics: The topics.
        folder: The directory of files whose path is relative.
        trust: The certificates that webhooks trust; the system's by default.
    """

    def __init__(self, topics: Topics, folder: Path, trust: ssl.SSLContext | None = None) -> None:
        self._topics = topics
        self._folder = folder
        self._trust = trust
        self._writer = FileWriter()
        self._made = {
            name: self._make(topic)
            for name, topic in topics.configured.items()
            if not isinstance(topic, FileTopic)
        }

    def find(self, name: str) -> Destination | None:
        """Returns the destination of a topic; None where it is not configured."""
        topic = self._topics.find(name)
        if isinstance(topic, FileTopic):
            # Not kept: where nothing is configured, callers may name any number of topics.
            return JsonLines(self._folder / topic.path, self._writer)
        return self._made.get(name)

    def kind(self, name: str) -> str:
        """Returns the kind of a topic's destination, for metrics and logs."""
        return kind_of(self._topics.find(name))

    async def close(self) -> None:
        """Closes all destinations."""
        closing = (destination.close() for destination in self._made.values())
        await asyncio.gather(*closing, self._writer.close())

    def _make(self, topic: WebhookTopic | NatsTopic) -> Destination:
        # Not imported above: both libraries take their time, and nats-py may be absent.
        destination: Destination
        if isinstance(topic, WebhookTopic):
            module = importlib.import_module("framecap.tasks.notify.webhook")
            destination = module.Webhook(topic, self._trust)
        else:
            module = importlib.import_module("framecap.tasks.notify.nats_subject")
            destination = module.NatsSubject(topic)
        return destination


def kind_of(topic: Topic | None) -> str:
    """Returns the name of a topic's kind."""
    match topic:
        case FileTopic():
            return FILE.name
        case WebhookTopic():
            return WEBHOOK.name
        case NatsTopic():
            return NATS.name
    return NOT_CONFIGURED
