"""The stories of the ledger: what is paid or invoiced becomes one voucher. Used by stories.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.refunds import of_refunds
from tests.acceptance.crash_points.world import World
from tests.integration.flows.books.counting_house import FEE_KEY, SETTLE, invoicing, meta, paying, sums_of
from tests.integration.flows.refunds.desk import part_of

CARRIES_PAYMENTS = paying()
INVOICES_ORDERS = invoicing()
SETTLES_INVOICES = paying(payments={"settle": SETTLE})
PAYS_AT_THE_GATEWAY = paying(payments={"settle": {**SETTLE, "against": "clearing"}})
CREDITS_INVOICES = invoicing(invoices={"credit_prefix": "W1C-"})
LOOKED_AGAIN_S = 901
FEE, PAID_BACK, TAKEN_OFF = Decimal("1.25"), Decimal("7.77"), Decimal("16.12")


def order_is_paid(world: World) -> None:
    """The order goes across quietly; its payment, with the gateway's fee, is what is told."""
    world.place(meta_data=meta(**{FEE_KEY: str(FEE)}))
    world.go_on()


def order_is_invoiced(world: World) -> None:
    """The order becomes an invoice, and no order."""
    world.place(coupons=["TEN"])
    world.go_on()


def payment_is_paid_back(world: World) -> None:
    """M3 has invoiced the paid order; the gateway gives a part back, and the refund's own return goes across besides."""
    with world.quietly():
        order = world.place()
        world.go_on()
        (number,) = [one["orno"] for one in world.sandbox.m3_book()["orders"]]
        world.sandbox.advance(number, "77")
    refund = {"amount": str(PAID_BACK), "paid_back": True}
    world.sandbox.post(
        f"{world.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", "refund": refund}
    )
    world.connector.ask(order["id"])
    world.go_on()


def invoice_is_paid(world: World) -> None:
    """M3 has invoiced the paid order; a job there posts each payment batch that is controlled."""
    with world.quietly():
        world.place()
        world.go_on()
        (number,) = [one["orno"] for one in world.sandbox.m3_book()["orders"]]
        world.sandbox.advance(number, "77")
        world.sandbox.post(f"{world.sandbox.m3_url}/_control/ledger", {"posts_payments": True})
    for _ in range(2):
        world.connector.pass_time(LOOKED_AGAIN_S)
        world.go_on()


def smaller_order_is_paid(world: World) -> None:
    """A mug was given back by hand and taken off the order, M3 has invoiced the rest, and then the order is paid on delivery."""
    with world.quietly():
        order = world.place(payment_method="cod")
        world.go_on()
        _refund_a_mug(world, order)
        world.go_on()
        (number,) = [one["orno"] for one in world.sandbox.m3_book()["orders"]]
        world.sandbox.advance(number, "77")
        world.sandbox.post(f"{world.sandbox.m3_url}/_control/ledger", {"posts_payments": True})
    world.change(order, status="completed")
    world.go_on()
    world.connector.pass_time(LOOKED_AGAIN_S)
    world.go_on()


def of_smaller_order_paid(world: World) -> list[str]:
    """Says what is wrong: the invoice is paid at the account of the gateway, which owes what was given back by hand as well."""
    book = world.sandbox.m3_book()
    invoiced = Decimal(world.placed[0]["total"]) - TAKEN_OFF
    paid = [(Decimal(one["amount"]), Decimal(one["paid"])) for one in book["invoices"]]
    lines = [(Decimal(one["PYAM"]), one["AIT1"]) for batch in book["payment_batches"] for one in batch["lines"]]
    vouchers = [sums_of(one) for one in book["journals"] if one["key1"].startswith("W1")]
    wrong = [] if paid == [(invoiced, invoiced)] else [f"invoices: {paid}"]
    wrong += [] if lines == [(invoiced, "1930")] else [f"lines of payment batches: {lines}"]
    wrong += [] if vouchers == [{"1930": TAKEN_OFF, "2420": -TAKEN_OFF}] else [f"vouchers: {vouchers}"]
    return [*wrong, *books.of_rest_alone(world)]


def of_settlements(world: World) -> list[str]:
    """Says what is wrong: the invoice is paid by one batch of one line, and so is the prepayment used up."""
    book = world.sandbox.m3_book()
    (order,) = world.placed
    paid = [(one["paid"], one["reco"]) for one in book["invoices"]]
    updated = [one for one in book["payment_batches"] if one["updated"]]
    lines = [(one["PYAM"], one["AIT1"]) for batch in updated for one in batch["lines"]]
    wrong = [] if paid == [(order["total"], "9")] else [f"invoices: {paid}"]
    wrong += [] if lines == [(order["total"], "2420")] else [f"lines of payment batches: {lines}"]
    return [*wrong, *books.of_posted_orders(world)]


def invoice_is_credited(world: World) -> None:
    """A mug of the invoiced order comes back."""
    with world.quietly():
        order = world.place()
        world.go_on()
    _refund_a_mug(world, order)
    world.go_on()


def _refund_a_mug(world: World, order: dict[str, Any]) -> None:
    refund = {"line_items": [part_of(order["line_items"][0], 1)]}
    world.sandbox.post(
        f"{world.sandbox.shop_url}/_control/orders/{order['id']}", {"deliver": "never", "refund": refund}
    )
    world.connector.ask(order["id"])


def of_credits(world: World) -> list[str]:
    """Says what is wrong: the invoice is as ever, and the refund one credit of its amount, balanced."""
    book = world.sandbox.m3_book()
    found = sorted((one["cino"], one["amount"]) for one in book["invoices"])
    wanted = sorted(
        [
            *((f"W1-{order['id']}", order["total"]) for order in world.placed),
            *((f"W1C-{one['id']}", f"-{one['amount']}") for one in world.sandbox.shop_book()["refunds"]),
        ]
    )
    unbalanced = [one["key1"] for one in book["journals"] if sum(sums_of(one).values())]
    wrong = [] if found == wanted else [f"invoices: {found}, not {wanted}"]
    wrong += [f"unbalanced: {unbalanced}"] if unbalanced else []
    return [*wrong, *books.of_nothing_in_m3(world)]


def of_repayments(world: World) -> list[str]:
    """Says what is wrong: what was paid back is one voucher, the reverse of so much of the payment."""
    found = [sums_of(one) for one in world.sandbox.m3_book()["journals"] if one["key1"].startswith("W1R")]
    wrong = [] if found == [{"2420": PAID_BACK, "1580": -PAID_BACK}] else [f"vouchers of repayments: {found}"]
    return [*wrong, *of_refunds(world)]


def of_invoices(world: World) -> list[str]:
    """Says what is wrong: every order is one invoice of its total, balanced, and no order of M3."""
    book = world.sandbox.m3_book()
    found = sorted((one["cino"], one["amount"]) for one in book["invoices"])
    wanted = sorted((f"W1-{order['id']}", order["total"]) for order in world.placed)
    unbalanced = [one["key1"] for one in book["journals"] if sum(sums_of(one).values())]
    wrong = [] if found == wanted else [f"invoices: {found}, not {wanted}"]
    wrong += [f"unbalanced: {unbalanced}"] if unbalanced else []
    return [*wrong, *books.of_nothing_in_m3(world)]


def of_payments(world: World) -> list[str]:
    """Says what is wrong: every paid order has one voucher, and that its total."""
    journals = [one for one in world.sandbox.m3_book()["journals"] if one["key1"].startswith("W1P")]
    wanted = [_payment(Decimal(order["total"])) for order in world.placed]
    found = [sums_of(one) for one in journals]
    wrong = [] if found == wanted else [f"vouchers: {found}"]
    return [*wrong, *books.of_posted_orders(world)]


def _payment(total: Decimal) -> dict[str, Decimal]:
    return {"1580": total - FEE, "2420": -total, "6570": Decimal("1.00"), "2640": Decimal("0.25")}
