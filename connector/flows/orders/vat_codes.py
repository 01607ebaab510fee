"""Holds an order whose item has another VAT code in M3 than the shop's rate asks for, before anything is written.

Called by orders_to_m3 and its preview, and for lines that are added to a posted order. Without it M3's total would tell, after
Confirm, on an order that has to be locked. The codes are read with the items and kept with them, so nothing is asked; only one that
differs is asked for again, for it may have been put right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from connector.errors import MappingError
from connector.flows.context import Run
from connector.flows.orders.items import read_again
from connector.ledger.items import KnownItem, find_items
from connector.money.planned import PlannedLine
from connector.stores.money import TaxMode
from connector.woocommerce.models import Order

CODE = "vat_code"


@dataclass(frozen=True)
class Wanted:
    """An item of the order, and the VAT rate in percent it is sold at."""

    sku: str
    item: KnownItem
    rate: Decimal


def require(run: Run, order: Order, lines: Iterable[PlannedLine]) -> None:
    """Makes sure that items have the VAT codes of `items.vat_codes`; an untaxed line may have any, for its buyer is exempt.

    Args:
        run: This run.
        order: The order.
        lines: Those of its lines that are to be written.

    Raises:
        MappingError: One has another; nothing was written.
        RemoteUnavailableError, RateLimitedError: M3 cannot be asked now.
    """
    config = run.store.config
    if not config.items.vat_codes or config.money.tax_mode is TaxMode.SHOP_TAX_SENT:
        return
    skus = sorted({line.sku for line in order.line_items})
    known = find_items(run.journal.connection, run.store.name, skus=skus, max_age_h=config.items.recheck_hours)
    sold = {(line.item_number, line.rate) for line in lines if line.rate}
    wanted = [
        Wanted(sku, one, rate) for sku, one in known.items() for number, rate in sold if number == one.item_number
    ]
    doubtful = {one.sku: one.item for one in wanted if _differs(run, one, one.item.facts.get(CODE))}
    codes = read_again(run, doubtful) if doubtful else {}
    for one in wanted:
        if one.sku in codes and _differs(run, one, codes[one.sku]):
            raise _other_code(run, one, codes[one.sku])


def _differs(run: Run, one: Wanted, code: str | None) -> bool:
    wanted = run.store.config.items.vat_code(one.rate)
    return wanted is not None and code != wanted


def _other_code(run: Run, one: Wanted, code: str) -> MappingError:
    wanted = run.store.config.items.vat_code(one.rate)
    return MappingError(
        f"SKU {one.sku} is sold at {one.rate.normalize():f} % VAT, and item {one.item.item_number} has VAT code "
        f"{code or '(none)'} in M3 instead of {wanted}. Nothing was written.",
        rule="items.vat_codes",
        field="VTCS",
        resolution="Correct the item's VAT code in MMS001, the product's tax class in the shop, or items.vat_codes of the store "
        "file; then release the exchange.",
    )
