"""A poll of thousands of orders is cut off again and again, while orders change: it goes on, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from connector.flows import polling
from connector.flows.polling import Polled, poll_changed
from connector.woocommerce.transport import Transport
from tests.harness import STORE, Connector
from tests.integration.cli.conftest import make_run
from tests.integration.flows.story import quick_store

MANY = 2100
ROWS_A_PAGE = 99
"""A page of a hundred repeats the last row of the one before."""


class CutOffError(BaseException):
    """The process is gone; nothing in connector/ or workers/ catches this."""


@pytest.fixture
def world(connector: Connector) -> Connector:
    connector.configure(quick_store(guests="common"))
    return connector


def place(world: Connector, count: int) -> list[int]:
    line = [{"sku": "MUG-001", "quantity": 1}]
    with ThreadPoolExecutor(4) as threads:
        placed = threads.map(lambda _: world.sandbox.place(kind="guest", lines=line)["id"], range(count))
        return sorted(placed)


def change(world: Connector, order_id: int, **changes: Any) -> None:
    url = f"{world.sandbox.shop_url}/_control/orders/{order_id}"
    world.sandbox.post(url, {"deliver": "never", **changes})


def poll(world: Connector, *, for_s: float = 1e9) -> Polled:
    return poll_changed(world.engine, world.process.runtime.store(STORE), for_s=for_s)


@contextmanager
def counted_pages() -> Iterator[list[str]]:
    """Counts what is read from the shop while the block runs."""
    read, original = [], Transport.read

    def reading(transport: Transport, path: str, params: Any = ()) -> Any:
        read.append(path)
        return original(transport, path, params)

    with patch.object(Transport, "read", reading):
        yield read


@contextmanager
def cut_off_after(rows: int) -> Iterator[None]:
    """Kills the poll once it has stored so many rows, as kill -9 would: nothing of it runs any more."""
    left, original = [rows], polling.record_delivery

    def recording(*values: Any) -> Any:
        if left[0] == 0:
            raise CutOffError
        left[0] -= 1
        return original(*values)

    with patch.object(polling, "record_delivery", recording):
        yield


def keys(world: Connector) -> set[int]:
    return {int(row["business_key"]) for row in world.rows("SELECT business_key FROM exchange")}


def stale(world: Connector) -> list[int]:
    """Returns the orders whose newest stored body is not what the shop holds."""
    held = {str(one["id"]): one["status"] for one in world.sandbox.shop_book()["orders"]}
    stored = world.rows(
        "SELECT e.business_key, convert_from(d.body, 'UTF8')::jsonb ->> 'status' AS status"
        " FROM exchange e JOIN delivery d ON d.id = e.newest_delivery_id"
    )
    return [int(row["business_key"]) for row in stored if held[row["business_key"]] != row["status"]]


def test_poll_cut_off_again_and_again_reads_the_shop_about_once_and_loses_nothing(world: Connector) -> None:
    dice = random.Random(6)
    ids = place(world, MANY)
    cuts = 0
    with counted_pages() as pages:
        while cuts < 12:
            try:
                with cut_off_after(dice.randrange(100, 250)):
                    poll(world)
                break
            except CutOffError:
                cuts += 1
            ids += place(world, 2)
            for order_id in dice.sample(ids, 3):
                change(world, order_id, status="completed")
            change(world, ids[cuts], action="trash")
            world.close()
            world.process = world.another_process(f"test:{cuts}")  # a new process knows only what the ledger holds
        poll(world)
    one_pass = MANY / ROWS_A_PAGE

    poll(world)  # the next one has what changed behind the back of the first

    assert cuts >= 8
    assert len(pages) <= one_pass + 2 * cuts + 8
    assert keys(world) == set(ids)
    assert stale(world) == []


def test_run_of_a_poll_is_bounded_and_the_next_goes_on(world: Connector) -> None:
    ids = place(world, 250)

    runs = [poll(world, for_s=0) for _ in range(3)]
    there = world.rows("SELECT value, progress FROM cursor WHERE name = 'orders'")[0]
    rest = poll(world)

    assert [one.is_finished for one in runs] == [False, False, False]
    assert [one.rows for one in runs] == [100, 100, 52]
    assert there["progress"]["listing"] == 1
    assert (rest.rows, rest.is_finished) == (0, True)
    assert keys(world) == set(ids)
    assert world.rows("SELECT progress FROM cursor WHERE name = 'orders'") == [{"progress": None}]


def test_status_shows_a_poll_that_is_under_way(world: Connector) -> None:
    ids = place(world, 150)
    poll(world, for_s=0)
    names = {"DATABASE_URL": world.settings.database_url, "REDIS_URL": world.settings.redis_url}

    said = make_run(names)("status", "--json")

    (shown,) = [one for one in said.data["polls"] if one["name"] == "orders"]
    assert shown["at_id"] == ids[99]
    assert shown["under_way_since"] is not None


def test_cursor_stays_until_the_whole_list_was_read(world: Connector) -> None:
    poll(world)
    place(world, 150)
    before = world.rows("SELECT value FROM cursor WHERE name = 'orders'")

    with cut_off_after(120), pytest.raises(CutOffError):
        poll(world)

    assert world.rows("SELECT value FROM cursor WHERE name = 'orders'") == before


def test_two_polls_at_once_store_everything_and_the_one_behind_stops(world: Connector) -> None:
    ids = place(world, 420)
    other = world.another_process("test:other")
    stores = [one.runtime.store(STORE) for one in (world.process, other)]

    with ThreadPoolExecutor(2) as threads:
        polled = list(threads.map(lambda store: poll_changed(world.engine, store), stores))

    other.heartbeat.stop()
    other.runtime.close()
    assert keys(world) == set(ids)
    assert min(one.rows for one in polled) < 420
    assert world.rows("SELECT progress FROM cursor WHERE name = 'orders'") == [{"progress": None}]


def test_worker_that_wakes_late_does_not_set_a_poll_back(world: Connector) -> None:
    ids = place(world, 250)
    store = world.process.runtime.store(STORE)
    original, sleeps = polling.record_delivery, iter([True])

    def overtaken(*values: Any) -> Any:
        if next(sleeps, False):
            poll(world)  # while this worker sleeps, another reads everything
        return original(*values)

    with patch.object(polling, "record_delivery", overtaken):
        late = poll_changed(world.engine, store)

    assert late.rows == 100
    assert keys(world) == set(ids)
    assert world.rows("SELECT progress FROM cursor WHERE name = 'orders'") == [{"progress": None}]
