"""What a money plan consists of; made by connector.money.plan, read by the flows and by connector.money.proof."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.stores.money import ChargeKind, TaxMode, VatRounding

Share = tuple[int, Decimal, Decimal]
"""A shop line id and the quantity and amount of it that an M3 line carries."""


@dataclass(frozen=True)
class ItemFacts:
    """What the price ladder needs to know of the M3 item behind a shop line."""

    item_number: str
    unit: str  # the unit sold in (ALUN)
    price_unit: str = ""  # the unit the price is sent in (SPUN); empty or the same as `unit`, else the line is held
    price_decimals: int = 2  # PDCC of the item


@dataclass(frozen=True)
class PlannedLine:
    """One line of the M3 order. M3 computes ORQT x SAPR / SACD less the discount, and gets `amount`."""

    key: str  # "17"; "17/1" and "17/2" if split; "17+18" if merged
    shares: tuple[Share, ...]
    item_number: str
    unit: str
    price_unit: str
    quantity: Decimal
    unit_price: Decimal
    price_quantity: int
    discount_percent: Decimal  # 100 on a line that costs nothing, else 0
    amount: Decimal
    rate: Decimal  # VAT in percent
    line_taxes: tuple[tuple[str, Decimal], ...] = ()  # charge id and amount; tax mode T only


@dataclass(frozen=True)
class PlannedCharge:
    """One head charge; an id occurs once. `text` is not cut to what M3 can hold."""

    charge_id: str
    amount: Decimal
    text: str


@dataclass(frozen=True)
class Placement:
    """Where a shipping or fee line, its tax (mode T) or the rounding went: the origin of the head charges."""

    kind: ChargeKind
    source_id: int  # id of the shipping or fee line; 0 for the rounding
    rate: Decimal
    charge_id: str
    amount: Decimal
    text: str


@dataclass(frozen=True)
class MoneyPlan:
    """All money of one order as it is to stand in M3, in the order's currency."""

    lines: tuple[PlannedLine, ...]
    head_charges: tuple[PlannedCharge, ...]
    currency: str
    currency_decimals: int
    tax_mode: TaxMode
    vat_rounding: VatRounding
    net: Decimal  # lines and all charges, the rounding charge included
    vat: Decimal  # what M3 should compute; 0 in mode T
    total: Decimal  # the shop's total, and M3's
    shop_tax: Decimal
    vat_tolerance: Decimal  # how far M3's VAT may be from the shop's tax; 0 in mode T
    rounding: Decimal  # the rounding charge, 0 if none is needed
    rounding_limit: Decimal
    placements: tuple[Placement, ...]
