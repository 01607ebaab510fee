"""What M3 does not allow, or a person has changed there, waits for a person with both sides shown; nothing is overwritten."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
import requests

from connector.errors import WooRejectedError
from connector.m3.programs import order_changes
from connector.m3.programs.ois100mi import LineKey
from connector.woocommerce.client import WooClient
from tests.harness import STORE
from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.story import Story, quick_store


@pytest.fixture
def desk(common: Story) -> Desk:
    return Desk(common)


def waits(desk: Desk) -> dict[str, Any]:
    exchange = desk.story.exchange()
    assert exchange["state"] == "dead_letter", exchange
    assert exchange["resolution"]
    assert len(desk.story.orders()) == 1
    return exchange


@pytest.mark.parametrize("status", ["44", "66", "77"])
def test_line_that_is_picked_is_not_changed(desk: Desk, status: str) -> None:
    desk.advance(status)

    desk.set_quantity("MUG-001", 5)

    assert f"3 -> 5, at status {status} in M3" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


@pytest.mark.parametrize("change", [{"status": "cancelled"}, None], ids=["cancelled", "fewer"])
def test_line_that_left_in_part_is_not_changed(desk: Desk, change: dict[str, Any] | None) -> None:
    part = {"to": "66", "lines": [{"ponr": 1, "quantity": "1"}]}
    desk.story.sandbox.post(f"{desk.story.sandbox.m3_url}/_control/orders/{desk.held['orno']}/advance", part)

    desk.change(**(change or desk.quantity_of("MUG-001", 2)))

    assert "in M3" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


def test_stop_of_m3_or_a_person_is_not_lifted(desk: Desk) -> None:
    tell_m3(desk, "OIS120MI", "UpdCOStop", ORNO=desk.held["orno"], OBLC="5")

    desk.set_quantity("MUG-001", 5)

    assert "stopped in M3" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]
    assert not desk.held["held"]


def tell_m3(desk: Desk, program: str, transaction: str, **record: str) -> None:
    """Does what a person does in M3."""
    ionapi = requests.get(f"{desk.story.sandbox.m3_url}/_control/ionapi", timeout=10).json()
    token = requests.post(
        ionapi["pu"] + ionapi["ot"],
        data={"grant_type": "password", "username": ionapi["saak"], "password": ionapi["sask"]},
        auth=(ionapi["ci"], ionapi["cs"]),
        timeout=10,
    ).json()["access_token"]
    answer = requests.post(
        f"{ionapi['iu']}/{ionapi['ti']}/M3/m3api-rest/v2/execute",
        json={
            "program": program,
            "cono": 1,
            "divi": "AAA",
            "transactions": [{"transaction": transaction, "record": record}],
        },
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    assert answer.json()["nrOfFailedTransactions"] == 0, answer.text


@pytest.mark.parametrize("status", ["44", "77"])
def test_order_that_is_picked_is_not_cancelled(desk: Desk, status: str) -> None:
    desk.advance(status)

    desk.change(status="cancelled")

    assert "cancelled" in str(audited(desk)["after"])
    assert f"at status {status} in M3" in waits(desk)["reason"]
    assert not desk.held["held"]


def test_allocated_order_is_still_changed(desk: Desk) -> None:
    desk.advance("33")

    desk.set_quantity("MUG-001", 5)

    assert desk.shop_and_m3_differ() == []


def audited(desk: Desk) -> dict[str, Any]:
    rows = desk.story.connector.rows(
        "SELECT before, after FROM audit WHERE action = 'changed after posting' ORDER BY id"
    )
    return rows[-1]


def test_other_address_locks_the_order_and_shows_which_fields(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})

    exchange = waits(desk)
    assert "the delivery address (CUA1)" in exchange["reason"]
    assert "Vlaška" not in exchange["reason"]
    assert "Vlaška 7" in str(audited(desk)["after"])
    assert "Ilica 1" in str(audited(desk)["before"])
    assert desk.held["held"]


def test_address_put_back_in_the_shop_releases_the_order(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})

    desk.change(billing={**desk.order["billing"], "address_1": "Ilica 1"})

    assert desk.shop_and_m3_differ() == []


def test_other_payment_method_is_a_persons(desk: Desk) -> None:
    desk.change(payment_method="cod")

    assert "PYCD of the head" in waits(desk)["reason"]
    assert "cod" in str(audited(desk)["after"])


def test_line_a_person_changed_in_m3_is_shown_and_not_overwritten(desk: Desk) -> None:
    change_by_person(desk, 9)

    desk.set_quantity("MUG-002", 4)

    assert "line 1 (CUPO 1)" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["9", "1"]


def test_change_a_person_made_in_m3_as_well_settles_by_itself(desk: Desk) -> None:
    desk.advance("33")
    change_by_person(desk, 5)
    total = desk.held["total"]

    desk.set_quantity("MUG-001", 5)

    assert desk.held["total"] == total
    assert desk.shop_and_m3_differ() == []


def change_by_person(desk: Desk, quantity: int) -> None:
    m3 = desk.story.connector.process.runtime.store(STORE).m3
    call = order_changes.change_quantity(desk.held["orno"], LineKey("1"), quantity=Decimal(quantity))
    m3.write([call])[0].require()


def test_order_a_person_deleted_in_m3_is_not_made_again(desk: Desk) -> None:
    m3 = desk.story.connector.process.runtime.store(STORE).m3
    m3.write([order_changes.delete_order(desk.held["orno"])])[0].require()

    desk.story.change(desk.order, **desk.quantity_of("MUG-001", 5))
    desk.story.go_on()

    assert desk.story.exchange()["state"] == "dead_letter"
    assert desk.story.orders() == []


def test_item_m3_does_not_have_holds_the_change_and_leaves_the_order(desk: Desk) -> None:
    desk.story.sandbox.post(
        f"{desk.story.sandbox.shop_url}/_control/products", {"sku": "NO-SUCH", "regular_price": "5.00"}
    )
    book = desk.story.sandbox.shop_book()["products"]
    product = next(one["id"] for one in book if one["sku"] == "NO-SUCH")

    desk.change(line_items=[{"product_id": product, "quantity": 1}])

    assert waits(desk)["reason_code"] == "unknown_item"
    assert not desk.held["held"]


def test_refusal_of_all_that_was_to_change_leaves_the_order_as_it_was_and_free(desk: Desk) -> None:
    desk.story.m3_fault("OIS100MI/ChgLineBatchEnt", "nok")

    desk.set_quantity("MUG-001", 5)

    waits(desk)
    assert not desk.held["held"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


def test_refused_change_that_is_released_is_made(desk: Desk) -> None:
    desk.story.m3_fault("OIS100MI/ChgLineBatchEnt", "nok")
    desk.set_quantity("MUG-001", 5)

    desk.story.release(desk.story.exchange()["id"])
    desk.story.go_on()

    assert desk.shop_and_m3_differ() == []


def test_store_that_wants_persons_gets_every_change(common: Story) -> None:
    common.connector.configure(quick_store(guests="common").replace("changes: apply", "changes: person"))
    desk = Desk(common)

    desk.set_quantity("MUG-001", 5)
    assert "money" in waits(desk)["reason"]

    desk.change(status="cancelled")
    assert "cancelled in the shop" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


def test_not_found_of_something_else_than_the_shop_ends_no_order(desk: Desk) -> None:
    foreign = WooRejectedError("not found", status=404, remote_code="firewall_no_entry", resolution="look")
    with patch.object(WooClient, "get_order", side_effect=foreign):
        desk.story.connector.ask(desk.order["id"])
        desk.story.connector.drain()

    assert desk.story.exchange()["state"] == "dead_letter"
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]
