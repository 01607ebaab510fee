"""Each refund of a directly invoiced order is one credit, on the very accounts of the sale."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.flows.refunds.poll import poll_refunds
from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import CountingHouse, invoicing, sums_of
from tests.integration.flows.refunds.desk import part_of

FLOW = "credits_to_m3"


@pytest.fixture
def direct(connector: Connector) -> CountingHouse:
    house = CountingHouse(connector)
    connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    return house


def give_back(house: CountingHouse, order: dict[str, Any], **refund: Any) -> None:
    house.change(order, refund=refund)
    house.go_on()


def everything(order: dict[str, Any]) -> list[dict[str, Any]]:
    lines = [part_of(line, line["quantity"]) for line in order["line_items"]]
    others = [part_of({**line, "quantity": 1}, 1) for line in (*order["shipping_lines"], *order["fee_lines"])]
    return [*lines, *({**one, "quantity": 0} for one in others)]


def all_accounts(house: CountingHouse) -> dict[str, Decimal]:
    """What all vouchers together leave on each account."""
    sums: dict[str, Decimal] = {}
    for journal in house.journals():
        for account, amount in sums_of(journal).items():
            sums[account] = sums.get(account, Decimal(0)) + amount
    return {account: amount for account, amount in sums.items() if amount}


def test_goods_given_back_are_one_credit_invoice(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    mug = order["line_items"][0]
    give_back(direct, order, line_items=[part_of(mug, 1)])
    direct.change(order, customer_note="news")
    direct.go_on()

    (refund,) = direct.sandbox.shop_book()["refunds"]
    net = Decimal(mug["total"]) / 3
    amount = Decimal(refund["amount"])
    assert direct.books_of("C") == [{"1510": -amount, "3010": net, "2610": amount - net}]
    (credit,) = [one for one in direct.sandbox.m3_book()["invoices"] if one["cino"].startswith("W1C-")]
    assert (credit["cino"], credit["amount"]) == (f"W1C-{refund['id']}", f"-{refund['amount']}")
    assert direct.exchange("invoices_to_m3")["state"] == "done"


def test_everything_given_back_leaves_nothing_but_what_the_shop_has_not_paid_back(direct: CountingHouse) -> None:
    order = direct.place(coupons=["TEN"], fees=[{"name": "Gift wrap", "total": "4.00"}])
    direct.go_on()
    give_back(direct, order, line_items=everything(order))

    (refund,) = direct.sandbox.shop_book()["refunds"]
    rest = Decimal(order["total"]) - Decimal(refund["amount"])  # tax, which each row of a refund rounds anew
    assert len(direct.books_of("C")) == 1
    assert all_accounts(direct) == ({"1510": rest, "2610": -rest} if rest else {})


def test_money_alone_is_credited_at_the_rates_of_the_sale(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    give_back(direct, order, amount="5.00")

    assert direct.books_of("C") == [{"1510": Decimal("-5.00"), "3010": Decimal("4.00"), "2610": Decimal("1.00")}]


def test_refund_before_the_invoice_is_posted_waits_for_it(direct: CountingHouse) -> None:
    direct.set_ledger(lag_s=3600)
    order = direct.place()
    direct.connector.drain()
    direct.change(order, refund={"amount": "5.00"})
    direct.connector.drain()
    assert direct.exchange(FLOW)["state"] == "blocked"

    direct.set_ledger()
    direct.go_on()
    direct.pass_and_settle()

    assert [len(direct.books_of(letter)) for letter in "IC"] == [1, 1]


def test_refund_whose_invoice_never_comes_is_told_and_credited_when_it_comes_after_all(direct: CountingHouse) -> None:
    direct.set_ledger(lag_s=30 * 24 * 3600)
    order = direct.place()
    direct.connector.drain()
    direct.change(order, refund={"amount": "5.00"})
    direct.connector.drain()
    direct.connector.pass_time(73 * 3600)
    direct.connector.drain()
    told = direct.exchange(FLOW)
    direct.set_ledger()
    for _ in range(2):
        direct.revive()

    assert (told["state"], told["reason_code"]) == ("dead_letter", "missing_dependency")
    assert "posted_invoice" in told["resolution"]
    assert [len(direct.books_of(letter)) for letter in "IC"] == [1, 1]


def test_credited_refund_that_was_deleted_in_the_shop_counts_all_the_same(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    give_back(direct, order, amount=order["total"])
    (refund,) = direct.sandbox.shop_book()["refunds"]
    store = direct.connector.process.runtime.store(STORE)
    store.shop.refunds._transport.write(
        "DELETE", f"orders/{order['id']}/refunds/{refund['id']}", params=(("force", "true"),)
    )
    give_back(direct, order, amount="5.00")

    held = direct.exchange(FLOW)
    assert [one["1510"] for one in direct.books_of("C")] == [-Decimal(order["total"])]
    assert (held["state"], held["reason_code"]) == ("dead_letter", "amounts_differ")


def test_credited_refund_that_is_deleted_once_the_store_file_credits_no_more_is_told(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    give_back(direct, order, amount="5.00")
    direct.connector.configure(invoicing())
    direct.change(order, customer_note="Ring twice")
    direct.go_on()
    assert direct.exchange(FLOW)["state"] == "done"
    (refund,) = direct.sandbox.shop_book()["refunds"]
    store = direct.connector.process.runtime.store(STORE)
    store.shop.refunds._transport.write(
        "DELETE", f"orders/{order['id']}/refunds/{refund['id']}", params=(("force", "true"),)
    )
    poll_refunds(direct.connector.engine, store)
    direct.go_on()

    held = direct.exchange(FLOW)
    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")
    assert "was deleted in the shop" in held["reason"] and "its credit is posted as" in held["reason"]
    assert len(direct.books_of("C")) == 1


def test_refund_of_an_invoice_that_a_person_entered_by_hand_is_that_persons_too(direct: CountingHouse) -> None:
    unmapped = {"revenue": [{"category": "no-such", "account": {"account": "3010"}}], "credit_prefix": "W1C-"}
    direct.connector.configure(invoicing(invoices=unmapped))
    order = direct.place()
    direct.change(order, refund={"amount": "5.00"})
    direct.connector.drain()
    with transaction(direct.connector.engine) as connection:
        discard(connection, direct.exchange("invoices_to_m3")["id"], who="test", why="entered by hand")

    direct.pass_and_settle()

    held = direct.exchange(FLOW)
    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")


@pytest.mark.parametrize("name", ["AddBatchHead", "AddBatchLine", "CtrlBatch", "UpdBatch"])
@pytest.mark.parametrize("fault", ["drop_after_commit", "late_answer"])
def test_answer_that_is_lost_or_late_credits_nothing_twice(direct: CountingHouse, name: str, fault: str) -> None:
    order = direct.place()
    direct.go_on()
    direct.m3_fault(f"GLS840MI/{name}", fault)
    direct.change(order, refund={"amount": "5.00"})
    direct.go_on_late()

    assert len(direct.books_of("C")) == 1


def test_money_for_all_of_it_takes_each_row_off_its_own_account(direct: CountingHouse) -> None:
    order = direct.place(coupons=["TEN"], fees=[{"name": "Gift wrap", "total": "4.00"}])
    direct.go_on()
    give_back(direct, order, amount=order["total"])

    assert len(direct.books_of("C")) == 1
    assert all_accounts(direct) == {}


def test_credit_goes_where_the_sale_went_though_product_and_rules_are_others_now(direct: CountingHouse) -> None:
    shop = direct.connector.process.runtime.store(STORE).shop
    ((pan,),) = shop.products.by_sku(["PAN-28"], fields=("id", "categories")).values()
    rule = {"category": pan["categories"][0]["slug"], "account": {"account": "3020"}}
    direct.connector.configure(
        invoicing(invoices={"credit_prefix": "W1C-", "revenue": [rule, {"account": {"account": "3010"}}]})
    )
    order = direct.place(lines=[{"sku": "PAN-28", "quantity": 2}])
    direct.go_on()
    shop.products._transport.write("DELETE", f"products/{pan['id']}", params=(("force", "true"),))
    direct.connector.configure(invoicing(invoices={"credit_prefix": "W1C-", "shipping": {"account": "3599"}}))
    give_back(direct, order, amount=order["total"])

    assert "3020" in direct.books_of("I")[0]
    assert all_accounts(direct) == {}


def test_more_than_was_invoiced_is_not_credited_though_the_order_grew_since(direct: CountingHouse) -> None:
    order = direct.place()
    direct.go_on()
    mug = order["line_items"][0]
    price = Decimal(mug["total"]) / mug["quantity"]
    more = {"id": mug["id"], "quantity": 5, "subtotal": str(price * 5), "total": str(price * 5)}
    grown = direct.change(order, line_items=[more])["line_items"][0]
    give_back(direct, order, line_items=[part_of(grown, 5)])

    held = direct.exchange(FLOW)
    assert direct.books_of("C") == []
    assert (held["state"], held["reason_code"]) == ("dead_letter", "amounts_differ")
    assert "80.62 of 67.12" in held["reason"]


def test_tax_of_a_rate_that_bore_none_when_it_was_sold_is_credited_once_its_account_is_named(
    direct: CountingHouse,
) -> None:
    """0.05 at 5 % bear 0.0025 of tax, which are no cent; the refund states one."""
    file = {"credit_prefix": "W1C-", "taxes": [{"rate": "25", "account": {"account": "2610"}}]}
    direct.connector.configure(invoicing(invoices=file))
    product = {"sku": "TINY", "regular_price": "0.05", "tax_class": "reduced-rate"}
    direct.sandbox.post(f"{direct.sandbox.shop_url}/_control/products", product)
    order = direct.place(lines=[{"sku": "MUG-001", "quantity": 1}, {"sku": "TINY", "quantity": 1}])
    direct.go_on()
    tiny = next(line for line in order["line_items"] if line["sku"] == "TINY")
    taxes = [{"id": tiny["taxes"][0]["id"], "refund_total": "0.01"}]
    give_back(
        direct, order, line_items=[{"id": tiny["id"], "quantity": 0, "refund_total": "0.04", "refund_tax": taxes}]
    )
    held = direct.exchange(FLOW)
    named = [*file["taxes"], {"rate": "5", "account": {"account": "2611"}}]
    direct.connector.configure(invoicing(invoices={**file, "taxes": named}))
    direct.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "unmappable")
    assert "Tax of 5 % fits no tax account" in held["reason"]
    assert "invoices.taxes" in held["resolution"]
    (credit,) = direct.books_of("C")
    assert credit["2611"] == Decimal("0.01")
