"""Whatever is sold: every journal balances, and on each account stands what the shop states, in total and at every tax rate."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness import Connector
from tests.integration.flows.books.counting_house import BOOKS, FEE_KEY, PAYMENTS, invoicing, meta, sums_of
from tests.integration.flows.money.test_any_life import carts
from tests.integration.flows.money.till import ZERO, Till, many_currencies

EXAMPLES = int(os.environ.get("MONEY_EXAMPLES", "5"))
TAX_ACCOUNTS = {Decimal(25): "2610", Decimal(5): "2611"}
few = settings(
    max_examples=EXAMPLES,
)


@pytest.fixture
def house(connector: Connector) -> Till:
    """A store whose orders are invoices and whose payments are journals."""
    till = Till(connector)
    content = invoicing(payments=PAYMENTS, books=BOOKS)
    connector.configure(many_currencies(content))
    return till


def stated(order: Mapping[str, Any], part: str, field: str = "total") -> Decimal:
    return sum((Decimal(one[field]) for one in order[part]), ZERO)


def tax_of_rates(order: Mapping[str, Any]) -> dict[str, Decimal]:
    """What the shop's tax lines state, by the account of each rate."""
    sums: dict[str, Decimal] = {}
    for line in order["tax_lines"]:
        account = TAX_ACCOUNTS[Decimal(str(line["rate_percent"]))]
        tax = Decimal(line["tax_total"]) + Decimal(line["shipping_tax_total"])
        sums[account] = sums.get(account, ZERO) + tax
    return {account: tax for account, tax in sums.items() if tax}


def of_kind(till: Till, letter: str) -> list[dict[str, Decimal]]:
    journals = till.sandbox.m3_book()["journals"]
    return [sums_of(one) for one in journals if one["key1"].startswith(f"W1{letter}")]


@few
@given(cart=carts, fee=st.sampled_from(["", "0.37", "1.00"]))
@pytest.mark.parametrize("currency", ["EUR", "USD", "JPY"])
def test_any_sale_is_posted_as_the_shop_states_it(house: Till, currency: str, cart: dict[str, Any], fee: str) -> None:
    house.begin_anew()
    rows = meta(**{FEE_KEY: fee}) if fee and currency != "JPY" else []
    order = house.sell(currency=currency, meta_data=rows, **cart)

    house.go_on()

    (invoice,), (payment,) = of_kind(house, "I"), of_kind(house, "P")
    total = Decimal(order["total"])
    rounding = invoice.get("3740", ZERO)
    assert house.unsettled() == {}
    assert sum(invoice.values()) == sum(payment.values()) == 0
    assert (invoice["1510"], payment["2420"]) == (total, -total)
    assert {account: -invoice[account] for account in TAX_ACCOUNTS.values() if account in invoice} == tax_of_rates(
        order
    )
    assert invoice.get("3010", ZERO) + invoice.get("3730", ZERO) == -stated(order, "line_items")
    assert -invoice.get("3510", ZERO) == stated(order, "shipping_lines")
    assert -invoice.get("3520", ZERO) == stated(order, "fee_lines")
    assert abs(rounding) <= Decimal("0.05")
    assert total - payment["1580"] == Decimal(fee or 0) * (currency != "JPY")


@few
@given(cart=carts)
def test_a_sale_in_dinars_is_held_before_anything_is_posted(house: Till, cart: dict[str, Any]) -> None:
    house.begin_anew()
    house.sell(currency="KWD", **cart)

    house.go_on()

    book = house.sandbox.m3_book()
    assert (book["journals"], book["journal_batches"], book["invoices"]) == ([], [], [])
    assert len(house.unsettled()) == 2
