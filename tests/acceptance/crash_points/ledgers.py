"""The stories of the ledger: what is paid or invoiced becomes one voucher. Used by stories.py."""

from __future__ import annotations

from decimal import Decimal

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.integration.flows.books.counting_house import FEE_KEY, meta, paying, sums_of

CARRIES_PAYMENTS = paying()
FEE = Decimal("1.25")


def order_is_paid(world: World) -> None:
    """The order goes across quietly; its payment, with the gateway's fee, is what is told."""
    world.place(meta_data=meta(**{FEE_KEY: str(FEE)}))
    world.go_on()


def of_payments(world: World) -> list[str]:
    """Says what is wrong: every paid order has one voucher, and that its total."""
    journals = [one for one in world.sandbox.m3_book()["journals"] if one["key1"].startswith("W1P")]
    wanted = [_payment(Decimal(order["total"])) for order in world.placed]
    found = [sums_of(one) for one in journals]
    wrong = [] if found == wanted else [f"vouchers: {found}"]
    return [*wrong, *books.of_posted_orders(world)]


def _payment(total: Decimal) -> dict[str, Decimal]:
    return {"1580": total - FEE, "2420": -total, "6570": Decimal("1.00"), "2640": Decimal("0.25")}
