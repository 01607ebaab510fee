"""So many orders gone at once that the shop is more likely wrong: the order flow of that store stands still and people are told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run, make_run
from tests.integration.flows.story import quick_store
from workers import dead_letters, jobs, sweeper

COUNT = 7


@pytest.fixture
def world(connector: Connector) -> Connector:
    connector.configure(quick_store(guests="common"))
    return connector


@pytest.fixture
def run(world: Connector) -> Run:
    names = {"DATABASE_URL": world.settings.database_url, "REDIS_URL": world.settings.redis_url}
    return make_run({**names, "CONNECTOR_SECRET_KEYS": ",".join(world.settings.secret_keys)})


@pytest.fixture
def posted(world: Connector) -> list[dict[str, Any]]:
    """Orders that M3 holds, and that have vanished from the shop all at once."""
    orders = [world.sandbox.place(kind="guest") for _ in range(COUNT)]
    world.ask(*(one["id"] for one in orders))
    world.settle()
    for one in orders:
        change(world, one, action="delete")
    return orders


def change(world: Connector, order: dict[str, Any], **changes: Any) -> None:
    world.sandbox.post(f"{world.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", **changes})


def look_at_open_orders(world: Connector) -> None:
    """Runs the hourly poll of a new hour."""
    world.pass_time(3601)
    jobs.run_turn(world.process, "poll_open_orders")


def states(world: Connector, flow: str = "orders_to_m3") -> list[str]:
    return [one["state"] for one in world.rows("SELECT state FROM exchange WHERE flow = :f ORDER BY id", f=flow)]


def asked_for(world: Connector) -> int:
    return len(world.rows("SELECT 1 FROM delivery WHERE source = 'poll_missing'"))


def test_many_missing_orders_are_not_believed_and_the_flow_stands_still(
    world: Connector, posted: list[dict[str, Any]]
) -> None:
    look_at_open_orders(world)
    later = world.sandbox.place(kind="guest")
    (exchange_id,) = world.poll()
    ended = world.run(exchange_id)
    sweeper.sweep(world.process)

    assert ended.text == "not due, taken, or its store or flow is paused"
    assert (asked_for(world), world.process.runtime.redis.llen("orders")) == (0, 0)
    assert set(states(world)) == {"done", "ready"}
    assert world.rows("SELECT store, flow FROM flow_pause") == [{"store": STORE, "flow": "orders_to_m3"}]
    assert len(world.sandbox.m3_book()["orders"]) == COUNT
    assert world.exchange(exchange_id)["business_key"] == str(later["id"])


def test_other_flows_and_other_stores_go_on(world: Connector, posted: list[dict[str, Any]]) -> None:
    look_at_open_orders(world)
    world.configure(quick_store(guests="common"), name="w2")
    order = world.sandbox.place(kind="guest")
    world.ask(order["id"], store="w2")

    world.settle()

    assert set(states(world)) == {"done"}
    assert states(world, "order_status_to_woo") == ["done"] * (COUNT + 1)


def test_people_are_told_once_and_see_it_in_status_and_list(
    world: Connector, posted: list[dict[str, Any]], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(dead_letters, "_notify", lambda _, lines: told.extend(lines) or True)
    for _ in range(2):
        look_at_open_orders(world)
        sweeper.sweep(world.process)
        dead_letters.alert(world.process)

    status, listed = run("status"), run("store", "list")

    assert len(told) == 1
    assert "orders_to_m3 of store w1 stands still: 7 open orders are not in the shop's list" in told[0]
    assert "connector store resume w1" in told[0]
    assert status.status == 1
    assert "stands still" in status.out
    assert "paused flows above" in " ".join(status.out.split())
    assert "orders_to_m3 of store w1 stands still" in listed.flat_err
    assert run("store", "list", "--json").data[0]["paused_flows"].keys() == {"orders_to_m3"}


def test_alert_of_a_pause_that_could_not_be_sent_is_sent_later(
    world: Connector, posted: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at_open_orders(world)
    told: list[str] = []
    monkeypatch.setattr(dead_letters, "_notify", lambda *_: False)
    dead_letters.alert(world.process)
    monkeypatch.setattr(dead_letters, "_notify", lambda _, lines: told.extend(lines) or True)

    dead_letters.alert(world.process)

    assert len(told) == 1


def test_resumed_flow_asks_for_each_and_believes_only_that(
    world: Connector, posted: list[dict[str, Any]], run: Run
) -> None:
    look_at_open_orders(world)

    said = run("store", "resume", STORE)
    sweeper.sweep(world.process)
    sent = world.process.runtime.redis.llen("orders")
    world.settle()
    look_at_open_orders(world)

    assert "orders_to_m3 of store w1 goes on" in said.out
    assert sent == COUNT
    assert states(world) == ["done"] * COUNT
    assert [one["lines"] for one in world.sandbox.m3_book()["orders"]] == [[]] * COUNT
    assert (asked_for(world), world.rows("SELECT 1 FROM flow_pause")) == (COUNT, [])
    (audit,) = world.rows("SELECT why FROM audit WHERE action = 'store_resumed'")
    assert "7 missing orders" in audit["why"]


def test_flow_goes_on_by_itself_once_the_shop_lists_its_orders_again(world: Connector) -> None:
    orders = [world.sandbox.place(kind="guest") for _ in range(COUNT)]
    world.ask(*(one["id"] for one in orders))
    world.settle()
    shop = world.process.runtime.store(STORE).shop
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(shop), "list_orders", lambda *_, **__: iter(()))
        look_at_open_orders(world)
    assert len(world.rows("SELECT 1 FROM flow_pause")) == 1

    look_at_open_orders(world)

    assert world.rows("SELECT 1 FROM flow_pause") == []
    assert asked_for(world) == 0
