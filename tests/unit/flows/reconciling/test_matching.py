"""One order of the shop and M3's, figure by figure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from connector.flows.reconciling.m3_side import Head, Held
from connector.flows.reconciling.matching import differences, less_refunds
from connector.flows.reconciling.shop_side import ShopLine, ShopOrder, ShopRefund
from connector.m3.programs.ois100mi import LineKey, OrderLine, OrderValue
from connector.m3.programs.ois175mi import ListedOrder
from connector.stores.money import ChargeConfig, ChargeKind, MoneyConfig, TaxMode
from connector.stores.orders import OrderAction

ZERO = Decimal(0)
LIMIT = Decimal("0.05")
CHARGES = (
    ChargeConfig(kind=ChargeKind.SHIPPING, rate=Decimal(25), currency="EUR", id="SHP25"),
    ChargeConfig(kind=ChargeKind.FEE, rate=Decimal(25), currency="EUR", id="FEE25"),
    ChargeConfig(kind=ChargeKind.ROUNDING, currency="EUR", id="RND00"),
)
CONFIG = MoneyConfig(charges=CHARGES)


def order(**changes: Any) -> ShopOrder:
    lines = (ShopLine(1, "MUG-001", Decimal(3), Decimal("38.70")), ShopLine(2, "MUG-002", Decimal(1), Decimal("9.99")))
    sold = ShopOrder(
        id=54,
        number="54",
        status="processing",
        action=OrderAction.CONFIRM,
        reference="w1-54-1795311984",
        day=date(2026, 11, 22),
        currency="EUR",
        total=Decimal("67.11"),
        tax=Decimal("13.42"),
        shipping=Decimal("5.00"),
        fees=ZERO,
        lines=lines,
        taxed_rows=3,
        refund_ids=(),
        m3_number="",
    )
    return replace(sold, **changes)


def line(item: str, quantity: str, amount: str, *, number: str = "1") -> OrderLine:
    return OrderLine(
        key=LineKey(number), customer_line=1, item=item, replaced_item="", quantity=Decimal(quantity),
        quantity_in_unit=Decimal(quantity), unit="PCE", price=ZERO, price_quantity=ZERO, price_unit="PCE", net_price=ZERO,
        net_amount=Decimal(amount), warehouse="001", status="22", allocated=ZERO, delivered=ZERO, invoiced=ZERO, currency="EUR",
    )  # fmt: skip


def held(
    *lines: OrderLine,
    total: str = "67.11",
    vat: str = "13.42",
    charges: dict[str, str] | None = None,
    currency: str = "EUR",
) -> Held:
    listed = ListedOrder("0010000001", "w1-54-1795311984", "W1-54", date(2026, 11, 22), "W01", "22", "22")
    value = OrderValue(
        net=ZERO, charges=ZERO, external_charges=ZERO, before_tax=ZERO, vat=Decimal(vat), after_tax=ZERO, rounding=ZERO,
        total=Decimal(total), currency=currency,
    )  # fmt: skip
    there = lines or (line("MUG-001", "3", "38.70"), line("MUG-002", "1", "9.99", number="2"))
    amounts = {name: Decimal(amount) for name, amount in (charges or {"SHP25": "5.00"}).items()}
    return Held(Head(listed, "W1", None), value, there, amounts)


def found(sold: ShopOrder, there: Held, config: MoneyConfig = CONFIG) -> list[tuple[str, str | None, str | None]]:
    return [(one.what, one.shop, one.m3) for one in differences(sold, there, config=config, limit=LIMIT)]


def test_equal_sides_show_nothing() -> None:
    assert found(order(), held()) == []


def test_lines_that_m3_split_or_knows_by_another_name_are_the_same() -> None:
    split = (
        line("MUG-001", "2", "25.80"),
        line("MUG-001", "1", "12.90", number="2"),
        line("M-2", "1", "9.99", number="3"),
    )

    assert found(order(), held(*split)) == []


def test_a_missing_and_a_foreign_line_are_told_apart() -> None:
    there = (line("MUG-001", "3", "38.70"), line("PAN-28", "2", "98.00"), line("RICE-KG", "1", "2.00"))

    assert found(order(), held(*there)) == [
        ("line MUG-002", "1 for 9.99", None),
        ("line PAN-28", None, "2 for 98.00"),
        ("line RICE-KG", None, "1 for 2.00"),
    ]


def test_pieces_swapped_between_two_items_of_one_price_are_found() -> None:
    lines = (ShopLine(1, "A", Decimal(2), Decimal(20)), ShopLine(2, "B", Decimal(1), Decimal(10)))
    there = (line("A", "1", "10"), line("B", "2", "20"))

    assert [what for what, _, _ in found(order(lines=lines), held(*there))] == ["line A", "line B"]


def test_tax_within_the_limit_is_rounding_only_if_the_total_agrees() -> None:
    near = differences(order(), held(vat="13.43"), config=CONFIG, limit=LIMIT)
    off = differences(order(), held(vat="13.43", total="67.12"), config=CONFIG, limit=LIMIT)

    assert [(one.what, one.is_rounding) for one in near] == [("tax", True)]
    assert [(one.what, one.is_rounding) for one in off] == [("tax", False), ("total", False)]


def test_the_rounding_charge_is_shown_as_rounding_up_to_the_limit() -> None:
    small = differences(order(), held(charges={"SHP25": "5.00", "RND00": "-0.01"}), config=CONFIG, limit=LIMIT)
    large = differences(order(), held(charges={"SHP25": "5.00", "RND00": "-1.00"}), config=CONFIG, limit=LIMIT)

    assert [(one.what, one.m3, one.is_rounding) for one in small] == [("rounding", "-0.01", True)]
    assert [one.is_rounding for one in large] == [False]


def test_charges_nobody_configured_are_found() -> None:
    assert found(order(), held(charges={"SHP25": "5.00", "PACK": "1.00"})) == [("charge PACK", None, "1.00")]


def test_one_charge_id_for_shipping_and_fees_is_compared_as_one() -> None:
    both = MoneyConfig(charges=(*CHARGES[:1], ChargeConfig(kind=ChargeKind.FEE, currency="EUR", id="SHP25")))

    assert found(order(shipping=Decimal("3.00"), fees=Decimal("2.00")), held(), both) == []
    assert found(order(), held(charges={"SHP25": "4.00"}), both) == [("shipping and fees", "5.00", "4.00")]


def test_where_the_shops_tax_is_sent_it_is_what_the_total_holds_beyond_all_else() -> None:
    sent = MoneyConfig(tax_mode=TaxMode.SHOP_TAX_SENT, charges=CHARGES)

    assert found(order(), held(vat="0"), sent) == []
    assert ("tax", "13.42", "13.43") in found(order(), held(vat="0", total="67.12"), sent)


def test_another_currency_is_told_alone() -> None:
    assert found(order(), held(currency="USD")) == [("currency", "EUR", "USD")]


def test_an_order_made_smaller_by_a_refund_is_what_is_left() -> None:
    back = ShopRefund(
        id=71,
        order_id=54,
        reference="w1-R71-1795311984",
        day=date(2026, 11, 22),
        amount=Decimal("12.49"),
        tax=Decimal("2.50"),
        shipping=ZERO,
        fees=ZERO,
        lines=(ShopLine(2, "MUG-002", Decimal(1), Decimal("9.99")),),
    )

    left = less_refunds(order(), [back])

    assert (left.total, left.tax) == (Decimal("54.62"), Decimal("10.92"))
    assert found(left, held(line("MUG-001", "3", "38.70"), total="54.62", vat="10.92")) == []
