"""The dispatcher: takes notifications from the outbox, delivers and settles them.

A notification stays in the outbox until its delivery is recorded there. So what is cut off between
the two, by the death of the process or a failure of the store, is delivered again: at least once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from framecap.errors import CaptureError, DataStoreUnavailable
from framecap.events.status import incident
from framecap.tasks.notify.delivery import DeliveryFailed, Destination
from framecap.tasks.notify.message import Message
from framecap.tasks.notify.pace import Pace
from framecap.tasks.notify.policy import DEFAULT_POLICY, DeliveryPolicy
from framecap.tasks.task import Notification
from framecap.timebase import NANOSECONDS_PER_SECOND, Nanoseconds

SETTLE_AGAIN_SECONDS: Final = 0.5
STORE_AGAIN_SECONDS: Final = 1.0

logger = logging.getLogger(__name__)


class Outbox(Protocol):
    """The notifications that an engine keeps; see `TaskEngine`."""

    async def take_notification(self) -> Notification | None:
        """Takes one notification that is due; None where there is none now."""

    async def notified(self, notification: Notification) -> None:
        """Removes a notification that was delivered."""

    async def notify_later(self, notification: Notification, delay: Nanoseconds) -> None:
        """Makes a notification due after a delay."""

    async def undelivered_count(self) -> int:
        """Returns the number of notifications that are not delivered yet."""


class FindDestination(Protocol):
    """Finds the destinations of topics."""

    def find(self, name: str) -> Destination | None:
        """Returns the destination of a topic; None where it is not configured."""

    def kind(self, name: str) -> str:
        """Returns the kind of a topic's destination."""


class NotificationMeter(Protocol):
    """Receives the figures of deliveries, by the kind of the destination."""

    def notification_delivered(self, kind: str) -> None:
        """Notes a delivery."""

    def notification_failed(self, kind: str) -> None:
        """Notes a failed delivery, which will be repeated."""

    def notification_given_up(self, kind: str) -> None:
        """Notes a notification that was removed undelivered."""

    def notifications_undelivered(self, count: int) -> None:
        """Notes the number of notifications that are not delivered yet."""


class Dispatcher:
    """Delivers notifications until it is stopped. Any number of processes may share an outbox.

    Args:
        outbox: The notifications.
        destinations: The destinations; the caller closes them.
        meter: Receives the figures.
        policy: The bounds.
        clock: The wall clock, in nanoseconds since 1970.
        pace_clock: A clock that never falls back, in seconds.
    """

    def __init__(
        self,
        outbox: Outbox,
        destinations: FindDestination,
        meter: NotificationMeter,
        policy: DeliveryPolicy = DEFAULT_POLICY,
        *,
        clock: Callable[[], Nanoseconds] = time.time_ns,
        pace_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._destinations = destinations
        self._meter = meter
        self._policy = policy
        self._clock = clock
        self._pace = Pace(policy, pace_clock)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Delivers until `stop`; then waits for the deliveries under way, within bounds."""
        counting = asyncio.create_task(self._count())
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            while not self._stopped.is_set():
                if len(self._deliveries) >= self._policy.concurrent:
                    waits = {stopped, *self._deliveries}
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                elif (notification := await self._take()) is not None:
                    delivery = asyncio.create_task(self._handled(notification))
                    self._deliveries.add(delivery)
                    delivery.add_done_callback(self._deliveries.discard)
        finally:
            for task in (counting, stopped):
                task.cancel()
            await asyncio.gather(counting, stopped, return_exceptions=True)
            await self._end()

    def stop(self) -> None:
        """Makes `run` take no more notifications, and return."""
        self._stopped.set()

    async def _take(self) -> Notification | None:
        """Returns a notification; None after a pause where there is none."""
        try:
            notification = await self._outbox.take_notification()
        except CaptureError as error:
            logger.warning("notifications cannot be taken, for now: %s", error.message)
            await self._pause(STORE_AGAIN_SECONDS)
            return None
        except Exception as fault:
            incident(fault)
            await self._pause(STORE_AGAIN_SECONDS)
            return None
        if notification is None:
            await self._pause(self._policy.poll_seconds)
        return notification

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def _end(self) -> None:
        """Ends the deliveries under way; those that are cut off are delivered again later."""
        if self._deliveries:
            await asyncio.wait(self._deliveries, timeout=self._policy.close_seconds)
        for delivery in self._deliveries:
            delivery.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    async def _count(self) -> None:
        while True:
            try:
                self._meter.notifications_undelivered(await self._outbox.undelivered_count())
            except DataStoreUnavailable:
                # The taking reports it.
                pass
            except Exception as fault:
                incident(fault)
            await asyncio.sleep(self._policy.count_seconds)

    async def _handled(self, notification: Notification) -> None:
        try:
            await self._handle(notification)
        except Exception as fault:
            # It is due again after its time in the outbox.
            incident(fault)

    async def _handle(self, notification: Notification) -> None:
        try:
            message = Message.of(notification)
        except ValueError as error:
            logger.error("a notification is dropped: %s", error, extra=self._facts(notification))
            await self._give_up(notification)
            return
        if delay := self._pace.delay(notification.topic):
            await self._again(notification, message, delay)
            return
        put_off = await self._deliver(notification, message)
        if put_off is None:
            await self._settle(notification)
        else:
            await self._again(notification, message, put_off)

    async def _deliver(self, notification: Notification, message: Message) -> float | None:
        """Delivers a message once.

        Returns:
            The seconds to put it off for; None when it is delivered.
        """
        topic = notification.topic
        began = self._pace.began(topic)
        try:
            await self._attempt(topic, message)
        except DeliveryFailed as failure:
            facts = self._facts(notification)
            logger.warning("a notification is not delivered: %s", failure.detail, extra=facts)
            self._meter.notification_failed(self._destinations.kind(topic))
            if not failure.refused:
                return self._pace.failed(topic, began, failure.retry_after)
            self._pace.succeeded(topic, began)
            return self._pace.wait(notification.delivery, failure.retry_after)
        except BaseException:
            self._pace.cancelled(topic, began)
            raise
        self._pace.succeeded(topic, began)
        self._meter.notification_delivered(self._destinations.kind(topic))
        logger.info("a notification is delivered", extra=self._facts(notification))
        return None

    async def _attempt(self, topic: str, message: Message) -> None:
        destination = self._destinations.find(topic)
        if destination is None:
            raise DeliveryFailed("its topic is no longer configured")
        try:
            async with asyncio.timeout(self._policy.seconds):
                await destination.deliver(message)
        except TimeoutError as error:
            raise DeliveryFailed(f"no answer within {self._policy.seconds:g} s") from error

    async def _settle(self, notification: Notification) -> None:
        """Records a delivery, also where the store is away for a moment."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._policy.settle_seconds):
                while True:
                    try:
                        await self._outbox.notified(notification)
                        return
                    except DataStoreUnavailable:
                        await asyncio.sleep(SETTLE_AGAIN_SECONDS)
        facts = self._facts(notification)
        logger.warning("a delivery is not recorded, and will be repeated", extra=facts)

    async def _again(self, notification: Notification, message: Message, delay: float) -> None:
        """Puts a notification off, or removes it after its time."""
        if self._clock() - message.time > self._policy.retention:
            logger.warning("a notification is given up", extra=self._facts(notification))
            await self._give_up(notification)
            return
        # Where this fails it is due all the same, only earlier or later.
        with suppress(DataStoreUnavailable):
            await self._outbox.notify_later(notification, int(delay * NANOSECONDS_PER_SECOND))

    async def _give_up(self, notification: Notification) -> None:
        self._meter.notification_given_up(self._destinations.kind(notification.topic))
        await self._settle(notification)

    def _facts(self, notification: Notification) -> dict[str, dict[str, object]]:
        return {
            "facts": {
                "event_id": notification.event_id,
                "topic": notification.topic,
                "destination": self._destinations.kind(notification.topic),
                "delivery": notification.delivery,
            }
        }
