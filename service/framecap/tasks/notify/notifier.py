"""The delivery of notifications, as a service runs it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from framecap.tasks.notify.destinations import Destinations
from framecap.tasks.notify.dispatcher import Dispatcher, NotificationMeter, Outbox
from framecap.tasks.notify.policy import DEFAULT_POLICY, DeliveryPolicy
from framecap.tasks.notify.settings import NotifySettings
from framecap.tasks.notify.topics import Topics
from framecap.tasks.notify.topics_file import read_topics

FOLDER: Final = "notifications"
"""The directory of files of notifications, in the data directory."""


def load_topics(settings: NotifySettings) -> Topics:
    """Returns the topics that the settings name.

    Raises:
        TopicsInvalid: The file of topics cannot be used.
    """
    return Topics(None if settings.topics is None else read_topics(settings.topics))


@asynccontextmanager
async def open_notifier(
    outbox: Outbox,
    topics: Topics,
    data: Path,
    meter: NotificationMeter,
    policy: DeliveryPolicy = DEFAULT_POLICY,
    trust: ssl.SSLContext | None = None,
) -> AsyncIterator[None]:
    """Delivers notifications during the block.

    Args:
        outbox: The engine.
        topics: The topics.
        data: The service's data directory.
        meter: Receives the figures.
        policy: The bounds.
        trust: The certificates that webhooks trust; the system's by default.
    """
    destinations = Destinations(topics, data / FOLDER, trust)
    dispatcher = Dispatcher(outbox, destinations, meter, policy)
    running = asyncio.create_task(dispatcher.run())
    try:
        yield
    finally:
        dispatcher.stop()
        try:
            await running
        finally:
            await destinations.close()
