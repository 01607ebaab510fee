"""Recorded and made-up shop orders, and a store whose charge ids cover them, for the money tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from connector.money.planned import ItemFacts
from connector.stores.config import StoreConfig
from connector.stores.money import ChargeConfig, ChargeKind, MoneyConfig
from connector.stores.orders import OrdersConfig
from connector.stores.reading import parse_store_config
from connector.woocommerce.models import Order, parse_order

RECORDED = Path(__file__).parents[2] / "fixtures" / "woocommerce" / "recorded"
PREFIXES = {
    ChargeKind.SHIPPING: "SHP",
    ChargeKind.FEE: "FEE",
    ChargeKind.LINE_TAX: "TAX",
    ChargeKind.SHIPPING_TAX: "STX",
    ChargeKind.FEE_TAX: "FTX",
}


def recorded_order(number: int) -> Order:
    """Reads the order in recorded delivery `number`, from its raw bytes."""
    (path,) = RECORDED.glob(f"{number:02d}-*.json")
    return parse_order(json.loads(path.read_text(encoding="utf-8"))["body_raw"].encode())


def recorded_order_numbers() -> list[int]:
    """Lists the recorded deliveries that carry a whole order."""
    numbers = []
    for path in sorted(RECORDED.glob("*-order-*.json")):
        if '\\"line_items\\"' in path.read_text(encoding="utf-8"):
            numbers.append(int(path.name[:2]))
    return numbers


def store(
    *, rates: Iterable[str] = ("0", "25", "5"), currencies: Iterable[str] = ("EUR", "USD"), **changes: Any
) -> StoreConfig:
    """Makes a store with a charge id for every kind, rate and currency; `changes` go into money and orders."""
    charges = [
        ChargeConfig(kind=kind, rate=Decimal(rate), currency=currency, id=f"{prefix}{rate.replace('.', '')}"[:6])
        for currency in currencies
        for kind, prefix in PREFIXES.items()
        for rate in rates
    ]
    charges += [ChargeConfig(kind=ChargeKind.ROUNDING, currency=one, id="ROUND") for one in currencies]
    money = {key: changes.pop(key) for key in list(changes) if key in MoneyConfig.model_fields}
    base = parse_store_config(
        "m3: {company: 100, division: AAA, facility: '001', warehouse: '001', order_type: W01}", source="test"
    )
    return base.model_copy(
        update={"money": MoneyConfig(**{"charges": tuple(charges), **money}), "orders": OrdersConfig(**changes)}
    )


def items_of(order: Order, **facts: Any) -> dict[int, ItemFacts]:
    """Makes item facts for every line: its SKU as item number, pieces, two price decimals."""
    return {line.id: ItemFacts(line.sku or f"I{line.id}", "PCE", **facts) for line in order.line_items}


def order_of(
    *,
    lines: Iterable[Mapping[str, Any]] = (),
    shipping: Iterable[Mapping[str, Any]] = (),
    fees: Iterable[Mapping[str, Any]] = (),
    rates: Mapping[int, str] | None = None,
    total: str | None = None,
    total_tax: str | None = None,
    currency: str = "EUR",
) -> Order:
    """Makes an order as the shop would send it; sums that are not given are computed, with tax rounded per line.

    A line is `{"total": "9.00", "quantity": 1, "tax": {rate id: unrounded tax}}`; shipping and fees have no quantity.
    """
    ids = iter(range(11, 1000))
    groups = [[_line(next(ids), one) for one in group] for group in (lines, shipping, fees)]
    known = {1: "25"} if rates is None else rates
    tax_lines = [_tax_line(rate_id, percent, groups) for rate_id, percent in known.items()]
    tax = sum((Decimal(line["tax_total"]) + Decimal(line["shipping_tax_total"]) for line in tax_lines), Decimal(0))
    net = sum((Decimal(line["total"]) for group in groups for line in group), Decimal(0))
    body = {
        "id": 54, "number": "54", "status": "processing", "currency": currency,
        "date_created_gmt": "2026-11-22T01:33:04", "discount_total": "0", "discount_tax": "0",
        "shipping_total": str(sum((Decimal(line["total"]) for line in groups[1]), Decimal(0))),
        "shipping_tax": "0", "cart_tax": "0", "total_tax": total_tax or str(tax),
        "total": total or str(net + Decimal(total_tax or tax)), "billing": {}, "shipping": {},
        "line_items": groups[0], "shipping_lines": groups[1], "fee_lines": groups[2],
        "tax_lines": tax_lines, "coupon_lines": [],
    }  # fmt: skip
    return parse_order(json.dumps(body).encode())


def _line(line_id: int, given: Mapping[str, Any]) -> dict[str, Any]:
    taxes = [{"id": rate_id, "total": tax, "subtotal": ""} for rate_id, tax in given.get("tax", {}).items()]
    rounded = sum((cents(tax["total"]) for tax in taxes), Decimal(0))
    line = {"id": line_id, "sku": f"SKU-{line_id}", "quantity": 1, "subtotal": given["total"], "subtotal_tax": "0"}
    return {**line, **given, "total_tax": str(rounded), "taxes": taxes}


def _tax_line(rate_id: int, percent: str, groups: list[list[dict[str, Any]]]) -> dict[str, Any]:
    goods, shipping, fees = (
        sum((cents(tax["total"]) for line in group for tax in line["taxes"] if tax["id"] == rate_id), Decimal(0))
        for group in groups
    )
    row = {"id": rate_id + 900, "rate_id": rate_id, "rate_percent": float(percent), "compound": False}
    return {**row, "tax_total": str(goods + fees), "shipping_tax_total": str(shipping)}


def cents(amount: str) -> Decimal:
    """Rounds a tax to cents as the shop does per line."""
    return Decimal(amount or "0").quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
