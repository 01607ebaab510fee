"""The shop is put back to a backup and gives numbers a second time, while the ledger and M3 hold the orders before."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.preview import preview_order
from tests.acceptance.stories.world import HOUR_S, MINUTE_S, World
from tests.harness import STORE


def restore_shop(world: World, name: str = "") -> None:
    world.sandbox.post(f"{world.sandbox.shop_url}/_control/restore", {"name": name})


def back_up_shop(world: World, name: str = "") -> None:
    world.sandbox.post(f"{world.sandbox.shop_url}/_control/backup", {"name": name})


def reuse_number(world: World, **order: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the order that was lost with the restore, and another one that got its number."""
    back_up_shop(world)
    lost = world.place()
    world.rest()
    world.pass_time(HOUR_S)
    restore_shop(world)
    other = world.place(**order)
    assert other["id"] == lost["id"]
    return lost, other


def test_order_with_a_number_given_before_becomes_an_order_of_its_own(world: World) -> None:
    _, other = reuse_number(world, lines=[{"sku": "MUG-002", "quantity": 5}])

    world.rest()

    assert len(world.m3_numbers(other)) == 2
    verdict = world.judge()
    assert verdict.findings == ()
    assert verdict.gone == (other["id"],)


def test_order_with_a_number_given_before_and_equal_content_becomes_one_of_its_own(common: World) -> None:
    buyer = {"first_name": "Iva", "email": "iva@example.com", "address_1": "Ilica 1", "city": "Zagreb", "country": "HR"}
    back_up_shop(common)
    common.place(billing=buyer)
    common.rest()
    common.pass_time(MINUTE_S)
    restore_shop(common)

    other = common.place(billing=buyer)
    common.rest()

    assert len(common.m3_numbers(other)) == 2
    assert common.judge().findings == ()


@pytest.mark.parametrize("how", ["poll", "webhook body", "asked by id"])
def test_it_does_not_matter_how_the_second_order_becomes_known(world: World, how: str) -> None:
    back_up_shop(world)
    world.place()
    world.rest()
    world.connector.poll()
    world.pass_time(HOUR_S)
    restore_shop(world)
    other = world.sandbox.place(kind="guest")

    if how == "poll":
        assert len(world.connector.poll()) >= 1
    elif how == "asked by id":
        world.connector.ask(other["id"])
    else:
        world.tell(other)
    world.rest()

    assert len(world.m3_numbers(other)) == 2
    assert world.judge().findings == ()


def test_number_given_a_third_time_is_a_third_order(world: World) -> None:
    _, second = reuse_number(world)
    world.rest()
    world.pass_time(HOUR_S)
    restore_shop(world)

    third = world.place()
    world.rest()

    assert third["id"] == second["id"]
    assert len(world.m3_numbers(third)) == 3
    assert world.judge().findings == ()


def test_order_that_comes_back_with_a_second_restore_is_known_again(world: World) -> None:
    back_up_shop(world, "before")
    first = world.place()
    back_up_shop(world, "after")
    world.rest()
    world.pass_time(HOUR_S)
    restore_shop(world, "before")
    world.place()
    world.rest()
    world.pass_time(HOUR_S)
    restore_shop(world, "after")

    world.connector.ask(first["id"])
    world.rest()

    assert len(world.m3_numbers(first)) == 2
    assert world.judge().findings == ()


def test_late_news_of_the_lost_order_is_not_taken_for_the_other(world: World) -> None:
    lost, other = reuse_number(world)
    world.tell({**lost, "date_modified_gmt": other["date_modified_gmt"]})

    world.rest()
    world.tell(lost)
    world.rest()

    assert len(world.m3_numbers(other)) == 2
    assert world.judge().findings == ()


def test_dry_run_shows_what_would_be_written_for_the_other(world: World) -> None:
    _, other = reuse_number(world)

    shown = preview_order(world.connector.engine, world.connector.process.runtime.store(STORE), order_id=other["id"])

    assert "OIS100MI/AddBatchHead" in [name for name, _ in shown.transactions]


def test_number_of_the_lost_order_is_not_noted_on_the_other(world: World) -> None:
    back_up_shop(world)
    world.sandbox.shop_rule("PUT", "orders/", "http_503", times=1000)
    lost = world.place()
    world.connector.drain()
    restore_shop(world)
    world.pass_time(MINUTE_S)
    world.end_faults()
    other = world.sandbox.place(kind="guest")
    assert other["id"] == lost["id"]

    world.rest()  # the number of the lost order waited to be written to the shop
    world.connector.poll()
    world.rest()

    assert len(world.m3_numbers(other)) == 2
    assert world.judge().findings == ()


@pytest.mark.parametrize(
    ("transaction", "fault"),
    [
        ("OIS100MI/AddBatchHead", "drop_after_commit"),
        ("OIS100MI/AddBatchLine", "drop_after_commit"),
        ("OIS100MI/Confirm", "drop_after_commit"),
    ],
)
def test_order_half_way_when_its_number_is_given_again_is_neither_lost_nor_left_behind(
    world: World, transaction: str, fault: str
) -> None:
    back_up_shop(world)
    world.m3_fault(transaction, fault)
    lost = world.place()
    world.connector.drain()
    restore_shop(world)
    world.pass_time(2)
    other = world.place()

    world.rest()

    assert other["id"] == lost["id"]
    verdict = world.judge()
    assert verdict.findings == ()
    assert verdict.gone == ((lost["id"],) if transaction.endswith("Confirm") else ())


def test_batch_order_of_the_lost_order_that_waits_for_a_person_does_not_stop_the_other(world: World) -> None:
    back_up_shop(world)
    world.m3_fault("OIS100MI/Confirm", "confirm_status", status="25")
    lost = world.place()
    world.connector.drain()
    restore_shop(world)
    world.pass_time(MINUTE_S)
    world.end_faults()

    other = world.place()
    world.rest()

    assert len(world.m3_numbers(other)) == 1
    assert world.judge().waiting
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/batch_orders/release", {})
    world.revive()
    world.rest()
    verdict = world.judge()
    assert verdict.findings == ()
    assert verdict.gone == (lost["id"],)


def test_order_that_was_not_for_m3_leaves_its_number_to_the_next(world: World) -> None:
    back_up_shop(world)
    world.place(status="on-hold")
    world.rest()
    world.pass_time(HOUR_S)
    restore_shop(world)

    other = world.place()
    world.rest()

    assert len(world.m3_numbers(other)) == 1
    assert world.judge().findings == ()


def test_order_kept_by_the_backup_gets_its_number_and_note_again(world: World) -> None:
    order = world.place()
    back_up_shop(world)
    world.rest()
    world.pass_time(HOUR_S)
    restore_shop(world)

    world.connector.ask(order["id"])  # as the hourly look at the open orders does
    world.rest()

    assert len(world.m3_numbers(order)) == 1
    assert world.judge().findings == ()
