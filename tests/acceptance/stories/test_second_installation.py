"""Two installations with the same store code over the same shop and M3: one beside the other, one instead of the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bench.checker import Problem
from connector.ledger import tenure
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger, transaction
from tests.acceptance.stories.world import HOUR_S, MINUTE_S, Dump, World, states
from tests.harness import STORE, Connector, Sandbox
from tests.integration.flows.crashing import KilledError
from tests.integration.flows.story import quick_store

OTHERS = "second_installation"


@pytest.fixture
def second_ledger(engine: Engine) -> Iterator[Engine]:
    """An empty ledger in a database of its own."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {OTHERS} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {OTHERS}"))
    url = engine.url.set(database=OTHERS)
    upgrade(url.render_as_string(hide_password=False))
    ledger = open_ledger(url.render_as_string(hide_password=False))
    yield ledger
    ledger.dispose()


@pytest.fixture
def second(
    world: World, second_ledger: Engine, valkey_url: str, sandbox: Sandbox, tmp_path: Path
) -> Iterator[Connector]:
    """Another installation in the same world; it shares nothing with the first but the two systems."""
    home = tmp_path / "second"
    home.mkdir()
    other = Connector(second_ledger, valkey_url=f"{valkey_url.rpartition('/')[0]}/1", sandbox=sandbox, home=home)
    other.configure(quick_store())
    world.join(other)
    yield other
    other.close()


def poll_both(world: World, second: Connector) -> None:
    for one in (world.connector, second):
        one.poll()


def turns(world: World, second: Connector, *, count: int = 12, wait_s: float = 10) -> None:
    """Lets both work in turn."""
    for _ in range(count):
        for one in (world.connector, second):
            one.drain()
        world.pass_time(wait_s)


def take_over(connector: Connector) -> None:
    with transaction(connector.engine) as connection:
        tenure.take_over(connection, STORE)


def test_second_one_beside_the_first_writes_nothing_and_says_why(world: World, second: Connector) -> None:
    world.place()
    world.rest()
    orders = [world.place() for _ in range(3)]
    second.ask(*(order["id"] for order in orders))

    second.drain()
    world.rest()

    assert [len(world.m3_numbers(order)) for order in orders] == [1, 1, 1]
    reasons = {row["reason"] for row in states(second) if row["flow"] == "orders_to_m3"}
    assert all("Another installation" in reason or "just asked" in reason for reason in reasons)
    assert any("Another installation" in reason for reason in reasons)
    assert world.judge().findings == ()


@pytest.mark.parametrize("first_to_run", [0, 1])
def test_both_at_the_same_time_from_the_first_order_on_post_each_order_once(
    world: World, second: Connector, first_to_run: int
) -> None:
    orders = [world.place() for _ in range(3)]
    second.ask(*(order["id"] for order in orders))
    both = [world.connector, second]

    for round_ in range(30):
        for one in both if (round_ + first_to_run) % 2 == 0 else reversed(both):
            one.poll()
            one.drain()
        if round_ == 5:
            orders.append(world.place())
        world.pass_time(MINUTE_S)

    assert [len(world.m3_numbers(order)) for order in orders] == [1, 1, 1, 1]
    assert world.judge().findings == ()


def test_the_same_two_double_where_m3_is_not_asked_which_one_writes(world: World, second: Connector) -> None:
    for one in (world.connector, second):
        one.configure(quick_store(tenure="false"))
    order = world.place()
    second.ask(order["id"])

    with world.interrupted("order.add_head", second.drain):
        world.connector.drain()
    turns(world, second)

    assert len(world.judge().of(Problem.DOUBLED)) == 1


def test_write_of_the_other_between_our_look_and_our_write_is_seen(world: World, second: Connector) -> None:
    order = world.place()
    second.ask(order["id"])

    with world.interrupted("order.add_head", second.drain):
        world.connector.drain()
    turns(world, second)

    assert len(world.m3_numbers(order)) == 1
    assert world.judge().findings == ()


def test_second_one_instead_of_the_first_goes_on_where_that_one_stopped(world: World, second: Connector) -> None:
    known = world.place()
    world.rest()
    world.sandbox.shop_rule("PUT", "orders/", "http_503", times=1000)
    untold = world.place()
    world.connector.drain()
    world.end_faults()
    half_built, waiting, fresh = world.place(), world.place(), world.place()
    with world.killed_after("order.add_line"), pytest.raises(KilledError):
        world.connector.drain()

    take_over(second)
    orders = [known, untold, half_built, waiting, fresh]
    second.ask(*(order["id"] for order in orders))
    world.rest(second, rounds=60)

    assert [len(world.m3_numbers(order)) for order in orders] == [1, 1, 1, 1, 1]
    assert world.judge().findings == ()


def test_first_one_that_was_taken_over_by_mistake_stops(world: World, second: Connector) -> None:
    world.place()
    world.rest()
    take_over(second)
    orders = []
    for _ in range(25):
        orders.append(world.place())
        second.ask(orders[-1]["id"])
        for one in (world.connector, second):
            one.drain()
        world.pass_time(20)
    turns(world, second, count=60, wait_s=20)

    assert [len(world.m3_numbers(order)) for order in orders] == [1] * len(orders)
    posted_by_second = second.rows("SELECT 1 FROM document WHERE state = 'confirmed' AND kind = 'batch_order'")
    assert posted_by_second
    assert world.judge().findings == ()
    assert any("Another installation" in row["reason"] for row in states(world.connector))


@pytest.mark.parametrize("is_original_idle", [True, False])
def test_living_copy_of_the_ledger_is_found_out_before_it_posts_beside_the_original(
    world: World, second: Connector, tmp_path: Path, is_original_idle: bool
) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    world.place()
    world.rest()
    Dump(world.connector.engine, folder).restore(second.engine)
    second.configure(quick_store())
    second.forget()  # the access token is sealed with the key of the first
    world.pass_time(HOUR_S)
    if not is_original_idle:
        world.place()
        world.rest()

    orders = []
    for _ in range(30):
        orders.append(world.place())
        second.ask(orders[-1]["id"])
        for one in (world.connector, second):
            one.drain()
        world.pass_time(30)
    turns(world, second, count=60, wait_s=20)

    assert [len(world.m3_numbers(order)) for order in orders] == [1] * len(orders)
    assert world.judge().findings == ()
    assert any("Another installation" in row["reason"] for one in (world.connector, second) for row in states(one))


def test_answer_lost_while_the_row_is_written_does_no_harm(world: World) -> None:
    for transaction_name in ("AddFieldValue", "ChgFieldValue"):
        for fault in ("drop_after_commit", "drop_before_commit"):
            world.m3_fault(f"CUSEXTMI/{transaction_name}", fault)
            order = world.place()
            world.rest()
            world.end_faults()
            assert len(world.m3_numbers(order)) == 1
            world.pass_time(5 * MINUTE_S)

    assert world.judge().findings == ()


def test_m3_is_asked_once_a_minute_and_not_once_an_order(world: World) -> None:
    world.place()
    world.rest()
    before = calls(world)
    for _ in range(5):
        world.place()
    world.connector.drain()
    while_fresh = calls(world)
    world.pass_time(61)
    for _ in range(5):
        world.place()
    world.connector.drain()

    assert while_fresh == before
    assert calls(world) - before == 2  # read and written


def calls(world: World) -> int:
    return sum(count for name, count in world.sandbox.m3_book()["calls"].items() if name.startswith("CUSEXTMI/"))


def test_site_without_the_table_can_go_without(world: World) -> None:
    world.connector.configure(quick_store(tenure="false"))
    order = world.place()
    world.rest()

    assert calls(world) == 0
    assert len(world.m3_numbers(order)) == 1
