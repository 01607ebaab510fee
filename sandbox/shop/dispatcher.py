"""The delivery queue and its one background thread; fed by `app` and `control` when a request ends.

Like the shop's own queue: one after the other, body built when sent, no retry, disabled after the 7th failure in a
row, one waiting delivery per webhook and resource.
"""

import threading
import time
from dataclasses import dataclass
from enum import StrEnum

from sandbox.shop.delivery import ping, prepare, send
from sandbox.shop.entities import Webhook
from sandbox.shop.state import Shop

MAX_FAILURES = 6
"""Failures a webhook survives; the next one disables it."""


class Deliver(StrEnum):
    """How the deliveries of one request go out."""

    NOW = "now"
    NEVER = "never"  # lost on the way: nothing is queued
    TWICE = "twice"  # every delivery is sent two times
    THREE_TIMES = "three_times"
    LATE = "late"  # after the setting late_s
    REORDERED = "reordered"  # updated before created


TIMES = {Deliver.TWICE: 2, Deliver.THREE_TIMES: 3}


@dataclass(frozen=True)
class Waiting:
    """A queued delivery; `due` is monotonic time."""

    webhook_id: int
    resource_id: int
    due: float
    times: int = 1


class Dispatcher:
    """Owns the queue and the thread that works it off."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._queue: list[Waiting] = []
        self._changed = threading.Condition(shop.lock)
        self._sending = 0
        self._flush = False
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="shop-deliveries", daemon=True)
        self._thread.start()

    def queue_events(self, deliver: Deliver = Deliver.NOW) -> None:
        """Turn the events of the request that ends into queued deliveries; call it under the lock of the shop."""
        events = self._shop.take_events()
        if deliver is Deliver.REORDERED:
            events.sort(key=lambda event: event[0] == "order.created")
        settings = self._shop.settings
        wait_s = settings.late_s if deliver is Deliver.LATE else settings.dispatch_delay_s
        due = time.monotonic() + wait_s
        for topic, resource_id in events:
            for webhook in self._listeners(topic):
                if deliver is Deliver.NEVER:
                    self._shop.tally.suppressed += 1
                    continue
                self._add(Waiting(webhook.id, resource_id, due, TIMES.get(deliver, 1)))
        self._changed.notify_all()

    def flush(self, *, timeout_s: float = 30.0) -> bool:
        """Send everything that waits, also what is late or paused; true when the queue is empty."""
        end = time.monotonic() + timeout_s
        with self._changed:
            self._flush = True
            self._changed.notify_all()
            while (self._queue or self._sending) and time.monotonic() < end:
                self._changed.wait(0.1)
            self._flush = False
            return not self._queue and not self._sending

    def clear(self) -> None:
        """Forget everything that waits."""
        with self._changed:
            self._queue.clear()
            self._changed.notify_all()

    def waiting(self) -> int:
        """Count the deliveries that wait or are on their way."""
        with self._changed:
            return len(self._queue) + self._sending

    def close(self) -> None:
        """Stop the thread; what waits is lost."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(timeout=5)

    def _listeners(self, topic: str) -> list[Webhook]:
        return [w for w in self._shop.webhooks.values() if w.status == "active" and w.topic == topic]

    def _add(self, new: Waiting) -> None:
        if not any((w.webhook_id, w.resource_id) == (new.webhook_id, new.resource_id) for w in self._queue):
            self._queue.append(new)

    def _work(self) -> None:
        while True:
            with self._changed:
                job = self._next()
                while job is None and not self._is_closed:
                    self._changed.wait(0.05 if self._queue else 1.0)
                    job = self._next()
                if self._is_closed or job is None:
                    return
                self._queue.remove(job)
                self._sending = 1
            try:
                for _ in range(job.times):
                    self._deliver(job)
            finally:
                with self._changed:
                    self._sending = 0
                    self._changed.notify_all()

    def _next(self) -> Waiting | None:
        if self._flush:
            return self._queue[0] if self._queue else None
        if self._shop.settings.dispatch == "paused":
            return None
        now = time.monotonic()
        return next((w for w in self._queue if w.due <= now), None)

    def _deliver(self, job: Waiting) -> None:
        with self._shop.lock:
            webhook = self._shop.webhooks.get(job.webhook_id)
            if webhook is None:
                return
            prepared = prepare(self._shop, webhook, job.resource_id)
            timeout_s = self._shop.settings.delivery_timeout_s
        is_delivered = send(prepared, timeout_s=timeout_s)
        with self._shop.lock:
            self._count(webhook, is_delivered)
            must_ping = webhook.is_ping_pending
        if must_ping and ping(webhook.id, webhook.delivery_url):
            with self._shop.lock:
                webhook.is_ping_pending = False

    def _count(self, webhook: Webhook, is_delivered: bool) -> None:
        tally = self._shop.tally
        if is_delivered:
            webhook.failure_count = 0
            tally.sent += 1
            tally.by_topic[webhook.topic] = tally.by_topic.get(webhook.topic, 0) + 1
            return
        tally.failed += 1
        if webhook.failure_count >= MAX_FAILURES:
            webhook.status = "disabled"
        else:
            webhook.failure_count += 1
