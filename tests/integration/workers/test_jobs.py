"""The periodic jobs over a real ledger and both sandboxes: whose turn it is, and what each job mends."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from unittest.mock import patch

import pytest
from structlog.testing import capture_logs

from connector.errors import LedgerUnavailableError
from connector.flows.context import StoreContext
from connector.ledger.cursors import open_order_ids, take_turn
from connector.ledger.session import transaction
from connector.ledger.stores import save_store
from connector.runtime import Runtime
from connector.vault.credentials import CredentialName, seal_credentials
from tests.harness import STORE, WEBHOOK_SECRET, Connector
from tests.integration.flows.story import quick_store
from tests.integration.webhook_receiver.serving import until
from workers import heartbeat, jobs, rounds
from workers.jobs import run_turn
from workers.process import Process
from workers.rounds import Turned

OTHER = "w2"
DONE_ELSEWHERE = "done by another worker"


@pytest.fixture
def world(connector: Connector) -> Connector:
    connector.configure(quick_store(guests="common"))
    return connector


@pytest.fixture
def second(world: Connector) -> Iterator[Process]:
    other = world.another_process("test:second")
    yield other
    other.heartbeat.stop()
    other.runtime.close()


def set_shop_key(world: Connector, store: str, key: str) -> None:
    with transaction(world.engine) as connection:
        save_store(
            connection,
            store,
            shop_url=world.sandbox.shop_url,
            config=quick_store(guests="common"),
            config_source="config/stores/example.yaml",
            sealed=seal_credentials(world.cipher, {CredentialName.WOO_KEY: key}),
        )


def store_row(world: Connector, name: str = STORE) -> dict[str, object]:
    return world.rows("SELECT paused_by, paused_reason FROM store WHERE name = :name", name=name)[0]


def take(world: Connector, worker: str) -> datetime | None:
    with transaction(world.engine) as connection:
        return take_turn(connection, "poll_orders", every_s=60, worker=worker, lease_s=300)


def order_keys(world: Connector, store: str = STORE) -> set[str]:
    found = world.rows("SELECT business_key FROM exchange WHERE flow = 'orders_to_m3' AND store = :s", s=store)
    return {row["business_key"] for row in found}


def open_ids(world: Connector) -> list[int]:
    with transaction(world.engine) as connection:
        return open_order_ids(connection, STORE)


def lease_left_s(world: Connector) -> float:
    """Returns for how long the turn of poll_open_orders is its worker's."""
    of_job = "FROM slot WHERE job = 'poll_open_orders' AND done_at IS NULL"
    return float(world.rows(f"SELECT extract(epoch FROM max(lease_until) - ledger_now()) AS s {of_job}")[0]["s"])


def begin_turn(world: Connector, every_s: int) -> None:
    """Moves the ledger's clock to just after the start of a turn, so that a test does not straddle two."""
    now = world.rows("SELECT extract(epoch FROM ledger_now())::float AS s")[0]["s"]
    world.pass_time(every_s - now % every_s + 1)


def test_turn_that_is_done_is_not_done_again(world: Connector, second: Process) -> None:
    begin_turn(world, 3600)
    assert run_turn(world.process, "poll_open_orders") == "1 stores, 0 failed"

    assert run_turn(second, "poll_open_orders") == DONE_ELSEWHERE
    assert run_turn(world.process, "poll_open_orders") == DONE_ELSEWHERE


def test_orders_that_moved_in_m3_are_found_by_the_job(world: Connector) -> None:
    order = world.sandbox.place(kind="guest", status="processing")
    world.ask(order["id"])
    world.settle()
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/orders/advance", {"to": "66"})
    begin_turn(world, 600)

    assert run_turn(world.process, "poll_order_status") == "1 stores, 0 failed"

    (row,) = world.rows("SELECT state FROM exchange WHERE flow = 'order_status_to_woo'")
    assert row["state"] == "ready"


def test_next_turn_does_not_begin_while_another_worker_is_still_at_an_earlier_one(world: Connector) -> None:
    begin_turn(world, 60)
    assert take(world, "a") is not None
    world.pass_time(65)

    assert take(world, "b") is None


def test_turn_of_a_dead_worker_is_taken_over_when_its_lease_ends(world: Connector, second: Process) -> None:
    begin_turn(world, 3600)
    with patch.dict(jobs.JOBS, {"poll_open_orders": _die}), pytest.raises(KeyboardInterrupt):
        run_turn(world.process, "poll_open_orders")
    assert run_turn(second, "poll_open_orders") == DONE_ELSEWHERE

    world.pass_time(jobs.TURN_LEASE_S + 1)

    assert run_turn(second, "poll_open_orders") == "1 stores, 0 failed"


def _die(process: Process) -> Turned:
    raise KeyboardInterrupt


def test_worker_that_is_alive_keeps_its_turn_however_long_it_takes(
    world: Connector, second: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "RENEW_EVERY_S", 0.05)
    slow = dataclasses.replace(world.process, heartbeat=heartbeat.Heartbeat())
    begin_turn(world, 3600)
    tried: list[str] = []

    def work(process: Process) -> Turned:
        for _ in range(3):
            world.pass_time(jobs.TURN_LEASE_S - 15)
            until(lambda: lease_left_s(world) > jobs.TURN_LEASE_S - 15)
            tried.append(run_turn(second, "poll_open_orders"))
        return Turned("slow")

    with patch.dict(jobs.JOBS, {"poll_open_orders": work}):
        ended = run_turn(slow, "poll_open_orders")
    slow.heartbeat.stop()

    assert (ended, tried) == ("slow", [DONE_ELSEWHERE] * 3)


def test_two_workers_at_the_edge_of_a_turn_do_not_both_take_one(world: Connector) -> None:
    begin_turn(world, 60)
    with ThreadPoolExecutor(1) as threads, world.engine.connect() as first:
        assert take_turn(first, "poll_orders", every_s=60, worker="a", lease_s=300) is not None
        world.pass_time(60)
        late = threads.submit(take, world, "b")  # what the first took is not committed yet
        time.sleep(0.5)
        first.commit()

        assert late.result(timeout=60) is None


def test_turn_that_two_beats_send_at_once_is_run_once(world: Connector) -> None:
    others = [world.another_process(f"test:{number}") for number in range(6)]
    begin_turn(world, 3600)
    runs: list[str] = []

    def work(process: Process) -> Turned:
        runs.append(process.name)
        return Turned("done here")

    with patch.dict(jobs.JOBS, {"poll_open_orders": work}), ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda one: run_turn(one, "poll_open_orders"), others * 4))
    for one in others:
        one.heartbeat.stop()
        one.runtime.close()

    assert len(runs) == 1


def test_hour_without_a_beat_is_made_up_for_by_one_run(world: Connector) -> None:
    run_turn(world.process, "poll_orders")
    placed = [world.sandbox.place(kind="guest") for _ in range(4)]
    world.pass_time(3600)

    ended = [run_turn(world.process, "poll_orders") for _ in range(3)]

    assert ended == ["1 stores, 0 failed", DONE_ELSEWHERE, DONE_ELSEWHERE]
    assert order_keys(world) == {str(order["id"]) for order in placed}
    assert len(world.rows("SELECT 1 FROM slot WHERE job = 'poll_orders'")) == 2


def test_poll_with_more_to_read_than_a_run_may_take_goes_on_at_once_in_another_process(
    world: Connector, second: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = [world.sandbox.place(kind="guest") for _ in range(150)]
    begin_turn(world, 60)
    monkeypatch.setattr(rounds, "SHARE_S", 0.0)
    monkeypatch.setattr(rounds, "TURN_S", 0.0)

    ended = run_turn(world.process, "poll_orders")
    message = world.process.runtime.redis.lrange("polls", 0, -1)
    monkeypatch.setattr(rounds, "TURN_S", 60.0)
    gone_on = run_turn(second, "poll_orders")

    assert (ended, gone_on) == ("1 stores, 0 failed, 1 go on", "1 stores, 0 failed")
    assert [b"poll_orders" in one for one in message] == [True]
    assert order_keys(world) == {str(order["id"]) for order in placed}


def test_store_with_very_many_changes_leaves_the_others_their_share(
    world: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(150):
        world.sandbox.place(kind="guest")
    world.configure(quick_store(guests="common"), name=OTHER)
    monkeypatch.setattr(rounds, "SHARE_S", 0.0)
    monkeypatch.setattr(rounds, "TURN_S", 0.0)

    run_turn(world.process, "poll_orders")

    assert len(order_keys(world)) == len(order_keys(world, OTHER)) == 100


def test_orders_whose_deliveries_were_all_lost_are_found_by_the_poll(world: Connector) -> None:
    run_turn(world.process, "poll_orders")
    placed = [world.sandbox.place(kind="guest") for _ in range(3)]
    begin_turn(world, world.settings.poll_s)

    run_turn(world.process, "poll_orders")
    world.settle()

    assert order_keys(world) == {str(order["id"]) for order in placed}
    assert sorted(one["total"] for one in world.sandbox.m3_book()["orders"]) == sorted(one["total"] for one in placed)


def test_first_poll_starts_when_the_store_was_added(world: Connector) -> None:
    order = world.sandbox.place(kind="guest")
    world.pass_time(6 * 3600)  # no worker ran for hours after the store was added

    run_turn(world.process, "poll_orders")

    assert order_keys(world) == {str(order["id"])}


def test_open_orders_are_those_whose_change_still_matters_to_m3(world: Connector) -> None:
    posted = world.sandbox.place(kind="guest")
    draft = world.sandbox.place(kind="guest", status="checkout-draft")
    waiting = world.sandbox.place(kind="guest")
    world.ask(posted["id"], draft["id"])
    world.settle()
    world.ask(waiting["id"])

    assert open_ids(world) == [waiting["id"], posted["id"]]
    world.pass_time(15 * 86400)
    assert open_ids(world) == [waiting["id"]]


def test_cancelled_order_whose_batch_order_never_came_to_be_is_not_asked_for(world: Connector) -> None:
    order = world.sandbox.place(kind="guest")
    world.sandbox.m3_rule("OIS100MI", "AddBatchHead", "drop_before_commit")
    world.ask(order["id"])
    world.drain()
    url = f"{world.sandbox.shop_url}/_control/orders/{order['id']}"
    world.sandbox.post(url, {"status": "cancelled", "deliver": "never"})
    world.ask(order["id"])
    world.settle()

    assert world.rows("SELECT state FROM document") == [{"state": "abandoned"}]
    assert open_ids(world) == []


def test_posted_order_deleted_in_the_shop_is_found_by_its_absence(world: Connector) -> None:
    order = world.sandbox.place(kind="guest")
    world.ask(order["id"])
    world.settle()
    world.sandbox.post(
        f"{world.sandbox.shop_url}/_control/orders/{order['id']}", {"action": "delete", "deliver": "never"}
    )

    run_turn(world.process, "poll_open_orders")
    world.settle()

    (exchange,) = world.rows("SELECT state FROM exchange WHERE flow = 'orders_to_m3'")
    (held,) = world.sandbox.m3_book()["orders"]
    assert exchange["state"] == "done"
    assert held["lines"] == [], "an order that is gone for good is closed"


def test_few_missing_orders_are_looked_at_one_by_one(world: Connector) -> None:
    world.ask(900_001, 900_002)

    run_turn(world.process, "poll_open_orders")

    assert len(world.rows("SELECT 1 FROM delivery WHERE source = 'poll_missing'")) == 2


def test_order_found_missing_is_not_asked_for_every_hour(world: Connector) -> None:
    world.ask(900_001)
    for _ in range(3):
        begin_turn(world, 3600)
        run_turn(world.process, "poll_open_orders")

    assert len(world.rows("SELECT 1 FROM delivery WHERE source = 'poll_missing'")) == 1


def test_webhook_the_shop_disabled_is_turned_on_again_and_a_strangers_is_not(world: Connector) -> None:
    shop = world.process.runtime.store(STORE).shop
    nobody = "http://127.0.0.1:9"
    urls = [f"{nobody}/webhooks/woocommerce/{STORE}", f"{nobody}/somebody/else"]
    for url in urls:
        made = shop.create_webhook(name="orders", topic="order.updated", delivery_url=url, secret=WEBHOOK_SECRET)
        shop.update_webhook(made["id"], {"status": "disabled"})

    run_turn(world.process, "watch_webhooks")

    assert {one["delivery_url"]: one["status"] for one in shop.list_webhooks()} == {
        urls[0]: "active",
        urls[1]: "disabled",
    }


def test_store_with_a_wrong_key_is_paused_with_its_reason_and_the_other_goes_on(world: Connector) -> None:
    world.configure(quick_store(guests="common"), name=OTHER)
    set_shop_key(world, STORE, "ck_wrong")
    order = world.sandbox.place(kind="guest")

    assert run_turn(world.process, "poll_orders") == "2 stores, 1 failed"

    paused = store_row(world)
    assert paused["paused_by"] == "connector"
    assert "401" in str(paused["paused_reason"])
    assert store_row(world, OTHER)["paused_by"] is None
    assert order_keys(world, OTHER) == {str(order["id"])}


def test_store_the_connector_paused_runs_again_once_its_credentials_work(world: Connector) -> None:
    set_shop_key(world, STORE, "ck_wrong")
    run_turn(world.process, "poll_orders")
    world.pass_time(301)
    run_turn(world.process, "probe_stores")
    assert store_row(world)["paused_by"] == "connector"

    set_shop_key(world, STORE, "ck_sandbox")
    world.pass_time(301)

    assert run_turn(world.process, "probe_stores") == "probed 1, 0 failed"
    assert store_row(world) == {"paused_by": None, "paused_reason": None}


def test_bug_in_one_stores_part_leaves_the_others_alone_and_logs_no_text(world: Connector) -> None:
    world.configure(quick_store(guests="common"), name=OTHER)
    order = world.sandbox.place(kind="guest")

    with _failing_for(STORE, ValueError("a buyer's name")), capture_logs() as logs:
        assert run_turn(world.process, "poll_orders") == "2 stores, 1 failed"

    (told,) = [one for one in logs if one["event"] == "job_bug"]
    assert (told["log_level"], told["store"], told["error"]) == ("error", STORE, "ValueError")
    assert "buyer" not in str(logs)
    assert order_keys(world, OTHER) == {str(order["id"])}


def test_bug_in_one_probe_leaves_the_other_stores_alone(world: Connector) -> None:
    world.configure(quick_store(guests="common"), name=OTHER)
    paused = "UPDATE store SET paused_by = 'connector', paused_reason = 'x', probe_at = ledger_now() RETURNING name"
    world.rows(paused)

    with _failing_for(STORE, ValueError("a buyer's name")):
        assert run_turn(world.process, "probe_stores") == "probed 2, 1 failed"

    assert store_row(world)["paused_by"] == "connector"
    assert store_row(world, OTHER)["paused_by"] is None


def test_ledger_that_is_away_ends_the_turn_for_all_stores(world: Connector) -> None:
    with _failing_for(STORE, LedgerUnavailableError("away")), pytest.raises(LedgerUnavailableError):
        run_turn(world.process, "poll_orders")


def _failing_for(store: str, error: Exception) -> AbstractContextManager[object]:
    original = Runtime.store

    def failing(runtime: Runtime, name: str, *, version: int | None = None) -> StoreContext:
        if name == store:
            raise error
        return original(runtime, name, version=version)

    return patch.object(Runtime, "store", failing)


def test_orphan_head_is_looked_for_once_more_when_its_time_has_come(world: Connector) -> None:
    order = world.sandbox.place(kind="guest")
    world.sandbox.m3_rule("OIS100MI", "AddBatchHead", "drop_before_commit")
    world.ask(order["id"])
    world.settle()
    assert world.rows("SELECT DISTINCT state FROM exchange") == [{"state": "done"}]

    world.pass_time(3600)

    assert run_turn(world.process, "hunt_orphans") == "woke 1"
    world.settle()
    assert [one["total"] for one in world.sandbox.m3_book()["orders"]] == [order["total"]]
