"""Arbitrary shop orders for the property tests, computed the way WooCommerce does, apart from the code under test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

from connector.money.planned import ItemFacts
from connector.stores.config import StoreConfig
from connector.woocommerce.models import Order, parse_order
from tests.unit.money.material import store

RATES = {1: Decimal(25), 2: Decimal(5), 3: Decimal("8.875")}
DECIMALS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
POSTED = ("EUR", "JPY", "USD")
"""Currencies whose amounts a line of M3 can hold; KWD has a decimal more."""
HIDDEN = Decimal("0.0001")  # line totals are stored with more places than they are shown with


@dataclass(frozen=True)
class Case:
    """One order with everything that planning it takes."""

    order: Order
    config: StoreConfig
    items: dict[int, ItemFacts]
    currency_decimals: int
    rate_of_line: dict[int, Decimal]
    rate_of_charge: dict[str, Decimal]


@dataclass
class _Row:
    exact: Decimal
    rates: dict[int, Decimal]  # rate id -> unrounded tax
    quantity: int = 0
    before: Decimal = Decimal(0)
    sku: str = ""


@st.composite
def cases(draw: st.DrawFn, currencies: Sequence[str] = POSTED) -> Case:
    currency = draw(st.sampled_from(currencies))
    decimals = DECIMALS[currency]
    goods = draw(st.lists(_goods(decimals), min_size=1, max_size=12))
    shipping = draw(st.lists(_plain(decimals), max_size=2))
    fees = draw(st.lists(_plain(decimals), max_size=2)) + draw(st.lists(_deduction(goods, decimals), max_size=1))
    order = _order(goods, shipping, fees, currency=currency, at_subtotal=draw(st.booleans()))
    limit = Decimal(1).scaleb(-decimals) * (len(goods) + len(shipping) + len(fees) + 3)
    config = store(
        rates=("0", *(str(rate) for rate in RATES.values())),
        currencies=(currency,),
        tax_mode=draw(st.sampled_from(["V", "T"])),
        vat_rounding=draw(st.sampled_from(["document", "line"])),
        rounding_limit=limit,
        price_per_quantity=draw(st.booleans()),
        merge_equal_lines=draw(st.booleans()),
    )
    price_decimals = draw(st.sampled_from([2, 4, 6]))
    return Case(
        order=order,
        config=config,
        items={line.id: ItemFacts(line.sku, "PCE", price_decimals=price_decimals) for line in order.line_items},
        currency_decimals=decimals,
        rate_of_line={line.id: RATES[line.taxes[0].id] if line.taxes else Decimal(0) for line in order.line_items},
        rate_of_charge={one.id: one.rate for one in config.money.charges},
    )


def rounded(amount: Decimal, decimals: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


@st.composite
def _goods(draw: st.DrawFn, decimals: int) -> _Row:
    price = Decimal(draw(st.one_of(st.integers(4, 9999), st.sampled_from([249, 1290])))).scaleb(-decimals)
    quantity = draw(st.integers(1, 40))
    percent_off = Decimal(draw(st.sampled_from([0, 0, 10, 15, 33, 50, 100])))
    before = price * quantity
    exact = (before * (100 - percent_off) / 100).quantize(HIDDEN)
    return _Row(exact, _taxed(exact, draw(_rate_id)), quantity, before, draw(st.sampled_from(["MUG", "PAN", "TEA"])))


_rate_id = st.sampled_from([0, 1, 1, 2, 3])


def _taxed(exact: Decimal, rate_id: int) -> dict[int, Decimal]:
    return {rate_id: exact * RATES[rate_id] / 100} if rate_id else {}


@st.composite
def _plain(draw: st.DrawFn, decimals: int) -> _Row:
    exact = Decimal(draw(st.integers(0, 3000))).scaleb(-decimals)
    return _Row(exact, _taxed(exact, draw(_rate_id)))


@st.composite
def _deduction(draw: st.DrawFn, goods: list[_Row], decimals: int) -> _Row:
    """A negative fee, taxed in proportion to the taxed parts of the order."""
    exact = -Decimal(draw(st.integers(1, 1500))).scaleb(-decimals)
    whole = sum((row.exact for row in goods), Decimal(0))
    taxes: dict[int, Decimal] = {}
    for row in goods:
        for rate_id in row.rates:
            part = exact * row.exact / whole * RATES[rate_id] / 100 if whole else Decimal(0)
            taxes[rate_id] = taxes.get(rate_id, Decimal(0)) + part
    return _Row(exact, taxes)


def _order(goods: list[_Row], shipping: list[_Row], fees: list[_Row], *, currency: str, at_subtotal: bool) -> Order:
    decimals = DECIMALS[currency]
    rows = [*goods, *shipping, *fees]
    tax_lines = [
        {
            "id": 900 + rate_id, "rate_id": rate_id, "rate_percent": float(RATES[rate_id]),
            "tax_total": str(_tax(rate_id, [*goods, *fees], decimals, at_subtotal=at_subtotal)),
            "shipping_tax_total": str(_tax(rate_id, shipping, decimals, at_subtotal=at_subtotal)),
        }
        for rate_id in RATES
        if any(rate_id in row.rates for row in rows)
    ]  # fmt: skip
    tax = sum((Decimal(one[key]) for one in tax_lines for key in ("tax_total", "shipping_tax_total")), Decimal(0))
    ids = iter(range(11, 100))
    groups = [[_as_sent(next(ids), row, decimals) for row in group] for group in (goods, shipping, fees)]
    body = {
        "id": 54, "number": "54", "status": "processing", "currency": currency,
        "date_created_gmt": "2026-11-22T01:33:04", "discount_total": "0", "discount_tax": "0",
        "shipping_total": str(sum((Decimal(one["total"]) for one in groups[1]), Decimal(0))),
        "shipping_tax": "0", "cart_tax": "0", "total_tax": str(tax),
        "total": str(rounded(sum((row.exact for row in rows), Decimal(0)) + tax, decimals)),
        "billing": {}, "shipping": {}, "line_items": groups[0], "shipping_lines": groups[1],
        "fee_lines": groups[2], "tax_lines": tax_lines, "coupon_lines": [],
    }  # fmt: skip
    return parse_order(json.dumps(body).encode())


def _tax(rate_id: int, rows: list[_Row], decimals: int, *, at_subtotal: bool) -> Decimal:
    taxes = [row.rates.get(rate_id, Decimal(0)) for row in rows]
    if not at_subtotal:
        taxes = [rounded(tax, decimals) for tax in taxes]
    return rounded(sum(taxes, Decimal(0)), decimals)


def _as_sent(line_id: int, row: _Row, decimals: int) -> dict[str, Any]:
    sent = {
        "id": line_id, "sku": row.sku, "quantity": row.quantity, "total": str(rounded(row.exact, decimals)),
        "subtotal": str(rounded(row.before, decimals)), "subtotal_tax": "0", "total_tax": "0",
    }  # fmt: skip
    six_places = Decimal("0.000001")
    return sent | {
        "taxes": [{"id": key, "total": str(tax.quantize(six_places)), "subtotal": ""} for key, tax in row.rates.items()]
    }
