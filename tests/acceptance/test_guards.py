"""Each switch of guards.py really takes its guard away, and gives it back."""

from __future__ import annotations

import hashlib
import json
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.errors import LeaseLostError
from connector.ledger.inbox import Received, Recorded, record_delivery
from tests.acceptance.guards import GUARDS, switched_off
from tests.harness import STORE, Connector
from tests.integration.flows.crashing import KilledError, Trap, set_trap
from tests.integration.flows.customers.desk import Desk
from tests.integration.flows.stock.stock_story import MUG, StockStory
from tests.integration.flows.story import Story
from workers.sweeper import sweep


@pytest.fixture
def story(connector: Connector) -> Story:
    """A world in which all guests of an area are one customer of M3."""
    return Story(connector, guests="common")


@pytest.fixture
def stock(connector: Connector) -> StockStory:
    """A world whose shop shows M3's stock."""
    return StockStory(connector)


def test_without_sweeper_nothing_is_sent_and_no_lease_taken_back(story: Story) -> None:
    story.place()
    queues, ledger = story.connector.process.runtime.redis, story.connector
    ledger.claim_only(story.exchange()["id"])
    ledger.pass_time(120)

    with switched_off("sweeper"):
        sweep(ledger.process)
        assert (story.exchange()["state"], queues.llen("orders")) == ("running", 0)

    sweep(ledger.process)
    assert (story.exchange()["state"], queues.llen("orders")) == ("ready", 1)


def test_without_lookup_a_lost_answer_doubles_the_order(story: Story) -> None:
    story.place()
    story.m3_fault("OIS100MI/Confirm", "drop_after_commit")

    with switched_off("lookup"):
        story.go_on()

    assert len(story.orders()) == 2


def test_without_fencing_a_late_worker_commits(story: Story) -> None:
    story.place()
    late = story.connector.claim_only(story.exchange()["id"])
    story.connector.let_lease_expire()
    story.connector.claim_only(story.exchange()["id"])

    with switched_off("fencing"):
        late.commit()

    with pytest.raises(LeaseLostError):
        late.commit()


def test_without_fencing_a_takeover_doubles_the_lines(story: Story) -> None:
    story.begin()
    story.go_on()  # the first order of an installation has steps of its own
    story.begin()
    with set_trap(Trap()) as trap:
        story.go_on()
    lines_sent = trap.moments.index("M3 order.add_line")
    story.begin()

    with switched_off("fencing"):
        with set_trap(Trap(at=lines_sent)), pytest.raises(KilledError):
            story.go_on()
        story.recover()

    assert [len(one["lines"]) for one in story.orders()] == [2, 2, 4]
    assert story.exchange()["reason_code"] == "amounts_differ"


def test_without_overlap_the_poll_misses_what_changed_in_its_second(story: Story) -> None:
    with switched_off("overlap"):
        story.connector.poll()
        story.sandbox.place(lines=[{"sku": "MUG-001"}])
        story.connector.pass_time(1)
        story.connector.poll()
        story.sandbox.place(lines=[{"sku": "MUG-001"}])
        assert story.connector.poll() == []

    assert len(story.connector.poll()) >= 1


def test_without_compare_what_has_a_known_date_is_dropped(connector: Connector) -> None:
    assert tell(connector, order_id="1", content=b"1").due

    with switched_off("compare"):
        assert not tell(connector, order_id="1", content=b"2").due
        assert not tell(connector, order_id="2", content=b"3").due

    assert tell(connector, order_id="2", content=b"3").due


def tell(connector: Connector, *, order_id: str, content: bytes) -> Recorded:
    digest = hashlib.sha256(content).hexdigest()
    received = Received(
        **{"store": STORE, "source": "webhook", "topic": "order.updated", "kind": "order", "resource_id": order_id},
        **{"flow": "orders_to_m3", "business_key": order_id, "pool": "orders", "body": content, "body_size": 1},
        **{"body_sha256": digest, "content_hash": digest, "modified_at": datetime(2026, 1, 1, tzinfo=UTC)},
        is_full=True,
    )
    return record_delivery(connector.engine, received)


def test_without_in_flight_what_an_order_holds_is_shown_again(stock: StockStory) -> None:
    stock.m3_holds(MUG, 20)
    stock.carry(MUG)
    stock.buy(MUG, 4, status="on-hold")

    with switched_off("in_flight"):
        stock.carry(MUG)
        assert stock.shown(MUG) == 20

    stock.carry(MUG)
    assert stock.shown(MUG) == 16


@pytest.mark.parametrize("is_off", [True, False])
def test_without_erasing_what_comes_late_is_believed(connector: Connector, is_off: bool) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.poll()
    desk.change(account, action="erase")
    desk.look(account)
    row = {**account, "billing": {**account["billing"], "address_1": "Vlaška 7"}}

    with switched_off("erasing") if is_off else nullcontext():
        tell_of_account(connector, row)
        connector.settle()

    assert (desk.customer()["fields"]["CUA1"] == "Vlaška 7") is is_off


def tell_of_account(connector: Connector, row: dict[str, Any]) -> None:
    content = json.dumps(row).encode()
    digest, account = hashlib.sha256(content).hexdigest(), str(row["id"])
    received = Received(
        **{
            "store": STORE,
            "source": "webhook",
            "topic": "customer.updated",
            "kind": "customer",
            "resource_id": account,
        },
        **{"flow": "customers_to_m3", "business_key": account, "pool": "customers", "body": content, "body_size": 1},
        **{"body_sha256": digest, "content_hash": digest, "is_full": True},
    )
    record_delivery(connector.engine, received)


@pytest.mark.parametrize("is_off", [True, False])
def test_without_second_look_nobody_waits_for_what_may_still_arrive(stock: StockStory, is_off: bool) -> None:
    stock.m3_holds(MUG, 20)
    stock.sandbox.shop_rule("POST", "products", "drop_after_commit")
    stock.due(MUG)

    with switched_off("second_look") if is_off else nullcontext():
        stock.run_once()

    waiting = "SELECT 1 FROM offer WHERE unsure_until IS NOT NULL"
    assert stock.shown(MUG) == 20
    assert len(stock.connector.rows(waiting)) == (0 if is_off else 1)


def test_every_guard_has_its_switch() -> None:
    for guard in GUARDS:
        with switched_off(guard):
            pass
