"""What M3 does not allow, or a person has changed there, waits for a person with both sides shown; nothing is overwritten."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
import requests

from connector.errors import WooRejectedError
from connector.ledger.people import discard
from connector.ledger.session import transaction
from connector.ledger.story import tell_story
from connector.ledger.tenure import USABLE_FOR
from connector.m3.calls import Call
from connector.m3.client import M3Client
from connector.m3.programs import order_changes
from connector.m3.programs.cusextmi import change_tenure
from connector.m3.programs.ois100mi import LineKey
from connector.woocommerce.client import WooClient
from tests.harness import STORE
from tests.integration.flows.order_changes.desk import Desk, stopped_before
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
    ionapi = requests.get(f"{desk.story.sandbox.m3_url}/_control/ionapi", timeout=60).json()
    token = requests.post(
        ionapi["pu"] + ionapi["ot"],
        data={"grant_type": "password", "username": ionapi["saak"], "password": ionapi["sask"]},
        auth=(ionapi["ci"], ionapi["cs"]),
        timeout=60,
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
        timeout=60,
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


def sides(desk: Desk) -> list[tuple[str, Any, Any]]:
    """Returns what `exchanges show` tells of both sides."""
    with transaction(desk.story.connector.engine) as connection:
        story = tell_story(connection, desk.story.exchange()["id"])
    assert story is not None
    return [(one.part, one.carried, one.in_shop) for one in story.sides]


def test_other_address_locks_the_order_and_shows_which_fields(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})

    exchange = waits(desk)
    assert "the delivery address (CUA1)" in exchange["reason"]
    assert "Vlaška" not in exchange["reason"]
    assert audited(desk)["after"]["delivery.address_1"] == audited(desk)["before"]["delivery.address_1"] == "(personal)"
    assert sides(desk) == [("delivery.address_1", "Ilica 1", "Vlaška 7")]
    assert desk.held["held"]


def test_other_address_locks_nothing_while_another_installation_writes_for_the_store(desk: Desk) -> None:
    connector = desk.story.connector
    connector.pass_time(USABLE_FOR.total_seconds() + 1)
    other = change_tenure(STORE, holder="0123456789ab.cdef01234567")
    connector.process.runtime.store(STORE).m3.write([other])[0].require()

    desk.story.change(desk.order, billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    connector.drain()

    assert not desk.held["held"]
    assert "Another installation" in desk.story.exchange()["reason"]


ERASED = {
    **dict.fromkeys(("first_name", "last_name", "address_1", "city", "postcode"), "[deleted]"),
    **{"country": "", "state": "", "email": "deleted@site.invalid", "phone": "000"},
}


def test_settled_address_stays_settled_and_is_forgotten_once_the_shop_erases_the_buyer(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    discard_it(desk)
    desk.story.go_on()

    desk.change(billing=ERASED, meta_data=[{"key": "_anonymized", "value": "yes"}])

    plans = str(desk.story.connector.rows("SELECT plan FROM document WHERE kind = 'batch_order'"))
    assert desk.story.exchange()["state"] == "done"
    assert not desk.held["held"]
    assert [trace for trace in ("Vlaška", "Ilica", "Horvat") if trace in plans] == []


def test_note_m3_was_left_with_is_forgotten_once_the_shop_erases_the_buyer(desk: Desk) -> None:
    desk.change(customer_note="Ring at Horvat")

    desk.change(billing=ERASED, customer_note="", meta_data=[{"key": "_anonymized", "value": "yes"}])

    plans = str(desk.story.connector.rows("SELECT plan FROM document WHERE kind = 'batch_order'"))
    assert (desk.story.exchange()["state"], desk.held["text_blocks"]["WEB1"]) == ("done", "Ring at Horvat")
    assert "Horvat" not in plans


def test_address_put_back_in_the_shop_releases_the_order(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})

    desk.change(billing={**desk.order["billing"], "address_1": "Ilica 1"})

    assert desk.shop_and_m3_differ() == []


def test_handed_over_change_that_a_person_discards_unlocks_the_order(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    exchange = waits(desk)

    discard_it(desk)
    desk.story.go_on()

    assert "The order is locked in M3." in exchange["reason"]
    assert "unlocks order" in exchange["resolution"]
    assert not desk.held["held"]
    assert desk.story.exchange()["state"] == "done"
    assert desk.story.exchange()["reason"].endswith("a person settled what came after; unlocked in M3")


def discard_it(desk: Desk) -> None:
    with transaction(desk.story.connector.engine) as connection:
        discard(connection, desk.story.exchange()["id"], who="test", why="done by hand")


@pytest.mark.parametrize(("status", "is_held"), [("44", True), ("66", False)])
def test_other_address_stops_an_order_only_while_it_can_be_stopped(desk: Desk, status: str, is_held: bool) -> None:
    desk.advance(status)

    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})

    exchange = waits(desk)
    assert f"the delivery address (CUA1), at status {status} in M3" in exchange["reason"]
    assert desk.held["held"] is is_held
    assert ("locked" in exchange["reason"]) is is_held


def test_settled_change_does_not_come_back_with_the_next_status(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    discard_it(desk)
    desk.story.go_on()
    before = desk.story.sandbox.m3_book()["http_calls"]

    for status in ("completed", "processing", "on-hold"):
        desk.change(status=status)
        assert desk.story.exchange()["state"] == "done"

    assert desk.story.sandbox.m3_book()["http_calls"] == before


def test_settled_address_does_not_hold_up_a_quantity_changed_later(desk: Desk) -> None:
    desk.change(billing={**desk.order["billing"], "address_1": "Vlaška 7"})
    discard_it(desk)
    desk.story.go_on()

    desk.set_quantity("MUG-001", 5)

    assert desk.shop_and_m3_differ() == []


@pytest.mark.parametrize("later", ["on-hold", "pending", "failed", "trash"])
def test_cancelled_order_that_a_person_closed_is_not_filled_again_by_a_later_status(desk: Desk, later: str) -> None:
    desk.advance("44")
    desk.change(status="cancelled")
    waits(desk)
    discard_it(desk)
    calls = desk.story.sandbox.m3_book()["http_calls"]

    desk.story.change(desk.order, **({"action": "trash"} if later == "trash" else {"status": later}))
    desk.story.go_on()

    assert desk.story.exchange()["state"] == "done"
    assert desk.story.sandbox.m3_book()["http_calls"] == calls


def test_order_that_differed_and_was_corrected_in_m3_is_compared_before_anything_else(desk: Desk) -> None:
    begin = partial(desk.story.tax_customer, "GUESTHREUR", is_taxed=False)
    with patch.object(M3Client, "write", stopped_before("order.change_line", begin)):
        desk.set_quantity("MUG-001", 5)
    locked = (waits(desk)["reason_code"], desk.held["held"])
    desk.story.tax_customer("GUESTHREUR", is_taxed=True)
    tell_m3(desk, "OIS100MI", "ChgOrderRef", ORNO=desk.held["orno"], PYRE="corrected")

    desk.story.release(desk.story.exchange()["id"])
    desk.story.go_on()

    assert locked == ("amounts_differ", True)
    assert desk.shop_and_m3_differ() == []


def test_text_a_person_changed_in_m3_is_shown_and_not_overwritten(desk: Desk) -> None:
    desk.change(customer_note="At the door")
    write_text(desk, "Ring twice")

    desk.change(customer_note="With the neighbour")

    exchange = waits(desk)
    assert "the text WEB1 is another one" in exchange["reason"]
    assert "Ring" not in exchange["reason"] + exchange["resolution"]
    assert desk.held["text_blocks"]["WEB1"] == "Ring twice"
    assert audited(desk)["after"]["in M3"] == {"WEB1": "another text"}


def test_text_a_person_wrote_where_there_was_none_is_not_overwritten(desk: Desk) -> None:
    write_text(desk, "Ring twice")

    desk.change(customer_note="With the neighbour")

    assert "the text WEB1" in waits(desk)["reason"]
    assert desk.held["text_blocks"]["WEB1"] == "Ring twice"


def write_text(desk: Desk, text: str) -> None:
    """Does what a person does in OIS300."""
    keys = {"FILE": "OOHEAD", "KFLD": desk.held["orno"], "FLDN": "OAPRTX", "TXVR": "WEB1"}
    tell_m3(desk, "OIS100MI", "AddText", **keys, TEXT=text)


@pytest.mark.parametrize("is_second", [False, True], ids=["the first change", "a later one"])
def test_reference_a_person_changed_in_m3_is_shown_and_not_overwritten(desk: Desk, is_second: bool) -> None:
    if is_second:
        desk.change(transaction_id="pi_1")
    tell_m3(desk, "OIS100MI", "ChgOrderRef", ORNO=desk.held["orno"], PYRE="by hand")

    desk.change(transaction_id="pi_2")

    assert "the reference PYRE is another one" in waits(desk)["reason"]
    assert desk.held["head"]["PYRE"] == "by hand"


def test_person_who_writes_the_same_reference_is_agreed_with(desk: Desk) -> None:
    tell_m3(desk, "OIS100MI", "ChgOrderRef", ORNO=desk.held["orno"], PYRE="pi_2")

    desk.change(transaction_id="pi_2", **desk.quantity_of("MUG-001", 5))

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


def test_discount_a_person_gave_while_the_order_is_changed_is_shown_and_not_taken_off(desk: Desk) -> None:
    mine = partial(change_price, desk, "2", {"SAPR": "9.99", "SACD": "1", "DIP1": "10"})
    with patch.object(M3Client, "write", stopped_before("order.change_line", mine)):
        desk.set_quantity("MUG-001", 5)

    assert "line 2: 1 for 8.99 instead of 1 for 9.99" in waits(desk)["reason"]
    assert [line["line_amount"] for line in desk.held["lines"]] == ["64.50", "8.99"]


def test_quantity_that_shows_before_its_new_price_is_ours(desk: Desk) -> None:
    line = desk.order["line_items"][0]

    desk.change(line_items=[{"id": line["id"], "quantity": 5, "total": "50.00", "subtotal": "50.00"}])

    assert desk.shop_and_m3_differ() == []


def change_price(desk: Desk, line: str, fields: dict[str, str]) -> None:
    """Has a person in M3 change price or discounts of a line."""
    write(desk, order_changes.change_price(desk.held["orno"], LineKey(line), fields))


@pytest.mark.parametrize("status", ["cancelled", None], ids=["cancelled", "more of another line"])
def test_quantity_a_person_gave_a_free_line_is_shown_and_not_overwritten(common: Story, status: str | None) -> None:
    desk = Desk(common, lines=[{"sku": "FREE-0", "quantity": 1}, {"sku": "MUG-001", "quantity": 3}])
    change_by_person(desk, 9)

    desk.change(**({"status": status} if status else desk.quantity_of("MUG-001", 7)))

    assert "line 1: 9 pieces instead of 1" in waits(desk)["reason"]
    assert [(line["itno"], line["quantity"]) for line in desk.held["lines"]] == [("FREE-0", "9"), ("MUG-001", "3")]


def test_quantity_a_person_changed_at_the_same_amount_is_shown_and_not_overwritten(desk: Desk) -> None:
    line = desk.held["lines"][0]
    change_by_person(desk, 6)
    change_price(desk, "1", {"SAPR": str(Decimal(line["price"]) / 2)})
    assert desk.held["lines"][0]["line_amount"] == line["line_amount"]

    desk.set_quantity("MUG-002", 4)

    assert "line 1: 6 pieces instead of 3" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["6", "1"]


def test_change_a_person_made_in_m3_as_well_settles_by_itself(desk: Desk) -> None:
    desk.advance("33")
    change_by_person(desk, 5)
    total = desk.held["total"]

    desk.set_quantity("MUG-001", 5)

    assert desk.held["total"] == total
    assert desk.shop_and_m3_differ() == []


def change_by_person(desk: Desk, quantity: int, *, line: int = 1) -> None:
    write(desk, order_changes.change_quantity(desk.held["orno"], LineKey(str(line)), quantity=Decimal(quantity)))


def write(desk: Desk, call: Call) -> None:
    desk.story.connector.process.runtime.store(STORE).m3.write([call])[0].require()


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
