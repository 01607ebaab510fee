"""Decide, repeatably from a seed, which faults hit a call; `gateway` and `execute` carry the decision out."""

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.clock import Clock
from sandbox.m3.calls import Call, Item

READ_PREFIXES = ("Get", "Lst", "List", "Search", "Sel", "Check", "Chk", "Retr", "Fpw", "ServerTime")
Rate = Annotated[float, Field(ge=0, le=1)]


class Fault(StrEnum):
    """What can go wrong, from outside to inside."""

    LATENCY = "latency"  # the answer takes latency_ms longer
    TOKEN_REVOKE = "token_revoke"  # the access token of the call is revoked: 401
    HTTP_429 = "http_429"  # not executed
    HTTP_503 = "http_503"  # not executed
    HTTP_504 = "http_504"  # answered at once, not executed
    DROP_BEFORE_COMMIT = "drop_before_commit"  # connection closed, not executed
    DROP_AFTER_COMMIT = "drop_after_commit"  # executed, then the connection is closed without an answer
    LATE_ANSWER = "late_answer"  # 504 at the gateway cut, executed late_commit_s after it
    HANG = "hang"  # silent for hang_s, then closed, not executed
    LOCK = "lock"  # XO_1130 for the item
    NOK = "nok"  # a business error for the item
    CHANGED_BY_OTHER = "changed_by_other"  # XUP0001 for the item
    TERMINATE = "terminate"  # the item and those after it are not processed
    CONFIRM_STATUS = "confirm_status"  # Confirm leaves the batch order at this status


ITEM_FAULTS = (Fault.LOCK, Fault.NOK, Fault.CHANGED_BY_OTHER, Fault.TERMINATE)
TRANSPORT_FAULTS = (
    Fault.TOKEN_REVOKE,
    Fault.HTTP_429,
    Fault.HTTP_503,
    Fault.HTTP_504,
    Fault.DROP_BEFORE_COMMIT,
    Fault.DROP_AFTER_COMMIT,
    Fault.LATE_ANSWER,
    Fault.HANG,
)


class Outage(BaseModel):
    """A window, counted from the moment the faults were set, in which the gateway answers 503."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    from_s: float = 0
    to_s: float


class Rule(BaseModel):
    """A fault for chosen transactions."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    fault: Fault
    program: str = "*"
    transaction: str = "*"
    rate: Rate = 1.0
    times: int | None = None
    code: str = "CPF9898"
    message: str = ""
    field: str = ""
    status: Literal["15", "20", "25", "30", "55"] = "25"
    latency_ms: float = 0

    def matches(self, program: str, item: Item) -> bool:
        """Tell whether the rule speaks of this item."""
        return self.program in ("*", program) and self.transaction in ("*", item.transaction)


class Settings(BaseModel):
    """The whole body of POST /_control/faults: what is left out goes back to its default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    latency_ms: float = 0
    token_revoke: Rate = 0
    http_429: Rate = 0
    http_503: Rate = 0
    http_504: Rate = 0
    drop_before_commit: Rate = 0
    drop_after_commit: Rate = 0
    late_answer: Rate = 0
    hang: Rate = 0
    lock: Rate = 0
    nok: Rate = 0
    changed_by_other: Rate = 0
    nok_code: str = "CPF9898"
    retry_after_s: int | None = None
    outage: Outage | None = None
    confirm_status: dict[Literal["15", "20", "25", "30", "55"], Rate] = Field(default_factory=dict)
    times: dict[Fault, int] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    seed: int | None = None
    gateway_cut_s: float = 3
    late_commit_s: float = 2
    hang_s: float = 10
    nok_shape: Literal["200", "400"] = "200"
    expires_in_s: int = 7200
    refresh_tokens: bool = False
    refuse_duplicate_lines: bool = False
    batch_entry_s: float = 0
    """After how long a change by ...BatchEnt holds; 0 = at once. Sites differ."""
    counts_undelivered: bool = True
    """Whether OIS100MI/GetOrderValue counts what was ended of a line after another part of it had left. Sites may differ."""
    trailing_minus: bool = False
    rates_of_the_day_only: bool = False
    """Whether CRS055MI/SelExchangeRate tells of a day without a rate nothing, not the last one before. Sites may differ."""
    search_lag_s: float = 0


@dataclass(frozen=True)
class ItemFault:
    """The fault of one item with what its rule says about it."""

    fault: Fault
    code: str = "CPF9898"
    message: str = ""
    field: str = ""


@dataclass(frozen=True)
class Plan:
    """What will happen to one call."""

    settings: Settings
    latency_s: float = 0
    transport: Fault | None = None
    items: tuple[ItemFault | None, ...] = ()
    confirm_status: str = ""
    confirm_text: str = ""  # what LstErrMsgOrder says of it, if not the usual


@dataclass
class FaultInjector:
    """Holds the settings, the random numbers and the counts; safe for threads."""

    seed: int
    clock: Clock
    settings: Settings = field(default_factory=Settings)
    injected: dict[str, Counter[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.replace(self.settings)

    def replace(self, settings: Settings) -> None:
        """Take new settings; the counts of what was injected go on, the budgets of `times` begin anew."""
        with self._lock:
            self.settings = settings
            self._random = random.Random(self.seed if settings.seed is None else settings.seed)
            self._budget: dict[str, int] = {str(fault): times for fault, times in settings.times.items()}
            self._budget |= {
                _key(index): rule.times for index, rule in enumerate(settings.rules) if rule.times is not None
            }
            self._set_at = self.clock.monotonic()

    def plan(self, call: Call) -> Plan:
        """Decide what happens to a call."""
        with self._lock:
            if not self._can_misbehave():
                return Plan(self.settings, latency_s=self.settings.latency_ms / 1000, items=(None,) * len(call.items))
            latency_s, transport = self._latency_s(call), self._transport(call)
            items = tuple(self._item_fault(call, item) for item in call.items)
            status, text = self._confirm_status(call)
            return Plan(self.settings, latency_s, transport, items, status, text)

    def counts(self) -> dict[str, dict[str, int]]:
        """Give fault -> PROGRAM/Transaction -> times."""
        with self._lock:
            return {fault: dict(counted) for fault, counted in self.injected.items()}

    def _can_misbehave(self) -> bool:
        settings = self.settings
        rates = any(getattr(settings, fault) for fault in (*TRANSPORT_FAULTS, *ITEM_FAULTS[:3]))
        return bool(rates or settings.rules or settings.outage or settings.confirm_status)

    def _latency_s(self, call: Call) -> float:
        extra = 0.0
        for index, rule in enumerate(self.settings.rules):
            if rule.fault is Fault.LATENCY and self._rule_hits(index, call):
                extra += rule.latency_ms
        return (self.settings.latency_ms + extra) / 1000

    def _transport(self, call: Call) -> Fault | None:
        outage = self.settings.outage
        if outage and outage.from_s <= self.clock.monotonic() - self._set_at < outage.to_s:
            self._count("outage", call.names[0])
            return Fault.HTTP_503
        for index, rule in enumerate(self.settings.rules):
            if rule.fault in TRANSPORT_FAULTS and self._rule_hits(index, call):
                return rule.fault
        for fault in TRANSPORT_FAULTS:
            if self._draw(fault, getattr(self.settings, fault), call.names[0]):
                return fault
        return None

    def _item_fault(self, call: Call, item: Item) -> ItemFault | None:
        single = Call(call.program, (item,), call.is_bulk)
        for index, rule in enumerate(self.settings.rules):
            if rule.fault in ITEM_FAULTS and self._rule_hits(index, single):
                return ItemFault(rule.fault, rule.code, rule.message, rule.field)
        if item.transaction.startswith(READ_PREFIXES):
            # The rates are for writes; to make a read fail, name it in a rule.
            return None
        for fault in ITEM_FAULTS[:3]:
            if self._draw(fault, getattr(self.settings, fault), single.names[0]):
                return ItemFault(fault, self.settings.nok_code)
        return None

    def _confirm_status(self, call: Call) -> tuple[str, str]:
        if "OIS100MI/Confirm" not in call.names:
            return "", ""
        for index, rule in enumerate(self.settings.rules):
            if rule.fault is Fault.CONFIRM_STATUS and self._rule_hits(index, call):
                return rule.status, rule.message
        for status, rate in self.settings.confirm_status.items():
            if self._draw(Fault.CONFIRM_STATUS, rate, "OIS100MI/Confirm"):
                return status, ""
        return "", ""

    def _rule_hits(self, index: int, call: Call) -> bool:
        rule = self.settings.rules[index]
        matching = [item for item in call.items if rule.matches(call.program, item)]
        if not matching or self._budget.get(_key(index), 1) <= 0 or self._random.random() >= rule.rate:
            return False
        if _key(index) in self._budget:
            self._budget[_key(index)] -= 1
        self._count(rule.fault, f"{call.program}/{matching[0].transaction}")
        return True

    def _draw(self, fault: Fault, rate: float, name: str) -> bool:
        if rate <= 0 or self._budget.get(fault, 1) <= 0 or self._random.random() >= rate:
            return False
        if fault in self._budget:
            self._budget[fault] -= 1
        self._count(fault, name)
        return True

    def _count(self, fault: str, name: str) -> None:
        self.injected.setdefault(str(fault), Counter())[name] += 1


def _key(index: int) -> str:
    return f"rule {index}"
