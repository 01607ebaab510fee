"""Sends what the state has to tell, from threads of its own; `site` owns one while events are on."""

import threading
from dataclasses import replace
from typing import Any

from sandbox.clock import Clock
from sandbox.m3.events.announcer import Announcer
from sandbox.m3.events.courier import Answered, Courier
from sandbox.m3.events.message import Message
from sandbox.m3.events.outbox import Outbox
from sandbox.m3.events.settings import EventSettings
from sandbox.m3.state import State

FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0
GIVEN_UP_AFTER_S = 120.0
LOOK_EVERY_S = 0.5
FLUSH_TIMEOUT_S = 30.0


class PostOffice:
    """Listens to a state and delivers; closed, it neither listens nor sends any more."""

    def __init__(self, state: State, settings: EventSettings, *, seed: int, clock: Clock) -> None:
        self.settings = settings
        self._state = state
        self._clock = clock
        self._outbox = Outbox(settings, seed=seed, clock=clock)
        self._announcer = Announcer(state, settings, self._outbox)
        self._threads = [
            threading.Thread(target=self._work, name=f"m3-events-{number}", daemon=True)
            for number in range(settings.parallel if settings.thread else 0)
        ]
        with state.lock:
            state.listener = self._announcer.listen
        for thread in self._threads:
            thread.start()

    def counts(self) -> dict[str, Any]:
        """Tell what became of the messages."""
        return self._outbox.counts()

    def flush(self) -> None:
        """Send all that waits once, whether it is due or not; what has to be tried again stays."""
        self._make_gathered(only_due=False)
        courier = Courier(self.settings)
        try:
            for _ in range(self._outbox.counts()["waiting"]):
                message = self._outbox.take(early=True)
                if message is None:
                    break
                self._deliver(courier, message)
        finally:
            courier.close()
        self._outbox.wait_for_taken(FLUSH_TIMEOUT_S)

    def close(self) -> None:
        """Stop; what waits is lost."""
        with self._state.lock:
            self._state.listener = None
        self._outbox.close()
        for thread in self._threads:
            thread.join(timeout=self.settings.timeout_s + LOOK_EVERY_S)

    def _work(self) -> None:
        courier = Courier(self.settings)
        try:
            while self._outbox.wait(self._gather_wait_s()):
                self._make_gathered(only_due=True)
                message = self._outbox.take()
                if message is not None:
                    self._deliver(courier, message)
        finally:
            courier.close()

    def _gather_wait_s(self) -> float:
        if not self._announcer.has_gathered:
            return LOOK_EVERY_S
        return max(0.001, (self._announcer.gather_until_ms - self._state.now_ms()) / 1000)

    def _make_gathered(self, *, only_due: bool) -> None:
        if not self._announcer.has_gathered:
            return
        # The state's lock first, the outbox's inside it: the order in which changes come.
        with self._state.lock:
            if not only_due or self._state.now_ms() >= self._announcer.gather_until_ms:
                self._announcer.make_gathered()

    def _deliver(self, courier: Courier, message: Message) -> None:
        now_s = self._clock.monotonic()
        tried = replace(message, tries=message.tries + 1, first_sent_s=message.first_sent_s or now_s)
        answered = courier.send(message)
        if answered is Answered.ACCEPTED:
            self._outbox.accept(message)
        elif answered is Answered.REFUSED or now_s - tried.first_sent_s > GIVEN_UP_AFTER_S:
            self._outbox.refuse()
        else:
            wait_s = min(FIRST_WAIT_S * 2 ** (tried.tries - 1), LONGEST_WAIT_S)
            self._outbox.put_back(tried, wait_s=wait_s)
