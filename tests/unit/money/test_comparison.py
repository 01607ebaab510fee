"""What M3 holds after Confirm is compared with the plan figure by figure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from connector.money.comparison import compare_with_m3
from connector.money.expected import Expected
from connector.money.plan import plan_money
from tests.unit.money.material import items_of, recorded_order, store


@dataclass(frozen=True)
class Value:
    """What M3 states of an order."""

    before_tax: Decimal = Decimal("151.80")
    vat: Decimal = Decimal("37.95")
    total: Decimal = Decimal("189.75")
    rounding: Decimal = Decimal(0)
    currency: str = "EUR"


CUPOS = {"17": 1, "18": 2, "19": 3, "20": 4}
LINES = [(1, Decimal("34.83")), (2, Decimal("9.00")), (3, Decimal("88.19")), (4, Decimal("14.78"))]
SENT_TAX = Value(before_tax=Decimal("189.75"), vat=Decimal(0))


def sent(mode: str = "V") -> Expected:
    order = recorded_order(5)
    return Expected.of(plan_money(order, config=store(tax_mode=mode), items=items_of(order)), cupos=CUPOS)


def different(value: Value, lines: list[tuple[int, Decimal]] = LINES, *, mode: str = "V") -> list[str]:
    return [one.what for one in compare_with_m3(sent(mode), value, lines)]


def test_equal_orders_show_no_difference() -> None:
    assert different(Value()) == []
    assert different(SENT_TAX, mode="T") == []


@pytest.mark.parametrize("mode", ["V", "T"])
def test_what_was_sent_outlives_a_run_as_json(mode: str) -> None:
    kept = json.dumps(sent(mode).to_json())

    assert Expected.from_json(json.loads(kept)) == sent(mode)


def test_total_must_agree_to_the_cent() -> None:
    value = Value(total=Decimal("189.76"))

    (difference,) = compare_with_m3(sent(), value, LINES)

    assert (difference.expected, difference.found) == ("189.75", "189.76")
    assert difference.what == "the total (TOPY)"


@pytest.mark.parametrize(("vat", "agrees"), [("38.00", True), ("37.90", True), ("38.01", False), ("37.89", False)])
def test_vat_may_differ_up_to_the_limit(vat: str, agrees: bool) -> None:
    value = Value(before_tax=Decimal("189.75") - Decimal(vat), vat=Decimal(vat))

    assert different(value) == ([] if agrees else ["the VAT (VTAM)"])


def test_value_before_tax_must_be_the_total_less_vat() -> None:
    assert different(Value(before_tax=Decimal("151.79"))) == ["the value before tax (ORVA)"]


def test_rounding_by_m3_itself_is_a_difference() -> None:
    assert different(Value(rounding=Decimal("0.01"))) == ["the rounding (ROAM)"]


def test_another_currency_is_a_difference() -> None:
    assert different(Value(currency="USD")) == ["the currency"]


def test_where_the_shops_tax_is_sent_m3_may_compute_none() -> None:
    assert different(replace(SENT_TAX, vat=Decimal("0.01")), mode="T") == ["the VAT (VTAM)"]


def test_line_amounts_are_compared_by_their_number() -> None:
    swapped = [(2, Decimal("34.83")), (1, Decimal("9.00")), *LINES[2:]]

    assert different(Value(), swapped) == ["line 17 (CUPO 1)", "line 18 (CUPO 2)"]


def test_missing_and_foreign_lines_are_differences() -> None:
    assert different(Value(), LINES[:3]) == ["line 20 (CUPO 4)"]
    assert different(Value(), [*LINES, (9, Decimal(0))]) == ["a line that was not sent (CUPO 9)"]


def test_a_line_m3_divided_is_compared_as_a_whole() -> None:
    divided = [(1, Decimal("11.61")), (1, Decimal("23.22")), *LINES[1:]]

    assert different(Value(), divided) == []
