"""What belongs to a buyer, and every secret, stays where it belongs: told in every story, looked for wherever people look.

A new flow needs a story, so it is looked at here by itself. Logs are taken as code writes them, before the last net of
connector/logs.py hides what should not be there.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import requests
import structlog
from requests.adapters import HTTPAdapter

from connector import logs
from connector.cli.masking import masked
from connector.flows import orders_to_m3
from tests.acceptance.crash_points import refunds
from tests.acceptance.crash_points import world as world_module
from tests.acceptance.crash_points.stories import STORIES, Told
from tests.acceptance.crash_points.world import BUYER, World
from tests.harness import WEBHOOK_SECRET
from workers import dead_letters

MARK = "zxq"
PHONE = "385995557711"
MARKED_BUYER = {
    **{"first_name": "Zxqiva", "last_name": "Zxqhorvat", "email": "zxqiva@zxqmail.example", "phone": f"+{PHONE}"},
    **{"address_1": "Zxqilica 1", "city": "Zxqgrad", "company": "Zxqfirma"},
}
NOTE, REASON = "Zxqnote: ring twice", "Zxqreason"
TEXTS = {
    "exchange": "business_key, blocked_kind, blocked_key, reason_code, reason, resolution, fingerprint",
    "attempt": "worker, outcome, code, message, detail",
    "step": "name, result",
    "delivery": "source, topic, kind, resource_id, note",
    "job_trouble": "job, code, reason, resolution",
    "flow_pause": "flow, reason, resolution",
    "store": "paused_reason, told_reason",
    "offer": "item_number, problem, remedy",
    "audit": "who, action, key, why",
}
"""What is shown to whoever looks after the connector. Bodies, plans and both sides of a change stay in the ledger."""


class Seen:
    """Whatever went where people, or machines of others, may read it."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.urls: list[str] = []
        self.flower: list[str] = []
        self.alerts: list[str] = []
        self.secrets: set[str] = {WEBHOOK_SECRET, "cs_sandbox"}

    def places(self, world: World) -> dict[str, str]:
        """Returns the texts by where they stand."""
        redis = world.connector.process.runtime.redis
        queues = [
            message.decode()
            for key in redis.scan_iter()
            if redis.type(key) == b"list"
            for message in redis.lrange(key, 0, -1)
        ]
        told = {
            name: json.dumps(world.connector.rows(f"SELECT {columns} FROM {name}"), default=str)
            for name, columns in TEXTS.items()
        }
        audit = world.connector.rows("SELECT before, after FROM audit")
        shown = [[masked(row["before"]), masked(row["after"])] for row in audit]
        return {
            **told,
            "log": self.log.getvalue(),
            "URLs": "\n".join(self.urls),
            "what Flower shows": "\n".join(self.flower),
            "alerts": "\n".join(self.alerts),
            "broker": "\n".join(queues),
            "audit export": json.dumps(shown, ensure_ascii=False),
        }

    def leaks(self, world: World) -> list[str]:
        """Returns where something stands that should not, with what is around it."""
        found = []
        for place, text in self.places(world).items():
            for secret in (MARK, PHONE, *self.secrets):
                at = text.casefold().find(secret.casefold())
                if at >= 0:
                    found.append(f"{place}: ...{text[max(0, at - 120) : at + 60]}...")
        return found


@pytest.fixture
def seen(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Marks the buyer, and listens everywhere."""
    seen = Seen()
    place, refund = World.place, refunds._refund
    monkeypatch.setattr(World, "place", lambda self, **order: place(self, **{"customer_note": NOTE, **order}))
    monkeypatch.setattr(
        refunds, "_refund", lambda world, order, **more: refund(world, order, **{"reason": REASON, **more})
    )
    monkeypatch.setattr(dead_letters, "_notify", lambda _, lines: seen.alerts.extend(lines) or True)
    for name in ("run_exchange", "run_turn"):
        monkeypatch.setattr(world_module, name, _heard(getattr(world_module, name), seen))
    with patch.dict(BUYER, MARKED_BUYER), _network_heard(seen), _log_heard(seen, monkeypatch):
        yield seen


def _heard(function: Any, seen: Seen) -> Any:
    def call(*values: Any) -> Any:
        result = function(*values)
        seen.flower.append(str(values[1:]) + str(result))
        return result

    return call


@contextmanager
def _network_heard(seen: Seen) -> Iterator[None]:
    original = HTTPAdapter.send

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        url = str(request.url)
        if "/_control/" not in url and not url.endswith("/_book"):
            seen.urls.append(url)
            scheme, _, value = str(request.headers.get("Authorization", "")).partition(" ")
            seen.secrets |= {value} if scheme in ("Bearer", "Basic") else set()
        return original(adapter, request, **options)

    with patch.object(HTTPAdapter, "send", send):
        yield


@contextmanager
def _log_heard(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without the last net: code that logs such a value is wrong."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stderr", seen.log)
    monkeypatch.setattr(logs, "redact", lambda _, __, event: event)
    logs.configure_logs("INFO")
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _tell(world: World, told: Told) -> None:
    world.start(told.config, first=told.first)
    told.play(world)
    dead_letters.alert(world.connector.process)


@pytest.mark.parametrize("name", STORIES)
def test_nothing_of_the_buyer_and_no_secret_gets_out_in_a_story(world: World, seen: Seen, name: str) -> None:
    _tell(world, STORIES[name])

    assert seen.log.getvalue() and seen.urls
    assert seen.leaks(world) == []


def test_nothing_of_the_buyer_gets_out_with_a_bug(world: World, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise ValueError(str(MARKED_BUYER))

    monkeypatch.setattr(orders_to_m3, "make_plan", breaks)
    world.start(STORIES["head's answer lost"].config)
    world.place()
    world.go_on()
    dead_letters.alert(world.connector.process)

    assert world.connector.rows("SELECT reason_code FROM exchange WHERE flow = 'orders_to_m3'") == [
        {"reason_code": "bug"}
    ]
    assert seen.alerts
    assert seen.leaks(world) == []


@pytest.mark.parametrize("answer", ["nok", "http_503"])
def test_nothing_of_the_buyer_gets_out_with_a_refusal_of_m3(world: World, seen: Seen, answer: str) -> None:
    world.start(STORIES["new buyer, everything in the cart"].config)
    for transaction in ("CRS610MI/Add", "OIS100MI/AddBatchAddress", "OIS100MI/AddBatchText", "OIS100MI/Confirm"):
        world.m3_fault(transaction, answer)
        world.place(billing={**BUYER, "email": f"zxq{transaction[-4:]}@example.com"})
        world.connector.settle()
        world.end_faults()
    dead_letters.alert(world.connector.process)

    assert seen.leaks(world) == []


def test_the_test_itself_finds_what_gets_out(world: World, seen: Seen) -> None:
    world.start(STORIES["head's answer lost"].config)
    structlog.get_logger("careless").info("posted", name=MARKED_BUYER["first_name"])
    seen.urls.append(f"https://shop.example/?search={PHONE}")

    assert [one.partition(":")[0] for one in seen.leaks(world)] == ["log", "URLs"]
