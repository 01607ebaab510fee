"""What waits to be sent, and what happens to it on the way: lost, doubled, delayed, overtaken; `post_office` empties it."""

import heapq
import random
import threading
from collections import Counter
from dataclasses import replace
from typing import Any

from sandbox.clock import Clock
from sandbox.m3.events.message import Message
from sandbox.m3.events.settings import EventSettings

OVERTAKEN_S = (0.2, 1.0)
"""How much longer a message is held that others are to overtake."""


class Outbox:
    """A queue by time due; safe for threads. What happens to a message is drawn when it is put in, so a seed repeats it."""

    def __init__(self, settings: EventSettings, *, seed: int, clock: Clock) -> None:
        self._settings = settings
        self._random = random.Random(seed)
        self._clock = clock
        self._heap: list[tuple[float, int, Message]] = []
        self._order = 0
        self._taken = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._counts: Counter[str] = Counter()
        self._made_by: Counter[str] = Counter()
        self._accepted_by: Counter[str] = Counter()

    def put(self, name: str, parameters: dict[str, Any] | None, payload: bytes) -> None:
        """Take a new message and draw its fate."""
        with self._changed:
            message = self._sealed(Message(name, "", parameters, payload))
            self._count("made")
            self._made_by[name] += 1
            draws = [self._random.random() for _ in range(3)]
            settings = self._settings
            wait_s = self._random.uniform(*settings.delay_s)
            if draws[0] < settings.lose:
                self._count("lost")
                return
            if draws[1] < settings.reorder:
                self._count("reordered")
                wait_s += self._random.uniform(*OVERTAKEN_S)
            self._push(message, wait_s)
            if draws[2] < settings.double:
                self._count("doubled")
                again = message if self._random.random() < 0.5 else self._sealed(message)
                self._push(again, wait_s + self._random.uniform(0, OVERTAKEN_S[1]))

    def take(self, *, early: bool = False) -> Message | None:
        """Take out the message that is due longest, or with `early` the next one whenever it is due."""
        with self._changed:
            if not self._heap or (self._heap[0][0] > self._clock.monotonic() and not early):
                return None
            self._taken += 1
            return heapq.heappop(self._heap)[2]

    def accept(self, message: Message) -> None:
        """Write down that the other side has it."""
        with self._changed:
            self._taken -= 1
            self._count("sent", "accepted")
            self._accepted_by[message.name] += 1
            self._changed.notify_all()

    def refuse(self) -> None:
        """Write down that a message was given up."""
        with self._changed:
            self._taken -= 1
            self._count("sent", "refused")
            self._changed.notify_all()

    def put_back(self, message: Message, *, wait_s: float) -> None:
        """Keep a message for another try."""
        with self._changed:
            self._taken -= 1
            self._count("sent", "retried")
            self._push(message, wait_s)

    def wait(self, at_most_s: float) -> bool:
        """Wait until something may be due; false when the outbox is closed."""
        with self._changed:
            until_due_s = self._heap[0][0] - self._clock.monotonic() if self._heap else at_most_s
            if until_due_s > 0 and not self._is_closed:
                self._changed.wait(min(until_due_s, at_most_s))
            return not self._is_closed

    def wait_for_taken(self, at_most_s: float) -> None:
        """Wait until no message is on its way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken, at_most_s)

    def wake(self) -> None:
        """Make who waits look again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Forget what waits and let who waits go."""
        with self._changed:
            self._is_closed = True
            self._heap.clear()
            self._changed.notify_all()

    def counts(self) -> dict[str, Any]:
        """Tell what became of the messages; `sent` counts every try."""
        names = ("made", "sent", "accepted", "refused", "retried", "lost", "doubled", "reordered")
        with self._changed:
            return {
                **{name: self._counts[name] for name in names},
                "waiting": len(self._heap) + self._taken,
                "made_by": dict(sorted(self._made_by.items())),
                "accepted_by": dict(sorted(self._accepted_by.items())),
            }

    def _sealed(self, message: Message) -> Message:
        message_id = f"{self._random.getrandbits(128):032x}"
        if message.parameters is None:
            return replace(message, message_id=message_id)
        parameters = {"documentName": message.name, "messageId": message_id}
        return replace(message, message_id=message_id, parameters={**message.parameters, **parameters})

    def _push(self, message: Message, wait_s: float) -> None:
        self._order += 1
        heapq.heappush(self._heap, (self._clock.monotonic() + wait_s, self._order, message))
        self._changed.notify_all()

    def _count(self, *names: str) -> None:
        self._counts.update(names)
