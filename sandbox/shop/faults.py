"""Faults the shop plays on request: slowness, errors, lost answers, outages; set by `control`, asked by `app`."""

import random
import threading
from collections import Counter
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from sandbox.clock import Clock


class Fault(StrEnum):
    """What can go wrong with one request."""

    HTTP_400 = "http_400"  # the shop understood and refuses, nothing done
    HTTP_401 = "http_401"  # the key is not let in, nothing done
    HTTP_429 = "http_429"  # refused by a rate limit, nothing done
    HTTP_500 = "http_500"  # nothing done
    HTTP_503 = "http_503"  # nothing done
    HTTP_504 = "http_504"  # the web server in front gives up, nothing done
    LATE_ANSWER = "late_answer"  # the same, but it is done
    DROP_AFTER_COMMIT = "drop_after_commit"  # done, but the connection closes without an answer
    HANG = "hang"  # done, the answer comes after hang_s


NOT_DONE = {
    Fault.HTTP_400: 400,
    Fault.HTTP_401: 401,
    Fault.HTTP_429: 429,
    Fault.HTTP_500: 500,
    Fault.HTTP_503: 503,
    Fault.HTTP_504: 504,
}
"""The faults that keep a request from being done, with the status they answer."""


class Rule(BaseModel):
    """A fault for some requests only; `path` is a prefix below /wp-json/wc/v3/, `times` None is for ever."""

    model_config = ConfigDict(extra="forbid")
    fault: Fault
    path: str = ""
    method: str = ""
    rate: float = Field(1.0, ge=0, le=1)
    times: int | None = None

    def fits(self, method: str, path: str) -> bool:
        """Say whether the rule is about a request."""
        has_turns = self.times is None or self.times > 0
        fits_method = self.method.upper() in {"", method}
        return has_turns and fits_method and path.startswith(self.path.strip("/"))


class FaultPlan(BaseModel):
    """The body of `POST /_control/faults`; it replaces what was set before, `{}` ends all faults."""

    model_config = ConfigDict(extra="forbid")
    latency_ms: float = Field(0, ge=0)
    element_ms: float = Field(0, ge=0)  # besides, for each element of a batch; the recorded shop needed 35
    cut_s: float = Field(0, ge=0)  # the web server in front answers 504 by then; the shop goes on. 0 = never
    cut_ends: bool = False  # it does not go on: what takes longer is never done
    http_400: float = Field(0, ge=0, le=1)
    http_401: float = Field(0, ge=0, le=1)
    http_429: float = Field(0, ge=0, le=1)
    http_500: float = Field(0, ge=0, le=1)
    http_503: float = Field(0, ge=0, le=1)
    http_504: float = Field(0, ge=0, le=1)
    late_answer: float = Field(0, ge=0, le=1)
    drop_after_commit: float = Field(0, ge=0, le=1)
    hang: float = Field(0, ge=0, le=1)
    hang_s: float = Field(60, ge=0)
    retry_after_s: int = Field(1, ge=0)
    outage_s: float = Field(0, ge=0)
    rules: list[Rule] = []


class Faults:
    """Owns the plan in force and rolls its dice."""

    def __init__(self, *, seed: int, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """End all faults and start the dice anew."""
        with self._lock:
            self._rng = random.Random(seed)
            self.injected: Counter[str] = Counter()
            self.plan = FaultPlan()
            self._outage_until = 0.0

    def set(self, plan: FaultPlan) -> None:
        """Put a plan in force."""
        with self._lock:
            self.plan = plan
            self._outage_until = self._clock.monotonic() + plan.outage_s

    def is_outage(self) -> bool:
        """Say whether the outage window is open."""
        return self._clock.monotonic() < self._outage_until

    def takes_s(self, elements: int) -> float:
        """Say how long the shop works on a request with so many batch elements; nobody else waits meanwhile."""
        return (self.plan.latency_ms + elements * self.plan.element_ms) / 1000

    def is_cut_off(self, takes_s: float) -> bool:
        """Say whether the web server in front gives up before the shop is done."""
        return 0 < self.plan.cut_s < takes_s

    def draw(self, method: str, path: str) -> Fault | None:
        """Decide the fault of one request, and count it."""
        with self._lock:
            fault = self._choose(method, path)
            if fault is not None:
                self.injected[fault.value] += 1
            return fault

    def count(self, fault: Fault) -> None:
        """Count a fault that was played without dice."""
        with self._lock:
            self.injected[fault.value] += 1

    def _choose(self, method: str, path: str) -> Fault | None:
        """Take the first rule that fits, else the general rates."""
        for rule in self.plan.rules:
            if rule.fits(method, path) and self._rng.random() < rule.rate:
                rule.times = None if rule.times is None else rule.times - 1
                return rule.fault
        roll = self._rng.random()
        for fault in Fault:
            rate: float = getattr(self.plan, fault.value)
            if roll < rate:
                return fault
            roll -= rate
        return None
