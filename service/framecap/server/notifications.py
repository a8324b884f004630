"""Notifications of the ends of tasks, by the settings."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from framecap.config import Settings, SettingsError
from framecap.tasks.notify.dispatcher import Outbox
from framecap.tasks.notify.notifier import load_topics, open_notifier
from framecap.tasks.notify.policy import DEFAULT_POLICY
from framecap.tasks.notify.topic import TopicsInvalid
from framecap.tasks.notify.topics import Topics
from framecap.telemetry.metrics import ServiceMetrics
from framecap.timebase import Nanoseconds


def configured_topics(settings: Settings) -> Topics:
    """Returns the topics that tasks may notify.

    Raises:
        SettingsError: The file of topics cannot be used.
    """
    try:
        return load_topics(settings.notify)
    except TopicsInvalid as error:
        raise SettingsError(f"topics: {error}") from error


def notifying(
    settings: Settings,
    outbox: Outbox,
    topics: Topics,
    metrics: ServiceMetrics,
    retention: Nanoseconds = DEFAULT_POLICY.retention,
) -> AbstractAsyncContextManager[None]:
    """Delivers notifications during the block.

    Args:
        settings: All settings.
        outbox: The engine of tasks.
        topics: The topics.
        metrics: Counts deliveries.
        retention: The time for which tasks are kept after their end.
    """
    policy = replace(DEFAULT_POLICY, retention=retention)
    return open_notifier(outbox, topics, settings.server.data, metrics, policy)
