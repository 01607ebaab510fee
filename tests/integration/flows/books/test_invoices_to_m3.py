"""An order becomes one customer invoice in the ledger, its revenue split; nothing of it becomes a customer order."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
import yaml

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.flows.books.counting_house import PAYMENTS, CountingHouse, invoicing, sums_of
from tests.integration.flows.reconciling.clerk import Clerk

ARCUSTOMERS: dict[str, Any] = {
    f"invoice.{key}": {
        "program": "ARCustomers",
        "transaction": name,
        "fields": {"CONO": "COMPANY", "KEY1": "REFERENCE", **({"LINE": "SEQUENCE"} if key == "add_line" else {})},
    }
    for key, name in (
        ("add_head", "AddInvoice"),
        ("add_line", "AddInvoiceLine"),
        ("control", "CheckInvoice"),
        ("update", "PostInvoice"),
    )
}


@pytest.fixture
def direct(connector: Connector) -> CountingHouse:
    house = CountingHouse(connector)
    connector.configure(invoicing())
    return house


def invoice(house: CountingHouse) -> dict[str, Any]:
    (journal,) = [one for one in house.journals() if one["key1"].startswith("W1I")]
    return journal


def net(order: dict[str, Any], part: str, field: str = "total") -> Decimal:
    return sum((Decimal(one[field]) for one in order[part]), Decimal(0))


def expect(order: dict[str, Any]) -> dict[str, Decimal]:
    """What the shop states of an order of kitchen goods with everything at 25 %."""
    subtotal = net(order, "line_items", "subtotal")
    expected = {
        "1510": Decimal(order["total"]),
        "3010": -subtotal,
        "3730": subtotal - net(order, "line_items"),
        "3510": -net(order, "shipping_lines"),
        "3520": -net(order, "fee_lines"),
        "2610": -Decimal(order["total_tax"]),
    }
    return {account: amount for account, amount in expected.items() if amount}


def test_order_with_an_id_given_before_has_its_payment_and_its_invoice_left_anew(connector: Connector) -> None:
    """Whichever of the two notices first: what was left of the second order went with the exchanges of the first one."""
    house = CountingHouse(connector)
    connector.configure(invoicing(payments=PAYMENTS))
    house.sandbox.post(f"{house.sandbox.shop_url}/_control/backup", {"name": ""})
    house.place()
    house.go_on()
    time.sleep(1.1)  # the second an order was made in tells the two apart
    house.sandbox.post(f"{house.sandbox.shop_url}/_control/restore", {"name": ""})
    house.place(lines=[{"sku": "MUG-001", "quantity": 7}])
    house.go_on()

    begun = house.connector.rows(
        "SELECT e.flow, count(*) AS n FROM document d JOIN exchange e ON e.id = d.exchange_id"
        " WHERE e.business_key NOT LIKE '%@%' AND d.cuor IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    assert [row["flow"] for row in begun] == ["invoices_to_m3", "payments_to_m3"]
    assert len(house.books_of("P")) == 2


def test_order_becomes_an_invoice_and_no_order(direct: CountingHouse) -> None:
    order = direct.place(coupons=["TEN"], fees=[{"name": "Gift wrap", "total": "4.00"}])
    direct.go_on()

    assert sums_of(invoice(direct)) == expect(order)
    book = direct.sandbox.m3_book()
    assert (book["orders"], book["batch_orders"]) == ([], [])
    (held,) = book["invoices"]
    assert (held["cino"], held["amount"], held["cuno"]) == (f"W1-{order['id']}", order["total"], "GUESTHREUR")


@pytest.mark.parametrize(
    ("transaction", "fault"),
    [
        (f"GLS840MI/{name}", fault)
        for name in ("AddBatchHead", "AddBatchLine", "CtrlBatch", "UpdBatch")
        for fault in ("drop_after_commit", "late_answer")
    ],
)
def test_answer_that_is_lost_or_late_invoices_nothing_twice(
    direct: CountingHouse, transaction: str, fault: str
) -> None:
    direct.m3_fault(transaction, fault)
    order = direct.place()
    direct.go_on_late()

    assert sums_of(invoice(direct)) == expect(order)
    assert len(direct.sandbox.m3_book()["invoices"]) == 1


def test_invoice_goes_through_the_program_the_site_has(direct: CountingHouse) -> None:
    direct.connector.configure(invoicing(invoices={"layout": "", "interface": "ARC"}, operations=ARCUSTOMERS))
    order = direct.place()
    direct.go_on()

    assert sums_of(invoice(direct)) == expect(order)
    calls = direct.sandbox.m3_book()["calls"]
    assert (calls["ARCustomers/PostInvoice"], calls.get("GLS840MI/UpdBatch", 0)) == (1, 0)


def test_refused_invoice_keeps_its_number_in_the_next_version(direct: CountingHouse) -> None:
    direct.connector.configure(invoicing(invoices={"rounding": {"account": "9999"}, "fees": {"account": "9999"}}))
    order = direct.place(fees=[{"name": "Gift wrap", "total": "4.00"}])
    direct.connector.drain()
    held = direct.exchange("invoices_to_m3")
    assert (held["state"], held["reason_code"]) == ("dead_letter", "m3_rejected")

    direct.connector.configure(invoicing())
    direct.release(held["id"])
    direct.go_on()

    assert invoice(direct)["key1"][-1] == "2"
    assert [one["cino"] for one in direct.sandbox.m3_book()["invoices"]] == [f"W1-{order['id']}"]


def test_category_without_an_account_is_held_before_anything_is_written(direct: CountingHouse) -> None:
    direct.connector.configure(
        invoicing(invoices={"revenue": [{"category": "no-such", "account": {"account": "3010"}}]})
    )
    direct.place()
    direct.connector.drain()

    held = direct.exchange("invoices_to_m3")
    assert (held["state"], held["reason_code"]) == ("dead_letter", "unmappable")
    assert "no revenue account" in held["reason"]
    assert direct.sandbox.m3_book()["calls"].get("GLS840MI/AddBatchHead", 0) == 0


def test_revenue_is_split_by_the_categories_of_the_shop(direct: CountingHouse) -> None:
    shop = direct.connector.process.runtime.store("w1").shop
    row = shop.products.by_sku(["MUG-002"], fields=("categories",))["MUG-002"][0]
    slug = row["categories"][0]["slug"]
    rules = [{"category": slug, "account": {"account": "3020"}}, {"account": {"account": "3010"}}]
    direct.connector.configure(invoicing(invoices={"revenue": rules, "discounts": None}))
    order = direct.place()
    direct.go_on()

    sums = sums_of(invoice(direct))
    assert "3020" in sums
    assert -(sums["3020"] + sums.get("3010", Decimal(0))) == net(order, "line_items")


def test_cancelled_order_whose_invoice_is_posted_waits_for_a_person(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    direct.change(order, status="cancelled")
    direct.connector.drain()

    held = direct.exchange("invoices_to_m3")
    assert held["state"] == "dead_letter"
    assert "cancelled in the shop" in held["reason"]


def test_refund_of_an_invoiced_order_waits_for_a_person(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    direct.change(order, refund={"amount": "5.00"})
    direct.connector.drain()

    held = direct.exchange("invoices_to_m3")
    assert held["state"] == "dead_letter"
    assert "refunds" in held["reason"]


@pytest.mark.parametrize("lag_s", [0, 3600])
def test_refund_made_before_the_invoice_waits_for_a_person_too(direct: CountingHouse, lag_s: int) -> None:
    direct.set_ledger(lag_s=lag_s)
    order = direct.place(status="on-hold", payment_method="bacs")
    direct.change(order, refund={"amount": "5.00"})
    direct.connector.drain()
    direct.change(order, status="processing")
    direct.connector.drain()
    direct.set_ledger()
    direct.go_on()

    held = direct.exchange("invoices_to_m3")
    assert sums_of(invoice(direct)) == expect(order)
    assert held["state"] == "dead_letter"
    assert "refunds" in held["reason"]


def discard_it(house: CountingHouse) -> None:
    with transaction(house.connector.engine) as connection:
        discard(connection, house.exchange("invoices_to_m3")["id"], who="test", why="credited by hand")


def test_settled_cancellation_of_an_invoiced_order_does_not_come_back(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    direct.change(order, status="cancelled")
    direct.connector.drain()
    discard_it(direct)

    for how in ({"status": "on-hold"}, {"status": "cancelled"}, {"status": "failed"}, {"action": "trash"}):
        direct.change(order, **how)
        direct.connector.drain()
        assert direct.exchange("invoices_to_m3")["state"] == "done"


def test_settled_refund_of_an_invoiced_order_does_not_come_back_and_a_second_one_does(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    direct.change(order, refund={"amount": "5.00"})
    direct.connector.drain()
    discard_it(direct)

    direct.change(order, status="completed")
    direct.connector.drain()
    settled = direct.exchange("invoices_to_m3")["state"]
    direct.change(order, refund={"amount": "2.00"})
    direct.connector.drain()

    assert settled == "done"
    assert direct.exchange("invoices_to_m3")["state"] == "dead_letter"


def test_invoice_that_a_person_entered_by_hand_is_not_posted_with_the_next_status(direct: CountingHouse) -> None:
    unmapped = [{"category": "no-such", "account": {"account": "3010"}}]
    direct.connector.configure(invoicing(invoices={"revenue": unmapped}))
    order = direct.place()
    direct.connector.drain()
    discard_it(direct)
    direct.connector.configure(invoicing())

    direct.change(order, status="completed")
    direct.go_on()

    assert direct.journals() == []
    assert direct.exchange("invoices_to_m3")["reason_code"] == "discarded"


def test_cancelled_order_without_an_invoice_is_left(direct: CountingHouse) -> None:
    direct.place(status="cancelled")
    direct.go_on()

    assert direct.journals() == []


def test_unpaid_order_is_not_invoiced_yet(direct: CountingHouse) -> None:
    order = direct.place(status="on-hold", payment_method="bacs")
    direct.go_on()
    assert direct.journals() == []

    direct.change(order, status="processing")
    direct.go_on()

    assert sums_of(invoice(direct)) == expect(order)


def test_forgotten_invoice_is_found_in_the_ledger(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    direct.forget_everything()
    direct.connector.ask(order["id"])
    direct.go_on()

    assert len(direct.sandbox.m3_book()["invoices"]) == 1
    assert direct.exchange("invoices_to_m3")["state"] == "done"


def test_id_given_twice_by_a_restored_shop_is_another_invoice(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    before = direct.exchange("invoices_to_m3")
    document = (
        "UPDATE document SET plan = jsonb_set(plan, '{sheet,epoch}', '\"1\"') WHERE exchange_id = :id RETURNING id"
    )
    direct.connector.rows(document, id=before["id"])
    direct.connector.rows(
        "UPDATE exchange SET wanted_rev = wanted_rev + 1, doubt_rev = wanted_rev + 1, state = 'ready',"
        " next_attempt_at = ledger_now(), sent_at = NULL WHERE id = :id RETURNING id",
        id=before["id"],
    )
    direct.go_on()

    keys = direct.connector.rows("SELECT business_key, state FROM exchange WHERE flow = 'invoices_to_m3' ORDER BY id")
    assert [(one["business_key"], one["state"]) for one in keys] == [
        (f"{order['id']}@1", "done"),
        (str(order["id"]), "done"),
    ]


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("guests", ["common", "per_email"])
def test_second_order_of_an_id_is_not_invoiced_under_the_number_of_the_first(
    direct: CountingHouse, guests: str, is_lost: bool
) -> None:
    direct.connector.configure(invoicing().replace("guests: common", f"guests: {guests}"))
    direct.sandbox.post(f"{direct.sandbox.shop_url}/_control/backup", {"name": ""})
    first = direct.place()
    direct.go_on()
    if is_lost:
        direct.lose_ledger()
    time.sleep(1.1)  # the second an order was made in tells the two apart
    direct.sandbox.post(f"{direct.sandbox.shop_url}/_control/restore", {"name": ""})
    second = direct.place(lines=[{"sku": "MUG-001", "quantity": 7}])
    direct.go_on()
    direct.connector.ask(second["id"])
    direct.go_on()

    (held,) = direct.connector.rows(
        "SELECT id, state, reason_code, reason FROM exchange WHERE flow = 'invoices_to_m3' AND business_key = :id",
        id=str(second["id"]),
    )
    (voucher,) = direct.journals()
    assert second["id"] == first["id"]
    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")
    assert f"This one is of {second['total']} EUR" in held["reason"]
    assert is_lost or f"{first['total']} EUR, of one made at" in held["reason"]
    assert [one["amount"] for one in direct.sandbox.m3_book()["invoices"]] == [first["total"]]
    assert voucher["key1"].startswith("W1I")

    direct.release(held["id"])
    direct.go_on()

    assert len(direct.journals()) == 1


@pytest.mark.parametrize("what", ["account", "currency"])
def test_voucher_that_is_not_what_was_to_be_posted_is_a_persons(connector: Connector, what: str) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing())
    order = clerk.place()
    clerk.go_on()
    if what == "account":
        clerk.move_row(clerk.key_of(order, letter="I"), account="3010", to="3099")
    else:
        lookups = yaml.safe_load(invoicing())["lookups"]
        connector.configure(invoicing(lookups={**lookups, "currency": {"EUR": "EUX"}}))
    clerk.empty_ledger()
    connector.forget()
    connector.ask(order["id"])
    clerk.go_on()

    held = clerk.exchange("invoices_to_m3")
    assert (held["state"], held["reason_code"]) == ("dead_letter", "amounts_differ")
    assert "not what was to be posted" in held["reason"]
    assert len(clerk.sandbox.m3_book()["journals"]) == 1
