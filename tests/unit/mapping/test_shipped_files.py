"""The shipped mapping files against the real models, the real signatures, the example store and recorded deliveries."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.errors import MappingError
from connector.stores.money import ChargeKind
from connector.woocommerce.models import Address, Order
from sandbox.m3.master_data import charge_types, guests, templates
from tests.unit.mapping.examples import (
    RECORDED_ORDERS,
    STORE,
    CustomerRunValues,
    load_customers,
    load_orders,
    recorded_order,
    values_of,
)

GUEST = "02-order-created-guest-order"
COUPON = "05-order-created-multi-line-percent-coupon"


def addressed(order: Order, **changes: str) -> dict[str, object]:
    return {**values_of(order), "delivery": order.delivery_address.model_copy(update=changes)}


def customer_values(**changes: str) -> dict[str, object]:
    billing = recorded_order(GUEST).billing.model_copy(update=changes)
    return {"billing": billing, "run": CustomerRunValues(), "store": STORE.m3}


def test_head_of_a_recorded_guest_order() -> None:
    mapped = load_orders().apply("head", values=values_of(recorded_order(GUEST)))

    assert mapped.fields == {
        "CUNO": "GUESTHREUR",
        "ORTP": "W01",
        "FACI": "001",
        "WHLO": "001",
        "CUOR": "W-52",
        "YREF": "demo-52-1795311981",
        "CUCD": "EUR",
        "ORDT": "20261122",
        "RLDT": "20261123",
        "PYCD": "BAC",
        "TEPY": STORE.lookups["payment_terms"]["bacs"],
        "MODL": STORE.lookups["shipping_method"]["flat_rate"],
        "TEDL": STORE.lookups["delivery_terms"]["flat_rate"],
    }
    assert mapped.notes == ()


def test_address_of_a_recorded_guest_order() -> None:
    mapped = load_orders().apply("address", values=values_of(recorded_order(GUEST)))

    assert mapped.fields == {
        "ADRT": "1",
        "CUNM": "Ana Anić",
        "CUA1": "Savska 1",
        "PONO": "10000",
        "TOWN": "Zagreb",
        "CSCD": "HR",
        "ECAR": "21",
        "PHN2": "+385 1 555 0100",
    }


@pytest.mark.parametrize("name", RECORDED_ORDERS)
def test_every_recorded_order_can_be_placed(name: str) -> None:
    order = recorded_order(name)

    rows = [
        row for name in ("head", "address", "note") for row in load_orders().apply_list(name, values=values_of(order))
    ]

    assert all(rows[0].fields[one] for one in ("CUNO", "PYCD", "CUCD"))
    assert rows[1].fields["CUNM"] == f"{order.delivery_address.first_name} {order.delivery_address.last_name}"


def test_long_address_is_spread_and_its_cuts_are_noted() -> None:
    values = addressed(
        recorded_order(GUEST),
        company="Gesellschaft für &amp; besonders lange Namen mbH",
        address_1="Industriegebiet an der alten Landstraße 117, Gebäude C",
        address_2="Zweiter Hof, links am Tor klingeln, dann die Rampe hinauf bis ganz oben",
        city="Bad Neuenahr-Ahrweiler am Rhein",
        state="Rhineland",
    )

    mapped = load_orders().apply("address", values=values)

    assert mapped.fields["CUNM"] == "Gesellschaft für & besonders lange N"
    assert mapped.fields["CUA1"] == "Industriegebiet an der alten"
    assert mapped.fields["CUA2"] == "Landstraße 117, Gebäude C"
    assert mapped.fields["CUA3"] == "Zweiter Hof, links am Tor klingeln,"
    assert mapped.fields["CUA4"] == "Ana Anić"
    assert "ECAR" not in mapped.fields
    assert {note.field for note in mapped.notes} == {"CUNM", "CUA3", "TOWN", "ECAR"}


def test_emoji_in_a_name_is_replaced_and_noted() -> None:
    mapped = load_orders().apply("address", values=addressed(recorded_order(GUEST), first_name="Ana \U0001f600"))

    assert mapped.fields["CUNM"] == "Ana ? Anić"
    assert [note.field for note in mapped.notes] == ["CUNM"]


def test_long_reference_of_the_payment_provider_keeps_its_end() -> None:
    order = recorded_order(GUEST, transaction_id="pi_ABCDEFGHIJKLMNOPQRSTUVWX")

    mapped = load_orders().apply("head", values=values_of(order))

    assert mapped.fields["PYRE"] == "_ABCDEFGHIJKLMNOPQRSTUVWX"
    assert [note.field for note in mapped.notes] == ["PYRE"]


def test_unknown_payment_method_is_held_with_table_and_key() -> None:
    with pytest.raises(MappingError, match="table payment_method has no entry for 'klarna'"):
        load_orders().apply("head", values=values_of(recorded_order(GUEST, payment_method="klarna")))


def test_order_without_payment_or_shipping() -> None:
    with pytest.raises(MappingError, match=r"order\.payment_method through the table payment_method gives none"):
        load_orders().apply("head", values=values_of(recorded_order(GUEST, payment_method="")))

    fields = load_orders().apply("head", values=values_of(recorded_order(GUEST, shipping_lines=[]))).fields

    assert not {"MODL", "TEDL"} & set(fields)


def test_note_and_coupon_become_texts() -> None:
    note = "Please leave at the door.\nSecond line, " + "which is long " * 5
    values = values_of(recorded_order(COUPON, customer_note=note))

    notes = [row.fields for row in load_orders().apply_list("note", values=values)]
    coupons = [row.fields for row in load_orders().apply_list("coupon", values=values)]

    assert notes[0] == {"TYPE": "1", "TYTR": "1", "PARM": "Please leave at the door."}
    assert len(notes) == 3
    assert all(len(row["PARM"]) <= 60 for row in notes)
    assert coupons == [{"TYPE": "1", "TYTR": "1", "PARM": "Coupon TEN -16.31"}]


def test_new_customer_of_a_recorded_order() -> None:
    mapped = load_customers().apply("add", values=customer_values())

    assert mapped.fields == {
        "CUTM": "TMPLB2C",
        "CUNO": "W123456789",
        "CUNM": "Ana Anić",
        "CUA1": "Savska 1",
        "PONO": "10000",
        "TOWN": "Zagreb",
        "CSCD": "HR",
        "ECAR": "21",
        "PHNO": "+385 1 555 0100",
        "MAIL": "ana@example.com",
        "ALCU": "demo5",
        "YREF": "demo-5",
        "STAT": "20",
    }


def test_customer_without_a_street_is_held() -> None:
    with pytest.raises(MappingError, match=r"add\.CUA1: M3 needs a value"):
        load_customers().apply("add", values=customer_values(address_1="", address_2=""))


def test_fingerprint_sees_a_changed_address_and_not_a_changed_status() -> None:
    mapping = load_orders()
    before, moved = Address(city="Zagreb"), Address(city="Split")
    pending = recorded_order(GUEST)

    assert mapping.read("delivery", before) != mapping.read("delivery", moved)
    assert mapping.read("order", pending) == mapping.read("order", recorded_order(GUEST, status="processing"))


def test_every_rule_of_the_order_file_can_fill_its_field() -> None:
    mapping = load_orders()
    order = recorded_order(COUPON, customer_note="Hello", transaction_id="tx_1")
    values = addressed(
        order, company="ACME", address_1="A" * 30, address_2="B" * 30 + " " + "C" * 30, state="HR-21", country="HR"
    )

    for name, record in mapping.records.items():
        rows = mapping.apply_list(name, values=values)
        filled = set().union(*(row.fields for row in rows))
        assert filled == {rule.field for rule in record.rules}, name


def test_references_are_never_shortened_by_a_shipped_rule() -> None:
    for mapping in (load_orders(), load_customers()):
        rules = [rule for record in mapping.records.values() for rule in record.rules]
        assert not [r.name for r in rules if r.field in ("CUNO", "CUOR", "YREF", "ALCU") and r.steps]


def test_example_store_has_the_charges_and_customers_of_its_currencies() -> None:
    charge = STORE.money.charge_id
    common = STORE.customers.common_number

    assert charge(ChargeKind.SHIPPING, rate=Decimal(25), currency="EUR") == "SHP25"
    assert charge(ChargeKind.ROUNDING, rate=Decimal(0), currency="USD") == "RNU00"
    assert charge(ChargeKind.FEE, rate=Decimal(5), currency="GBP") == "FEG05"
    assert common(country="HR", currency="EUR", exempt=False) == "GUESTHREUR"
    assert common(country="FR", currency="EUR", exempt=False) == "GUESTEUEUR"
    assert len({one.id for one in STORE.money.charges}) == len(STORE.money.charges)


def test_example_store_suits_the_sandbox() -> None:
    known_customers = {guest.cuno: (guest.currency, guest.is_taxed) for guest in guests()}
    known_charges = {charge.crid: charge.currency for charge in charge_types()}

    for one in STORE.customers.common:
        assert known_customers[one.number] == (one.currency, not one.exempt)
    for charge in STORE.money.charges:
        assert known_charges[charge.id] == charge.currency
    assert STORE.customers.template in {template.cuno for template in templates()}
