"""No card data is ever read or stored, though a payment plug-in leaves it on orders and buyers type it into notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.flows.polling import Polled, record_row
from tests.harness import STORE, Connector
from tests.integration.flows.customers import traces
from tests.integration.flows.story import Story, deliver

CARD, CODE = "4242424242424242", "91357"
CARD_DATA = (CARD, traces.alone(CODE))
"""The code standing alone: five digits also stand in the microseconds of a time or in a hash, by chance."""
ON_ORDER = [{"key": "_gateway_pan", "value": CARD}, {"key": "_gateway_cvc", "value": CODE}]


def by_webhook(connector: Connector, order: dict[str, Any]) -> None:
    assert list(traces.traces(order, CARD_DATA)) == [CARD, CODE]
    deliver(connector, "order.updated", order)


def by_poll(connector: Connector, order: dict[str, Any]) -> None:
    store = connector.process.runtime.store(STORE)
    record_row(connector.engine, store, store.shop.get_order(order["id"]).data, Polled())


def by_id(connector: Connector, order: dict[str, Any]) -> None:
    connector.ask(order["id"])


@pytest.mark.parametrize("kept", [CODE, f"cvc {CODE} refused", f"{{'value': '{CODE}'}}", {"value": CODE}, int(CODE)])
def test_a_code_is_found_wherever_it_stands_alone(kept: Any) -> None:
    assert list(traces.traces(kept, CARD_DATA)) == [CODE]


@pytest.mark.parametrize(
    "kept", [f"12:00:00.0{CODE}", f"12:00:00.{CODE}0", f"ab{CODE}cd", f"{CODE}e", f"1{CODE}", 0.91357]
)
def test_what_chance_writes_is_no_code(kept: Any) -> None:
    assert list(traces.traces(kept, CARD_DATA)) == []


@pytest.mark.parametrize("told", [by_webhook, by_poll, by_id])
def test_no_card_data_is_kept_sent_or_told(
    connector: Connector, told: Callable[[Connector, dict[str, Any]], None], capfd: pytest.CaptureFixture[str]
) -> None:
    story = Story(connector)
    order = story.sandbox.place(
        **{"lines": [{"sku": "MUG-001", "quantity": 3}, {"sku": "MUG-002", "quantity": 1}], "status": "processing"},
        **{"billing": {**traces.WHO}, "payment_method": "stripe"},
        **{"meta_data": ON_ORDER, "customer_note": f"Ring twice. {CARD}"},
    )

    told(connector, order)
    story.go_on()

    (held,) = story.orders()
    assert held["total"] == order["total"]
    assert list(traces.traces(story.sandbox.m3_book(), CARD_DATA)) == []
    assert traces.in_ledger(connector, CARD_DATA) == []
    assert list(traces.traces("".join(capfd.readouterr()), CARD_DATA)) == []


def test_the_same_content_told_twice_is_no_news_without_its_card_data(connector: Connector) -> None:
    order = Story(connector).sandbox.place(meta_data=ON_ORDER)
    by_webhook(connector, order)

    by_poll(connector, order)

    (row,) = connector.rows("SELECT body_size, length(body) AS kept FROM delivery")
    assert row["body_size"] == row["kept"]
