"""The ledger is put back to an hour-old dump while the shop and M3 went on: nothing doubled, lost, or left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.checker import Problem
from tests.acceptance.stories.world import HOUR_S, MINUTE_S, Dump, World
from tests.integration.flows.crashing import KilledError
from tests.integration.flows.story import quick_store


@pytest.fixture
def dump(world: World, tmp_path: Path) -> Callable[[], Dump]:
    """Takes a dump of the ledger, in which an order was carried already and the installation is known to M3."""
    folder = tmp_path / "dump"
    folder.mkdir()

    def take() -> Dump:
        world.place()
        world.rest()
        world.connector.poll()
        return Dump(world.connector.engine, folder)

    return take


def restore(world: World, dump: Dump, *, after_s: float = HOUR_S) -> None:
    """Puts the ledger back, and does what an installation does by itself: polls, and takes back expired leases."""
    world.pass_time(after_s)
    dump.restore(world.connector.engine)
    world.end_faults()
    world.connector.process.runtime.redis.flushall()
    world.connector.let_lease_expire()
    world.connector.poll()
    world.rest(rounds=60)
    for _ in range(3):
        world.pass_time(130)
        world.hunt()
        world.rest(rounds=60)


def test_orders_of_the_hour_are_known_again(world: World, dump: Callable[[], Dump]) -> None:
    taken = dump()
    orders = [world.place() for _ in range(3)]
    world.rest()

    restore(world, taken)

    assert [len(world.m3_numbers(order)) for order in orders] == [1, 1, 1]
    assert world.judge().findings == ()


@pytest.mark.parametrize("before_s", [5.0, 5 * MINUTE_S, HOUR_S - 60])
def test_order_whose_number_the_shop_was_not_told_is_not_posted_again(
    world: World, dump: Callable[[], Dump], before_s: float
) -> None:
    taken = dump()
    world.pass_time(HOUR_S - before_s)
    world.sandbox.shop_rule("PUT", "orders/", "http_503", times=1000)
    order = world.place()
    world.connector.drain()
    assert len(world.m3_numbers(order)) == 1

    restore(world, taken, after_s=before_s)

    assert len(world.m3_numbers(order)) == 1
    assert world.judge().findings == ()


def test_the_same_story_doubles_where_m3_is_not_asked_which_installation_writes(
    world: World, dump: Callable[[], Dump]
) -> None:
    world.connector.configure(quick_store(tenure="false"))
    taken = dump()
    world.pass_time(HOUR_S - 5)
    world.sandbox.shop_rule("PUT", "orders/", "http_503", times=1000)
    order = world.place()
    world.connector.drain()

    restore(world, taken, after_s=5)

    assert len(world.m3_numbers(order)) == 2
    assert [one.order_id for one in world.judge().of(Problem.DOUBLED)] == [order["id"]]


def test_order_known_before_the_dump_and_posted_after_it_is_not_posted_again(
    world: World, dump: Callable[[], Dump]
) -> None:
    world.place()
    world.rest()
    held = world.place(lines=[{"sku": "BOOK-5", "quantity": 1}])
    world.rest()
    taken = dump()
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/items", [{"itno": "BOOK-5", "name": "Book", "vat_code": 2}])
    world.sandbox.shop_rule("PUT", "orders/", "http_503", times=1000)
    world.pass_time(HOUR_S / 2)
    world.revive()
    world.connector.drain()
    assert len(world.m3_numbers(held)) == 1

    restore(world, taken, after_s=HOUR_S / 2)
    world.revive()
    world.rest(rounds=60)

    assert len(world.m3_numbers(held)) == 1
    assert world.judge().findings == ()


def test_batch_order_begun_before_the_dump_and_confirmed_after_it_is_one_order(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    world.place()
    world.rest()
    order = world.place()
    taken: list[Dump] = []
    with world.interrupted("order.add_line", lambda: taken.append(Dump(world.connector.engine, folder))):
        world.connector.drain()
    world.rest()
    assert len(world.m3_numbers(order)) == 1

    restore(world, taken[0])

    assert len(world.m3_numbers(order)) == 1
    assert world.judge().findings == ()


def test_number_told_to_the_shop_after_the_dump_is_not_noted_twice(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    world.place()
    world.rest()
    order = world.place()
    world.run_flow("orders_to_m3")
    world.run_flow("customers_to_m3")
    world.run_flow("orders_to_m3")
    taken = Dump(world.connector.engine, folder)
    assert len(world.m3_numbers(order)) == 1
    world.rest()

    restore(world, taken)

    assert world.judge().findings == ()


@pytest.mark.parametrize("operation", ["order.add_head", "order.add_line", "order.confirm"])
@pytest.mark.parametrize("before_s", [30.0, HOUR_S])
def test_batch_order_begun_after_the_dump_and_left_half_built_is_not_left_behind(
    world: World, dump: Callable[[], Dump], operation: str, before_s: float
) -> None:
    taken = dump()
    world.pass_time(HOUR_S - before_s)
    order = world.place(lines=[{"sku": "MUG-001", "quantity": 3}])
    with world.killed_after(operation), pytest.raises(KilledError):
        world.rest()

    restore(world, taken, after_s=before_s)

    assert len(world.m3_numbers(order)) == 1
    assert world.judge().findings == ()


@pytest.mark.parametrize("status", ["15", "25", "30"])
def test_batch_order_of_the_hour_that_waits_for_a_person_is_waited_for_again(
    world: World, dump: Callable[[], Dump], status: str
) -> None:
    taken = dump()
    world.m3_fault("OIS100MI/Confirm", "confirm_status", status=status)
    order = world.place()
    world.connector.drain()
    world.connector.pass_time(10)
    world.connector.drain()
    assert len(world.batch_orders()) == 1

    restore_quietly(world, taken)
    waiting = world.judge()
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/batch_orders/release", {})
    world.revive()
    world.rest(rounds=60)

    assert waiting.findings == ()
    assert len(waiting.waiting) == 1
    assert len(world.m3_numbers(order)) == 1
    assert world.judge().findings == ()


def restore_quietly(world: World, dump: Dump) -> None:
    """Does the same where something waits for a person, and so never rests."""
    world.pass_time(HOUR_S)
    dump.restore(world.connector.engine)
    world.end_faults()
    world.connector.poll()
    for _ in range(40):
        world.connector.drain()
        world.pass_time(10)


def test_new_customers_of_the_hour_are_not_made_twice(world: World, dump: Callable[[], Dump]) -> None:
    taken = dump()
    first = world.place()
    world.rest()

    restore(world, taken)
    world.place(billing=first["billing"])
    world.rest()

    addresses = [one["fields"]["MAIL"] for one in world.sandbox.m3_book()["customers"]]
    assert len(addresses) == len(set(addresses))
    assert world.judge().findings == ()


def test_orders_placed_after_the_restore_go_as_ever(world: World, dump: Callable[[], Dump]) -> None:
    taken = dump()
    restore(world, taken)
    world.pass_time(MINUTE_S * 2)

    order = world.place()
    before = world.sandbox.m3_book()["calls"].get("OIS175MI/LstHeadByRef", 0)
    world.rest()

    assert len(world.m3_numbers(order)) == 1
    assert world.sandbox.m3_book()["calls"].get("OIS175MI/LstHeadByRef", 0) == before
    assert world.judge().findings == ()
