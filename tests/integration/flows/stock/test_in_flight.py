"""What orders hold that M3 does not know, of every shop on the warehouse."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests
import yaml
from sqlalchemy import text

from connector.ledger.people import discard, release
from connector.ledger.sales import unread_sales
from connector.ledger.session import transaction
from connector.m3.programs import ois100mi
from tests.harness import STORE, Connector
from tests.integration.flows.other_answers import altered, refused
from tests.integration.flows.stock.stock_story import MUG, PAN, StockStory, stock_store

OTHER = "w2"


def test_order_that_no_run_has_read_is_counted_from_its_stored_body(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    story.buy(MUG, 3)
    story.connector.poll()

    story.carry(MUG)

    assert story.shown(MUG) == 17
    with transaction(story.connector.engine) as connection:
        assert unread_sales(connection, STORE, after=0, most=10, settled=False) == []


def test_order_of_another_store_on_the_warehouse_lowers_what_is_shown(story: StockStory) -> None:
    """Both stores are the same shop here: what counts is that each order is taken off once for each store."""
    story.connector.configure(stock_store(), name=OTHER)
    story.connector.process.runtime._neighbours.clear()
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.buy(MUG, 3)

    story.carry(MUG)

    assert [row["store"] for row in story.connector.rows("SELECT store FROM sale ORDER BY store")] == [STORE, OTHER]
    assert story.shown(MUG) == 14


def test_neighbour_whose_shop_is_away_stops_nobody(story: StockStory) -> None:
    story.connector.configure(stock_store(), name=OTHER)
    story.connector.rows(
        "UPDATE store SET shop_url = 'http://127.0.0.1:9', version = version + 1 WHERE name = :name RETURNING name",
        name=OTHER,
    )
    story.connector.process.runtime._neighbours.clear()
    story.m3_holds(MUG, 20)
    story.buy(MUG, 3)

    story.carry(MUG)

    assert story.shown(MUG) == 17


def test_store_on_another_warehouse_is_no_neighbour(story: StockStory) -> None:
    content = yaml.safe_load(stock_store())
    content["m3"]["warehouse"] = "003"
    story.connector.configure(yaml.safe_dump(content), name=OTHER)
    story.connector.process.runtime._neighbours.clear()
    story.m3_holds(MUG, 20)
    story.buy(MUG, 3)

    story.carry(MUG)

    assert story.shown(MUG) == 17


def test_confirmed_but_not_allocated_order_is_not_shown_again(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.drain()

    story.carry(MUG)

    assert story.shown(MUG) == 17
    assert story.connector.rows("SELECT is_open FROM sale") == [{"is_open": True}]


def test_order_whose_lines_m3_refuses_counts_whole_and_stops_no_other(
    story: StockStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.m3_holds(MUG, 20)
    story.m3_holds(PAN, 30)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.drain()
    altered(monkeypatch, story.connector, lambda one: refused(one) if one.call.operation == "order.lines" else one)

    story.carry(MUG, PAN)

    assert (story.shown(MUG), story.shown(PAN)) == (17, 30)
    assert story.connector.rows("SELECT is_open FROM sale") == [{"is_open": True}]


def test_order_of_more_lines_than_m3_lists_counts_whole_until_it_shows_them_all(
    story: StockStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.drain()
    requests.post(f"{story.sandbox.m3_url}/_control/orders/advance", json={"to": "33"}, timeout=10).raise_for_status()
    story.connector.pass_time(700)
    with monkeypatch.context() as short:
        short.setattr(ois100mi, "MOST_LINES", 1)
        story.carry(MUG)

    cut = (story.shown(MUG), story.connector.rows("SELECT is_open FROM sale"))
    story.carry(MUG)

    assert cut == (14, [{"is_open": True}]), "the three that M3 has allocated, and three that nobody knows of"
    assert (story.shown(MUG), story.connector.rows("SELECT is_open FROM sale")) == (17, [{"is_open": False}])


def test_allocated_order_is_looked_at_no_more(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.drain()
    requests.post(f"{story.sandbox.m3_url}/_control/orders/advance", json={"to": "33"}, timeout=60).raise_for_status()
    story.connector.pass_time(700)

    story.carry(MUG)

    assert story.shown(MUG) == 17
    assert story.connector.rows("SELECT is_open FROM sale") == [{"is_open": False}]


@pytest.mark.parametrize(
    ("status", "quantities"),
    [
        ("44", {"ALQT": "0", "DLQT": "0", "IVQT": "0"}),  # on a picking list, which has a field of its own
        ("66", {"ALQT": "0", "DLQT": "3", "IVQT": "0"}),
        ("77", {"ALQT": "0", "DLQT": "0", "IVQT": "3"}),  # M3 moves what is invoiced from one field to the other
    ],
)
def test_order_that_went_on_is_looked_at_no_more_whatever_field_m3_counts_it_in(
    story: StockStory, monkeypatch: pytest.MonkeyPatch, status: str, quantities: dict[str, str]
) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.connector.drain()
    requests.post(f"{story.sandbox.m3_url}/_control/orders/advance", json={"to": status}, timeout=60).raise_for_status()
    story.connector.pass_time(700)
    altered(
        monkeypatch,
        story.connector,
        lambda one: (
            replace(one, records=tuple({**row, **quantities} for row in one.records))
            if one.call.operation == "order.lines"
            else one
        ),
    )

    story.carry(MUG)

    assert story.connector.rows("SELECT is_open FROM sale") == [{"is_open": False}]


def test_discarded_order_is_not_in_flight_any_more(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    story.buy(MUG, 3)
    story.connector.poll()
    dead = "UPDATE exchange SET state = 'dead_letter', reason = 'x' WHERE flow = 'orders_to_m3' RETURNING id"
    with transaction(story.connector.engine) as connection:
        discard(connection, connection.execute(text(dead)).scalar_one(), who="test", why="entered by hand")

    story.carry(MUG)

    assert story.shown(MUG) == 20
    assert story.connector.rows("SELECT is_open FROM sale") == [{"is_open": False}]


def test_discarded_order_with_news_is_not_open_and_released_it_is_in_flight_again(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    dead = "UPDATE exchange SET state = 'dead_letter', reason = 'x' WHERE flow = 'orders_to_m3' RETURNING id"
    with transaction(story.connector.engine) as connection:
        exchange_id = connection.execute(text(dead)).scalar_one()
        discard(connection, exchange_id, who="test", why="entered by hand")
    is_open = "SELECT is_open FROM sale"
    story.connector.ask(order["id"])
    story.connector.run(exchange_id)
    discarded = story.connector.rows(is_open)
    with transaction(story.connector.engine) as connection:
        release(connection, exchange_id, who="test")
    story.sandbox.m3_faults(outage={"to_s": 600})
    story.connector.run(exchange_id)

    assert discarded == [{"is_open": False}]
    assert story.connector.rows(is_open) == [{"is_open": True}]


def test_order_run_marks_its_items_and_keeps_them_while_m3_is_away(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    order = story.buy(MUG, 3)
    story.connector.ask(order["id"])
    story.sandbox.m3_faults(outage={"to_s": 600})

    story.connector.run(_exchange_of(story.connector))

    offer = story.offer(MUG)
    assert offer["wanted_rev"] > offer["done_rev"]
    assert story.connector.rows("SELECT order_id, holds FROM sale") == [{"order_id": order["id"], "holds": True}]
    assert story.connector.rows("SELECT units FROM sold") == [{"units": 3}]


def test_order_that_vanished_holds_nothing(story: StockStory) -> None:
    story.m3_holds(MUG, 20)
    order = story.buy(MUG, 3, status="on-hold")
    story.carry(MUG)
    url = f"{story.sandbox.shop_url}/_control/orders/{order['id']}"
    story.sandbox.post(url, {"deliver": "never", "action": "delete"})
    story.connector.ask(order["id"])
    story.connector.drain()

    story.carry(MUG)

    assert story.shown(MUG) == 20


def _exchange_of(connector: Connector) -> int:
    return int(connector.rows("SELECT id FROM exchange WHERE flow = 'orders_to_m3'")[0]["id"])
