"""`connector check` finds each way in which M3 can be set up wrongly for orders of a shop (money-and-stock sections 2 and 5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector, store_file
from tests.integration.cli.conftest import Run
from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.story import tax_sent

GUEST, TEMPLATE = "GUESTDEEUR", "TMPLB2C"


def _found(run_store: Run, name: str) -> dict[str, Any]:
    """Returns the worst that was found under a name."""
    rows = [one for one in run_store("check", "--json").data if one["name"] == name]
    found: dict[str, Any] = min(rows, key=lambda one: ("fail", "warn", "ok").index(one["level"]))
    return found


def _customer(connector: Connector, number: str, **fields: str) -> None:
    connector.sandbox.post(f"{connector.sandbox.m3_url}/_control/customers/{number}", fields)


def _set_up(connector: Connector, table: str, key: str, **fields: str) -> None:
    connector.sandbox.post(f"{connector.sandbox.m3_url}/_control/set_up/{table}/{key}", fields)


def _charge(connector: Connector, crid: str, **changes: Any) -> None:
    connector.sandbox.post(f"{connector.sandbox.m3_url}/_control/charges", {"crid": crid, **changes})


WRONG = {
    "one invoice sums up several orders (AICD)": {"AICD": "1"},
    "prices count as with VAT (TINC)": {"TINC": "1"},
    "discount model WEBDISC takes something off (DISY)": {"DISY": "WEBDISC"},
    "a discount of 2.5 % is taken off (DIPC)": {"DIPC": "2.5"},
    "charge model FREIGHT adds charges (CHSY)": {"CHSY": "FREIGHT"},
    "it is stopped (BLCD)": {"BLCD": "1"},
    "a credit limit stops prepaid orders (CRLM, CRL2, CRL3, ODUD)": dict.fromkeys(
        ("CRLM", "CRL2", "CRL3", "ODUD"), "9"
    ),
    "M3 adds FEE25, SHP05 to each order (charges of the customer)": {},
}


def test_each_way_to_change_or_stop_orders_is_refused_of_common_customers_and_template_alike(
    connector: Connector, run_store: Run
) -> None:
    for number in (GUEST, TEMPLATE):
        _customer(connector, number, **{name: value for fields in WRONG.values() for name, value in fields.items()})
        for crid in ("FEE25", "SHP05"):
            _charge(connector, crid, customer=number)

    found = {one["name"]: one for one in run_store("check", "--json").data if one["level"] == "fail"}

    common, template = found[f"customer {GUEST}"], found["customer template"]
    for words in WRONG:
        assert words in common["message"] and words in template["message"]
    assert "CRS610" in common["remedy"] and "customers.common" in common["remedy"]
    assert TEMPLATE in template["message"] and "already keep what they got" in template["remedy"]


def test_other_customers_than_the_wrong_one_are_not_named(connector: Connector, run_store: Run) -> None:
    _customer(connector, GUEST, TINC="1")

    names = {one["name"] for one in run_store("check", "--json").data if one["level"] != "ok"}

    assert f"customer {GUEST}" in names
    assert not {"customer template", "customer GUESTHREUR", "common customers"} & names


@pytest.mark.parametrize("transaction", ["GetOrderInfo", "GetFinancial", "LstCustCharges"])
def test_settings_m3_does_not_tell_are_no_good_settings(connector: Connector, run_store: Run, transaction: str) -> None:
    connector.sandbox.m3_rule("CRS610MI", transaction, "nok", times=100)

    found = {one["name"]: one for one in run_store("check", "--json").data if one["level"] == "warn"}

    for number, name in ((GUEST, f"customer {GUEST}"), (TEMPLATE, "customer template")):
        assert f"how it treats orders of {number}" in found[name]["message"] and "CRS610" in found[name]["remedy"]


def test_vat_on_exempt_buyers_and_where_the_shops_tax_is_sent_is_refused(connector: Connector, run_store: Run) -> None:
    _customer(connector, "GUESTDEEUX", TXAP="1")
    exempt = _found(run_store, "customer GUESTDEEUX")
    connector.configure(tax_sent())
    _customer(connector, "TAXTEUR", TXAP="1")

    sent = _found(run_store, "customer TAXTEUR")

    assert (exempt["level"], sent["level"]) == ("fail", "fail")
    assert all("computes VAT (TXAP), but none is due" in one["message"] for one in (exempt, sent))


def test_customers_without_vat_where_m3_computes_it_are_told(connector: Connector, run_store: Run) -> None:
    for number in (GUEST, TEMPLATE):
        _customer(connector, number, TXAP="0")

    found = {one["name"]: one["message"] for one in run_store("check", "--json").data if one["level"] == "warn"}

    assert "computes no VAT" in found[f"customer {GUEST}"] and "computes no VAT" in found["customer template"]
    assert "customer GUESTDEEUX" not in found


def test_a_store_that_makes_no_orders_in_m3_is_not_asked_how_they_are_treated(
    connector: Connector, run_store: Run
) -> None:
    connector.configure(invoicing())
    _customer(connector, GUEST, AICD="1")

    assert _found(run_store, "common customers")["level"] == "ok"


@pytest.mark.parametrize(
    ("code", "words"), [(2, "SHP05 at 5 %, SHP25 at 25 %"), (0, "SHP25 at 25 %")], ids=["of another rate", "none"]
)
def test_a_charge_with_the_vat_code_of_another_rate_is_told(
    connector: Connector, run_store: Run, code: int, words: str
) -> None:
    _charge(connector, "SHP25", vat_code=code)

    found = _found(run_store, f"VAT code {code}")

    assert (found["level"], words in found["message"], "OIS030" in found["remedy"]) == ("warn", True, True)


def test_a_charge_with_another_vat_code_than_items_of_its_rate_is_told(connector: Connector, run_store: Run) -> None:
    connector.configure(store_file().replace("# vat_codes:", "  vat_codes:", 1))
    _charge(connector, "FEE25", vat_code=2)

    found = _found(run_store, "charge FEE25")

    assert (found["level"], "is 2, that of 25 % in items.vat_codes is 1" in found["message"]) == ("warn", True)


def test_charges_with_vat_where_the_shops_tax_is_sent_are_told(connector: Connector, run_store: Run) -> None:
    connector.configure(tax_sent())

    found = _found(run_store, "VAT codes")

    assert (found["level"], "free of VAT" in found["message"], "SHP25 1" in found["message"]) == ("warn", True, True)


def test_what_m3_does_not_tell_of_charges_is_said_whatever_is_wrong_with_them(
    connector: Connector, run_store: Run
) -> None:
    connector.configure(tax_sent())
    _charge(connector, "SHP25", debit_frequency="2")

    found = _found(run_store, "charges, by hand")["message"]

    assert "may be negative: look in OIS030" in found and "look for TAX05, TAX25 in CRS275" in found


@pytest.mark.parametrize(("order_type", "name"), [("W01", "order type"), ("W02", "refunds"), ("W03", "refunds")])
def test_an_order_type_to_whose_orders_m3_adds_charges_is_refused(
    connector: Connector, run_store: Run, order_type: str, name: str
) -> None:
    _charge(connector, "FEE25", order_type=order_type)

    found = _found(run_store, name)

    assert (found["level"], "adds FEE25 to each order" in found["message"]) == ("fail", True)
    assert order_type in found["message"] and "OIS010" in found["remedy"]


@pytest.mark.parametrize("order_type", ["W01", "W02"])
def test_charges_of_an_order_type_that_m3_does_not_tell_are_not_none(
    connector: Connector, run_store: Run, order_type: str
) -> None:
    connector.sandbox.m3_rule("OIS010MI", "LstOrdTypeChrg", "nok", times=100)

    assert _found(run_store, f"charges of order type {order_type}")["level"] == "warn"


def test_an_order_type_for_what_comes_back_is_refused_for_sales(connector: Connector, run_store: Run) -> None:
    _set_up(connector, "order_types", "W01", OT11="1")

    found = _found(run_store, "order type")

    assert (found["level"], "negative quantities only (OT11)" in found["message"]) == ("fail", True)


def test_an_order_type_that_refuses_equal_items_is_told_unless_they_are_merged(
    connector: Connector, run_store: Run
) -> None:
    _set_up(connector, "order_types", "W01", OT66="2")
    told = _found(run_store, "order type")
    connector.configure(store_file(merge_equal_lines="true"))

    assert (told["level"], "OT66" in told["message"]) == ("warn", True)
    assert _found(run_store, "order type")["level"] == "ok"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"DIVI": "BBB", "FACI": "009"}, "division BBB, not AAA, and to facility 009, not 001"),
        ({"DIVI": ""}, "division (none), not AAA"),
    ],
)
def test_a_warehouse_of_another_division_or_facility_is_refused(
    connector: Connector, run_store: Run, fields: dict[str, str], words: str
) -> None:
    _set_up(connector, "warehouses", "001", **fields)

    found = _found(run_store, "warehouse")

    assert (found["level"], words in found["message"]) == ("fail", True)


@pytest.mark.parametrize(
    ("old", "new", "entry"),
    [
        ('  warehouse: ""            # WHLO goods', '  warehouse: "{}"  # WHLO goods', "refunds.warehouse"),
        ("    warehouses: []  ", '    warehouses: ["{}"]  ', "publish.stock.warehouses"),
    ],
)
def test_warehouses_goods_come_back_to_or_are_shown_of_have_to_be_there(
    connector: Connector, run_store: Run, old: str, new: str, entry: str
) -> None:
    assert old in store_file()
    connector.configure(store_file().replace(old, new.format("999"), 1))
    missing = _found(run_store, "warehouse 999")
    connector.configure(store_file().replace(old, new.format("003"), 1))
    there = _found(run_store, "warehouse 003")
    _set_up(connector, "warehouses", "003", DIVI="BBB")

    elsewhere = _found(run_store, "warehouse 003")

    assert (missing["level"], there["level"], elsewhere["level"]) == ("fail", "ok", "fail")
    assert entry in missing["remedy"] and "division BBB" in elsewhere["message"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"STCD": "1"}, "M3 keeps stock of item CREDIT05 (STCD)"),
        ({"vat_code": 1}, "items CREDIT25 at 25 % and CREDIT05 at 5 % have one VAT code 1 (VTCS)"),
        ({"status": "10"}, "item CREDIT05 is not released for sale"),
    ],
)
def test_an_item_for_money_given_back_that_is_not_made_for_it_is_refused(
    connector: Connector, run_store: Run, fields: dict[str, Any], words: str
) -> None:
    connector.sandbox.post(f"{connector.sandbox.m3_url}/_control/items", [{"itno": "CREDIT05", **fields}])

    found = _found(run_store, "refunds")

    assert (found["level"], words in found["message"], "MMS001" in found["remedy"]) == ("fail", True, True)


def test_an_item_for_money_with_another_vat_code_than_items_of_its_rate_is_refused(
    connector: Connector, run_store: Run
) -> None:
    connector.configure(store_file().replace("# vat_codes:", "  vat_codes:", 1))
    connector.sandbox.post(f"{connector.sandbox.m3_url}/_control/items", [{"itno": "CREDIT05", "vat_code": 1}])

    assert "item CREDIT05 has VAT code 1 (VTCS), not 2" in _found(run_store, "refunds")["message"]


def test_a_currency_with_fewer_price_decimals_than_the_shop_is_told(connector: Connector, run_store: Run) -> None:
    _set_up(connector, "currencies", "EUR", NPRD="1")

    found = _found(run_store, "currency EUR")

    assert (found["level"], "1 of prices" in found["message"], "NPRD" in found["remedy"]) == ("warn", True, True)


def test_an_item_sold_lately_with_fewer_price_decimals_than_the_shop_is_told(
    connector: Connector, run_store: Run
) -> None:
    connector.sandbox.post(f"{connector.sandbox.m3_url}/_control/items", [{"itno": "MUG-001", "price_decimals": 1}])
    connector.sandbox.place(lines=[{"sku": "MUG-001", "quantity": 1}])

    found = _found(run_store, "price decimals")

    assert (found["level"], "MUG-001 1" in found["message"], "MMS001" in found["remedy"]) == ("warn", True, True)
