"""A receiver over a real ledger, and deliveries as the shop sends them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, Row, text
from werkzeug.test import TestResponse

from connector.errors import RemoteUnavailableError
from connector.ledger.dispatch import due_by_pool
from connector.ledger.inbox import Recorded, record_delivery
from connector.ledger.session import transaction
from connector.ledger.stores import save_store
from tests.integration.webhook_receiver.ion_sender import IonReceiver, receiving
from webhook_receiver.app import create_app
from webhook_receiver.routes import Parts

STORE = "shop1"
SECRET = "test-webhook-secret"


@dataclass(frozen=True)
class Listener:
    """A flow that listens to a topic."""

    name: str
    pool: str


def flow_for_topic(topic: str) -> Listener | None:
    """Orders and customers have a flow, all else has none."""
    if topic.startswith("order.") or topic == "action.woocommerce_order_refunded":
        return Listener("orders_to_m3", "orders")
    return Listener("customers_to_m3", "customers") if topic.startswith("customer.") else None


class Receiver:
    """The app, its ledger, what was offered for sending, and a broker that can be away."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.offered: list[Recorded] = []
        self.broker_is_away = False
        parts = Parts(
            secret={STORE: SECRET}.get,
            record=partial(record_delivery, engine),
            offer=self._offer,
            flow_for_topic=flow_for_topic,
            check_ledger=self._due,
            check_broker=self._check_broker,
        )
        self.app: Flask = create_app(parts, due_by_pool=self._due)
        self.client = self.app.test_client()

    def deliver(self, body: bytes, *, store: str = STORE, **headers: str) -> TestResponse:
        """Sends `body` signed rightly, as an order.updated unless headers say otherwise (given as X_Name)."""
        named = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Topic": "order.updated",
            "X-WC-Webhook-Signature": sign(body),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.client.post(f"/webhooks/woocommerce/{store}", data=body, headers=named)

    def rows(self, statement: str) -> list[Row[Any]]:
        """Returns what the ledger holds."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement)))

    def _offer(self, recorded: Recorded) -> bool:
        self.offered.append(recorded)
        return True

    def _due(self) -> Mapping[str, tuple[int, float]]:
        with transaction(self.engine) as connection:
            return due_by_pool(connection)

    def _check_broker(self) -> None:
        if self.broker_is_away:
            raise RemoteUnavailableError("The message broker cannot be reached.")


def sign(body: bytes, secret: str = SECRET) -> str:
    """Returns the signature header of `body`."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def add_store(engine: Engine, name: str = STORE) -> None:
    """Makes a store in the ledger."""
    with transaction(engine) as connection:
        save_store(connection, name, shop_url="https://shop.example", config="{}", config_source="test", sealed={})


def recording(folder: Path, number: int) -> dict[str, Any]:
    """Returns one recorded delivery by its number."""
    (path,) = (folder / "recorded").glob(f"{number:02}-*.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def receiver(engine: Engine) -> Receiver:
    """The receiver of one store over an empty ledger."""
    add_store(engine)
    return Receiver(engine)


@pytest.fixture
def ion(engine: Engine, valkey_url: str, tmp_path: Path) -> Iterator[IonReceiver]:
    """The receiver for messages of M3, over an empty ledger."""
    with receiving(engine, valkey_url=valkey_url, home=tmp_path) as made:
        yield made
