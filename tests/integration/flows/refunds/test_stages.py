"""What a refund waits for: its order, the warehouse, the invoice, a person."""

from __future__ import annotations

from connector.flows.refunds.poll import poll_refunds
from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.harness import STORE
from tests.integration.flows.refunds.desk import MUG, Desk, part_of
from tests.integration.flows.story import quick_store


def test_refund_of_an_order_not_in_m3_yet_waits_for_it_and_goes_on_by_itself(desk: Desk) -> None:
    items = f"{desk.sandbox.m3_url}/_control/items"
    desk.sandbox.post(items, [{"itno": "MUG-002", "status": "90"}])
    order = desk.place()
    desk.give_back(order, MUG, 1)
    desk.go_on()
    waiting = desk.refunds()[0]
    desk.sandbox.post(items, [{"itno": "MUG-002", "status": "20"}])

    desk.revive()

    (refund,) = desk.refunds()
    assert (waiting["state"], waiting["blocked_kind"]) == ("blocked", "posted_order")
    assert refund["state"] == "done"  # posted, and made smaller before it was picked
    assert desk.order_of(order)["orno"] in refund["reason"]


def test_refund_of_an_order_that_a_person_entered_by_hand_is_that_persons_too(desk: Desk) -> None:
    desk.sandbox.post(f"{desk.sandbox.m3_url}/_control/items", [{"itno": "MUG-002", "status": "90"}])
    order = desk.place()
    desk.give_back(order, MUG, 1)
    desk.go_on()
    with transaction(desk.connector.engine) as connection:
        discard(connection, desk.exchange()["id"], who="test", why="entered by hand")

    desk.pass_and_settle()

    (refund,) = desk.refunds()
    assert (refund["state"], refund["reason_code"]) == ("dead_letter", "needs_person")
    assert "settled order" in refund["reason"]


def test_order_refunded_before_it_ever_got_to_m3_is_nothing_to_credit(desk: Desk) -> None:
    order = desk.place(status="on-hold")
    desk.refund(order, order["total"])

    desk.go_on()

    assert [(one["state"], one["reason"][:6]) for one in desk.refunds()] == [("done", "status")]
    assert desk.orders() == desk.returns() == []


def test_refund_while_the_warehouse_is_at_it_waits_for_the_invoice(desk: Desk) -> None:
    order = desk.place()
    desk.go_on()
    desk.advance(order, "44")
    desk.give_back(order, MUG, 1)
    desk.go_on()
    waiting = desk.refunds()[0]
    desk.advance(order, "77")

    desk.pass_and_settle()

    assert (waiting["state"], waiting["blocked_kind"]) == ("blocked", "invoice")
    assert [one["state"] for one in desk.refunds()] == ["done"]
    assert len(desk.returns()) == 1


def test_poll_finds_a_refund_nobody_told_of_and_notices_a_deleted_one(desk: Desk) -> None:
    order = desk.invoiced()
    url = f"{desk.sandbox.shop_url}/_control/orders/{order['id']}"
    desk.sandbox.post(url, {"deliver": "never", "refund": {"amount": "5.00"}})
    store = desk.connector.process.runtime.store(STORE)

    poll_refunds(desk.connector.engine, store)
    desk.go_on()
    (refund,) = desk.refunds()
    desk.delete(order, int(refund["business_key"].split("-")[1]))
    poll_refunds(desk.connector.engine, store)
    desk.go_on()

    (after,) = desk.refunds()
    assert (refund["state"], after["state"], after["reason_code"]) == ("done", "dead_letter", "needs_person")
    assert desk.returns()[0]["orno"] in after["reason"]
    assert poll_refunds(desk.connector.engine, store).news == 0


def test_refund_deleted_before_it_was_carried_leaves_nothing_in_m3(desk: Desk) -> None:
    order = desk.invoiced()
    refund = desk.refund(order, "5.00")
    poll_refunds(desk.connector.engine, desk.connector.process.runtime.store(STORE))
    desk.delete(order, refund)

    desk.go_on()

    assert [one["state"] for one in desk.refunds()] == ["done"]
    assert desk.returns() == []


def test_refund_whose_order_was_deleted_waits_for_a_person(desk: Desk) -> None:
    order = desk.place()
    desk.go_on()
    desk.advance(order, "44")
    desk.give_back(order, MUG, 1)
    desk.go_on()
    desk.sandbox.post(
        f"{desk.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", "action": "delete"}
    )

    desk.pass_and_settle()

    (refund,) = desk.refunds()
    assert refund["state"] == "dead_letter"
    assert desk.order_of(order)["orno"] in refund["reason"]


def test_refund_of_nothing_is_nothing_to_credit(desk: Desk) -> None:
    order = desk.invoiced()
    desk.refund(order, "0.00")

    desk.go_on()

    assert [one["state"] for one in desk.refunds()] == ["done"]
    assert desk.returns() == []


def test_store_that_does_not_say_what_becomes_of_refunds_asks_a_person(desk: Desk) -> None:
    content = quick_store(guests="common")
    begin, end = content.index("\nrefunds:"), content.index("\npublish:")
    desk.connector.configure(content[:begin] + content[end:])
    order = desk.invoiced()
    desk.refund(order, "5.00")

    desk.go_on()

    (refund,) = desk.refunds()
    assert refund["state"] == "dead_letter"
    assert "refunds" in refund["resolution"]


def test_money_at_a_rate_without_an_item_is_held_before_anything_is_written(desk: Desk) -> None:
    desk.connector.configure(
        quick_store(guests="common").replace('{rate: "25", item: CREDIT25}', '{rate: "24", item: CREDIT25}')
    )
    order = desk.invoiced()
    desk.refund(order, "5.00")

    desk.go_on()

    (refund,) = desk.refunds()
    assert (refund["state"], refund["reason_code"]) == ("dead_letter", "unmappable")
    assert desk.batch_orders() == []


def test_money_whose_item_m3_does_not_have_waits_for_it_and_goes_on_by_itself(desk: Desk) -> None:
    desk.connector.configure(quick_store(guests="common").replace("item: CREDIT25", "item: CREDIT-NEW", 1))
    order = desk.invoiced()
    desk.refund(order, "5.00")
    desk.go_on()
    waiting = desk.refunds()[0]
    item = {"itno": "CREDIT-NEW", "name": "Credit", "vat_code": 1, "fields": {"STCD": "0"}}
    desk.sandbox.post(f"{desk.sandbox.m3_url}/_control/items", [item])

    desk.revive()

    assert (waiting["state"], "M3 has no item CREDIT-NEW" in waiting["reason"]) == ("dead_letter", True)
    assert [one["state"] for one in desk.refunds()] == ["done"]
    assert len(desk.returns()) == 1


def test_refund_of_a_line_that_m3_does_not_hold_is_a_persons(desk: Desk) -> None:
    desk.connector.configure(quick_store(guests="common", changes="person"))
    order = desk.invoiced()
    product = order["line_items"][0]["product_id"]
    changed = desk.change(order, line_items=[{"product_id": product, "quantity": 1}])
    desk.refund(order, line_items=[part_of(changed["line_items"][-1], 1)])
    desk.go_on()

    (refund,) = desk.refunds()
    assert (refund["state"], "does not hold" in refund["reason"]) == ("dead_letter", True)
    assert desk.returns() == []
