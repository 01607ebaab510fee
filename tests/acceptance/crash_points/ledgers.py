"""The stories of the ledger: what is paid or invoiced becomes one voucher. Used by stories.py."""

from __future__ import annotations

from decimal import Decimal

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.integration.flows.books.counting_house import FEE_KEY, invoicing, meta, paying, sums_of

CARRIES_PAYMENTS = paying()
INVOICES_ORDERS = invoicing()
FEE = Decimal("1.25")


def order_is_paid(world: World) -> None:
    """The order goes across quietly; its payment, with the gateway's fee, is what is told."""
    world.place(meta_data=meta(**{FEE_KEY: str(FEE)}))
    world.go_on()


def order_is_invoiced(world: World) -> None:
    """The order becomes an invoice, and no order."""
    world.place(coupons=["TEN"])
    world.go_on()


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
