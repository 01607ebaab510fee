"""Loads the recorded deliveries and REST answers; used by the tests of the shop side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "fixtures" / "woocommerce"
SECRET = "test-webhook-secret"


@dataclass(frozen=True)
class Delivery:
    """One recorded webhook delivery."""

    name: str
    topic: str
    headers: dict[str, str]
    body: bytes

    @property
    def signature(self) -> str:
        return self.headers["X-WC-Webhook-Signature"]


def delivery(name: str) -> Delivery:
    """Loads one delivery, e.g. "08-order-created-variation-lines"."""
    raw = json.loads((FOLDER / "recorded" / f"{name}.json").read_text(encoding="utf-8"))
    return Delivery(name, raw["topic"] or "", raw["headers"], raw["body_raw"].encode("utf-8"))


def signed_deliveries() -> list[Delivery]:
    """Loads all deliveries but the ping."""
    names = sorted(path.stem for path in (FOLDER / "recorded").glob("*.json"))
    return [one for one in map(delivery, names) if one.topic]


def full_orders() -> list[Delivery]:
    """Loads the deliveries whose body is a whole order."""
    return [one for one in signed_deliveries() if one.topic.startswith("order.") and b'"line_items"' in one.body]


def exchange(name: str) -> dict[str, Any]:
    """Loads one REST exchange: note, request, status, headers, body."""
    loaded: dict[str, Any] = json.loads((FOLDER / "rest-recorded" / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def exchange_names() -> list[str]:
    """Names all REST exchanges that hold one request and one answer."""
    names = sorted(path.stem for path in (FOLDER / "rest-recorded").glob("*.json"))
    return [name for name in names if "status" in exchange(name)]
