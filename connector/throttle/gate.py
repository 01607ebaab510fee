"""The gate before one endpoint: rate, concurrency and circuit breaker, shared by all workers; used by both clients.

A call passes with two round trips to Redis, one to enter and one to leave; each is one Lua script. The libraries for
the single parts were looked at and do not fit together in that: `limits` counts windows, which lets a whole window's
requests through in one burst, and costs a round trip of its own; `pybreaker` reads and writes its shared state in
several commands, holds one fixed pause, and lets every process probe at once when it is over. Slots are leases (a
sorted set with expiry), so a killed worker takes none with it.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis
import structlog

from connector.errors import (
    BreakerOpenError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RemoteUnavailableError,
)
from connector.throttle.guard import check_before_sending
from connector.throttle.scripts import ENTER, HOLD_BACK, LEAVE, Change, Outcome, Word

FAILURES_TO_OPEN = 5
FAILING_S = 5.0
"""No call may have gone well for so long: of many calls at once, five in a row may fail where one in five does."""
FIRST_OPEN_S = 15.0
LONGEST_OPEN_S = 300.0
STATE_LIFE_S = 3600.0
SLOT_POLL_S = 0.02
WITHOUT_REDIS_S = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Pass:
    """The right to make one call; `is_probe` if it decides about the open breaker."""

    token: str
    is_probe: bool
    is_shared: bool


class Gate:
    """One per endpoint name; its state is in Redis and belongs to all workers."""

    def __init__(
        self,
        redis: redis.Redis,
        *,
        endpoint: str,
        requests_per_s: float,
        concurrency: int,
        slot_lease_s: float,
        failing_s: float = FAILING_S,
    ) -> None:
        """Prepares the gate; asks nothing yet.

        Args:
            redis: A client with short time-outs (a second or two): Redis must not hold up a call.
            endpoint: Whose limits these are, for example tenant and client, or the shop's address. No secret.
            requests_per_s: Smooth rate; one second's worth may come at once after a pause.
            concurrency: Calls under way at once.
            slot_lease_s: Longest life of one call; after it the slot is free again.
            failing_s: The breaker opens when no call went well for so long, and several failed.
        """
        self._endpoint = endpoint
        self._interval_ms = 1000 / requests_per_s
        self._burst = max(1, int(requests_per_s))
        self._concurrency = concurrency
        self._lease_ms = int(slot_lease_s * 1000)
        self._keys = [f"gate:{{{endpoint}}}:slots", f"gate:{{{endpoint}}}:state"]
        self._enter_script = redis.register_script(ENTER)
        self._leave_script = redis.register_script(LEAVE)
        self._hold_back_script = redis.register_script(HOLD_BACK)
        self._failing_s = failing_s
        self._alone = _Alone(interval_s=concurrency / requests_per_s)
        self._without_redis_until = 0.0

    @contextmanager
    def call(self, *, wait_s: float = 5.0) -> Iterator[None]:
        """Waits for a request and a slot, and lets one call through.

        RemoteUnavailableError and OutcomeUnknownError raised inside count as failures of the endpoint, any other
        ConnectorError as an answer of it; what is no ConnectorError says nothing about it.

        Args:
            wait_s: Longest wait.

        Raises:
            RateLimitedError: No request or slot in that time, or the endpoint asked for a pause.
            BreakerOpenError: The endpoint is known to be sick.
            ConnectorError: The check of `sending_only_if` says that the call must not leave any more.
        """
        entered = self._enter(wait_s)
        outcome = Outcome.NEITHER
        try:
            check_before_sending()
        except ConnectorError:
            self._leave(entered, outcome)
            raise
        try:
            yield
            outcome = Outcome.WELL
        except (RemoteUnavailableError, OutcomeUnknownError):
            outcome = Outcome.FAILED
            raise
        except ConnectorError:
            outcome = Outcome.WELL
            raise
        finally:
            self._leave(entered, outcome)

    def hold_back(self, retry_after_s: float) -> None:
        """Lets no call of any worker through for `retry_after_s`; called after a 429."""
        if self._is_without_redis():
            self._alone.hold_back(retry_after_s)
            return
        try:
            self._hold_back_script(
                keys=self._keys[1:], args=[int(retry_after_s * 1000), int((STATE_LIFE_S + retry_after_s) * 1000)]
            )
        except redis.RedisError as error:
            self._go_without_redis(error)
            self._alone.hold_back(retry_after_s)

    def _enter(self, wait_s: float) -> _Pass:
        deadline = time.monotonic() + wait_s
        token = secrets.token_hex(8)
        while True:
            left_s = max(0.0, deadline - time.monotonic())
            answer = self._ask(token, left_s)
            if answer is None:
                self._alone.enter(left_s, self._endpoint)
                return _Pass(token, is_probe=False, is_shared=False)
            word, ms, is_probe = answer
            if word is Word.GO:
                if ms:
                    time.sleep(ms / 1000)
                return _Pass(token, is_probe=is_probe, is_shared=True)
            self._wait_or_refuse(word, ms / 1000, left_s)

    def _ask(self, token: str, left_s: float) -> tuple[Word, int, bool] | None:
        """Asks Redis to enter; None without Redis."""
        if self._is_without_redis():
            return None
        arguments: list[str | int] = [
            *(f"{self._interval_ms:.3f}", self._burst, self._concurrency, self._lease_ms),
            *(token, int(left_s * 1000), int(STATE_LIFE_S * 1000)),
        ]
        try:
            word, ms, probe = self._enter_script(keys=self._keys, args=arguments)
        except redis.RedisError as error:
            self._go_without_redis(error)
            return None
        self._has_redis_again()
        return Word(word), int(ms), bool(probe)

    def _wait_or_refuse(self, word: Word, wait_s: float, left_s: float) -> None:
        if word is Word.OPEN:
            raise BreakerOpenError(
                f"{self._endpoint} does not answer; nothing is sent to it for {wait_s:.0f} s.",
                retry_after_s=min(wait_s, FIRST_OPEN_S),
                resolution="Nothing to do if it recovers by itself; else see what its operator says.",
            )
        nap_s = SLOT_POLL_S * random.uniform(1, 2) if word is Word.FULL else wait_s  # noqa: S311 - spreads the workers
        if nap_s > left_s:
            raise RateLimitedError(
                f"{self._endpoint}: {_REASONS[word]}.", retry_after_s=max(wait_s, 1.0), resolution="Nothing to do."
            )
        time.sleep(nap_s)

    def _leave(self, entered: _Pass, outcome: Outcome) -> None:
        if not entered.is_shared or self._is_without_redis():
            return
        arguments: list[str | int] = [
            *(entered.token, int(outcome), int(entered.is_probe), FAILURES_TO_OPEN),
            *(int(FIRST_OPEN_S * 1000), int(LONGEST_OPEN_S * 1000), int(self._failing_s * 1000)),
        ]
        try:
            change, ms = self._leave_script(keys=self._keys, args=arguments)
        except redis.RedisError as error:
            self._go_without_redis(error)  # the slot's lease ends by itself
            return
        if change == Change.OPENED:
            _log.warning("breaker_opened", endpoint=self._endpoint, open_s=int(ms) // 1000)
        elif change == Change.CLOSED:
            _log.warning("breaker_closed", endpoint=self._endpoint)

    def _is_without_redis(self) -> bool:
        """Redis is not asked again for some seconds, so that a hanging one costs one time-out and not one a call."""
        return time.monotonic() < self._without_redis_until

    def _go_without_redis(self, error: redis.RedisError) -> None:
        if not self._without_redis_until:
            _log.warning("gate_without_redis", endpoint=self._endpoint, error=type(error).__name__)
        self._without_redis_until = time.monotonic() + WITHOUT_REDIS_S

    def _has_redis_again(self) -> None:
        if self._without_redis_until:
            self._without_redis_until = 0.0
            _log.warning("gate_with_redis_again", endpoint=self._endpoint)


_REASONS = {
    Word.FULL: "all slots for calls are taken",
    Word.TOO_FAST: "the limit of requests is reached",
    Word.HELD: "it asked for a pause (429)",
}


class _Alone:
    """The limit of one process while Redis is away: its share of the rate as if all slots were used; no breaker."""

    def __init__(self, *, interval_s: float) -> None:
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._due = 0.0

    def enter(self, wait_s: float, endpoint: str) -> None:
        with self._lock:
            now = time.monotonic()
            due = max(self._due, now)
            if due - now > wait_s:
                raise RateLimitedError(
                    f"{endpoint}: {_REASONS[Word.TOO_FAST]}.", retry_after_s=due - now, resolution="Nothing to do."
                )
            self._due = due + self._interval_s
        time.sleep(due - now)

    def hold_back(self, retry_after_s: float) -> None:
        with self._lock:
            self._due = max(self._due, time.monotonic() + retry_after_s)
