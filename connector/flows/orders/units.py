"""How many basic units of M3 one unit of the shop is. Called for orders, prices, stock issues and their comparison."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from connector.errors import ConnectorError, MappingError
from connector.flows.context import StoreContext
from connector.m3.programs import mms015mi
from connector.m3.programs.mms015mi import PRICE, QUANTITY
from connector.m3.rejections import is_not_found


def read_factors(store: StoreContext, items: Collection[str], *, kind: str = QUANTITY) -> dict[str, Decimal]:
    """Returns it of the items that have the unit the shop sells in; others, and all where nothing says it, have their basic one.

    Args:
        store: The store.
        items: M3 item numbers.
        kind: AUTP: of units of quantity or of units of price, which M3 keeps apart.

    Raises:
        MappingError: M3's factor cannot be used.
        RetryableError: M3 cannot be asked now.
    """
    unit = store.config.unit_sold
    if not unit or not items:
        return {}
    asked = sorted(items)
    factors = {}
    for item, answer in zip(
        asked, store.m3.read([mms015mi.get(item, unit=unit, kind=kind) for item in asked]), strict=True
    ):
        error: ConnectorError | None = answer.error
        if is_not_found(error):
            continue
        factors[item] = factor_of(item, mms015mi.read_unit(answer))
    return factors


def require_same_price_unit(store: StoreContext, factors: Mapping[str, Decimal]) -> None:
    """Makes sure that a price for one of the shop's unit is a price for one of it in M3, too.

    Args:
        store: The store.
        factors: Of the units of quantity, by item.

    Raises:
        MappingError: M3 counts more or less into the unit of the same name when it prices.
        RetryableError: M3 cannot be asked now.
    """
    unit = store.config.unit_sold
    for item, priced in read_factors(store, factors, kind=PRICE).items():
        if priced != factors[item]:
            raise MappingError(
                f"Item {item}: unit {unit} is {factors[item]:f} basic units as a quantity and {priced:f} in prices.",
                field="SPUN",
                resolution=f"Make both alike in MMS015 (alternate units of item {item}), then release the exchange.",
            )


def factor_of(item: str, unit: mms015mi.AlternateUnit) -> Decimal:
    """Returns how many basic units one of an item's other units is.

    Raises:
        MappingError: M3's factor cannot be used.
    """
    if unit.factor <= 0:
        raise MappingError(
            f"Item {item}: unit {unit.unit} has the factor {unit.factor} in M3.",
            field="ALUN",
            resolution=f"Correct unit {unit.unit} of item {item} in MMS015, then release the exchange.",
        )
    return 1 / unit.factor if unit.is_divisor else unit.factor
