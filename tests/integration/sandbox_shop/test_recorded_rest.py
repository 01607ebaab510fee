"""Every recorded REST exchange the sandbox imitates, asked again: status, headers and body are the recorded ones."""

import json
from typing import Any

import pytest
import requests

from sandbox.shop.entities import Meta
from sandbox.shop.state import Shop
from tests.integration.sandbox_shop.conftest import HTTPS, RunningShop
from tests.integration.sandbox_shop.recorded_shop import FIXTURES, rebuild, recorded

NAMES = sorted(p.stem for p in (FIXTURES / "rest-recorded").glob("*.json") if p.stem != "authentication")
PARTIAL = {name for name in NAMES if name.startswith("batch-")}  # these answers were recorded cut down
RANDOM = {"order_key", "payment_url"}
OWN_META_IDS = {"order-refunds"}  # hidden entries draw numbers too, so these cannot be the same


@pytest.fixture
def recorded_state(shop: RunningShop) -> RunningShop:
    with shop.shop.lock:
        rebuild(shop.shop)
        shop.shop.take_events()
    return shop


def prepare(shop: Shop, name: str) -> None:
    """Do what was done in the recorded shop just before one exchange."""
    if name in {"order-meta-read", "order-meta-write-same-key-again", "order-meta-delete"}:
        shop.orders[53].meta = [
            Meta(149, "_m3_order_number", "0010005678"),
            Meta(150, "_m3_synced", "1"),
            Meta(151, "m3_num", "12.5"),
            Meta(152, "m3_obj", {"a": 1, "b": [1, 2]}),
        ]
    if name == "order-refund-zero":
        shop.counters.post = 98
        shop.clock = lambda: shop.orders[84].modified.replace(minute=55, second=51)
    if name == "stock-put-4":
        shop.products[22].stock_quantity = -3
    if name == "orders-status-checkout-draft":
        assert shop.orders[63].status == shop.orders[64].status == "checkout-draft"
    if name.startswith("batch-products"):
        second = {"batch-products-bad-type": 3}.get(name, 2)
        shop.clock = lambda: shop.orders[84].modified.replace(minute=56, second=second)


def ask(shop: RunningShop, request: dict[str, Any], *, is_known: bool) -> requests.Response:
    body = request["body"]
    data = body if isinstance(body, str) else json.dumps(body) if body is not None else None
    headers = {"Host": "127.0.0.1:8089", "Content-Type": "application/json", **(HTTPS if is_known else {})}
    auth = ("ck_sandbox", "cs_sandbox") if is_known else None
    url = shop.url + request["path"]
    return requests.request(
        request["method"],
        url,
        params=request["query"],
        data=data,
        headers=headers,
        auth=auth,
        timeout=60,
        allow_redirects=False,
    )


def comparable(value: Any, *, hides_meta_ids: bool = False, key: str = "") -> Any:
    """Leave out what is random in the real shop too, and the order of related products."""
    if isinstance(value, dict):
        hidden = RANDOM | ({"id"} if hides_meta_ids and key == "meta_data" else set())
        return {k: comparable(v, hides_meta_ids=hides_meta_ids, key=k) for k, v in value.items() if k not in hidden}
    if isinstance(value, list):
        rows = [comparable(v, hides_meta_ids=hides_meta_ids, key=key) for v in value]
        return sorted(rows) if key == "related_ids" else rows
    return value


def cut_to(value: Any, sample: Any) -> Any:
    """Keep of an answer only the keys of a sample that was recorded cut down."""
    if isinstance(sample, dict) and isinstance(value, dict):
        return {k: cut_to(value[k], sample[k]) for k in sample if k in value}
    if isinstance(sample, list) and isinstance(value, list):
        assert len(value) == len(sample)
        return [cut_to(v, s) for v, s in zip(value, sample, strict=True)]
    return value


@pytest.mark.parametrize("name", NAMES)
def test_answer_equals_the_recorded_one(recorded_state: RunningShop, name: str) -> None:
    exchange = recorded(name)
    prepare(recorded_state.shop, name)

    answer = ask(recorded_state, exchange["request"], is_known=name != "unauthorized")

    assert answer.status_code == exchange["status"]
    body = cut_to(answer.json(), exchange["body"]) if name in PARTIAL else answer.json()
    hides = name in OWN_META_IDS
    wanted, got = (comparable(b, hides_meta_ids=hides) for b in (exchange["body"], body))
    assert json.dumps(got) == json.dumps(wanted)  # as text, so that the order of keys and 1 vs 1.0 count
    for header, value in exchange["headers"].items():
        assert answer.headers.get(header) == value, header
    assert {"Allow", "Expires"} & set(answer.headers) == {"Allow", "Expires"} & set(exchange["headers"])
