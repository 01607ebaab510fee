"""One call or more of every operation of the file, and what M3 answers to one. Used by the tests of the program modules."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

from connector.m3.calls import Answer, Call
from connector.m3.programs import (
    ars040mi,
    ars200mi,
    balances,
    batch_orders,
    counts,
    crs055mi,
    crs111mi,
    crs610mi,
    cusextmi,
    customer_addresses,
    deliveries,
    gls200mi,
    gls840mi,
    item_changes,
    item_master,
    line_charges,
    mms005mi,
    mms015mi,
    mms025mi,
    mms200mi,
    mms850mi,
    mrs001mi,
    ois010mi,
    ois017mi,
    ois030mi,
    ois100mi,
    ois120mi,
    ois175mi,
    ois275mi,
    ois320mi,
    ois350mi,
    order_changes,
)
from connector.m3.programs.ars200mi import InvoiceKey
from connector.m3.programs.ois017mi import ListHead
from connector.m3.programs.ois100mi import LineKey

EXAMPLES = Path(__file__).parents[2] / "fixtures" / "m3_examples"
NUMBER = "0010000123"
KEY = "W1P0000000001I1"
BATCH = "7100000541"
PRICE_LIST = ListHead("WEB", "EUR", date(2026, 1, 1), None)
ADDRESS = {"CUA1": "Long Street 1", "PONO": "12345", "CSCD": "DE", "TOWN": "Town"}
HEAD = {"CUNO": "W1", "FACI": "001", "ORDT": "20261122", "CUCD": "EUR", "ORTP": "W01", "OBLC": "0"}
GIFT_ROW = {"PONR": "1", "ITNO": "GIFT", "ORQT": "20", "ORQA": "2", "ALUN": "BOX", "WHLO": "001", "SAPR": "12.90"}
(GIFT,) = ois100mi.read_lines(Answer(ois100mi.list_lines(NUMBER), (GIFT_ROW,)))

CALLS = [
    batch_orders.add_batch_head({"CUNO": "W1", "ORDT": "20261122"}),
    batch_orders.add_batch_line(NUMBER, {"ITNO": "MUG-001", "ORQT": "3", "CUPO": "1"}),
    batch_orders.add_batch_address(NUMBER, {"CUNM": "Anna Example", **ADDRESS}),
    batch_orders.add_batch_head_charge(NUMBER, charge="SHP25", amount=Decimal("5.00"), currency="EUR", description="x"),
    batch_orders.add_batch_line_charge(NUMBER, line=LineKey("1"), charge="TAX25", amount=Decimal("-8.71")),
    batch_orders.add_batch_text(NUMBER, {"TYPE": "1", "TYTR": "1", "PARM": "x"}),
    batch_orders.confirm(NUMBER),
    batch_orders.list_error_messages(NUMBER),
    batch_orders.list_batch_lines(NUMBER),
    batch_orders.list_batch_heads("W1", lowest="10", highest="89"),
    batch_orders.get_batch_head(NUMBER),
    batch_orders.delete_batch_head(NUMBER),
    ois100mi.get_head(NUMBER),
    ois100mi.get_order_value(NUMBER),
    ois100mi.list_lines(NUMBER),
    ois100mi.lock_order(NUMBER),
    ois100mi.release_order(NUMBER),
    ois275mi.get_temporary_order_status(NUMBER),
    ois175mi.list_heads_by_reference("W1", your_reference="W1-54-1795311984"),
    ois175mi.list_heads_by_date("W1", order_date=date(2026, 11, 22)),
    crs610mi.add({"CUTM": "WEBTMPL", "CUNM": "Anna Example", "CUA1": "Long Street 1"}),
    crs610mi.get_basic_data("W1"),
    crs610mi.change_basic_data("W1", {"MAIL": "anna@example.com"}),
    crs610mi.list_by_search_key("W17"),
    crs610mi.get_order_info("W1"),
    crs610mi.get_financial("W1"),
    crs610mi.list_customer_charges("W1"),
    customer_addresses.add_address("W1", address="000001", fields=ADDRESS),
    mms200mi.get_item_basic("MUG-001"),
    mms200mi.get_server_time(),
    mms025mi.get_item("4006381333931", category=2, qualifier="EA13"),
    mms015mi.get("MUG-001", unit="BOX"),
    crs055mi.get_currency("EUR", division="AAA"),
    ois030mi.list_order_charges(first="SHP25"),
    ois010mi.list_order_types(first="W01"),
    ois010mi.list_order_type_charges("W01"),
    mms005mi.get_warehouse("001"),
    mrs001mi.list_fields("OIS100MI", "AddBatchHead"),
    cusextmi.read_tenure("w1"),
    cusextmi.add_tenure("w1", holder="4f1c09d2a6b3.91d2c07be55a"),
    cusextmi.change_tenure("w1", holder="4f1c09d2a6b3.0a77e1f4c3d8"),
    ois017mi.list_heads("WEB", currency="EUR", first=date(2026, 1, 1)),
    crs055mi.select_rate("USD", division="AAA", rate_type=1, day=date(2026, 11, 29)),
    ois017mi.get_base_price("MUG-001", head=PRICE_LIST),
    ois320mi.list_new_prices(1795311984000),
    ois320mi.list_list_prices(PRICE_LIST),
    ois320mi.get_price_line(HEAD, GIFT),
    item_changes.update_basic({"ITNO": "MUG-001", "ITDS": "Mug", "GRWE": "0.3"}),
    balances.get_balance("MUG-001", warehouse="001"),
    balances.list_changed(1795311984000),
    counts.get_location("MUG-001", warehouse="001", location="MAIN"),
    counts.count("MUG-001", warehouse="001", location="MAIN", quantity=Decimal(17), reason="", remark="w1"),
    counts.adjust(
        "MUG-001", warehouse="001", location="MAIN", difference=Decimal(-3), reason="", partner="WEB", key="w1-1"
    ),
    mms015mi.list_units("MUG-001"),
    item_master.list_from("MUG-001", columns=("ITNO", "STAT", "ITDS", "HDPR", "HIE1"), language="DE"),
    item_master.list_changed("20261121", "", columns=("ITNO", "VTCS", "GRWE")),
    item_master.list_style("TS-00001", columns=("TX15", "TY15")),
    item_master.list_aliases("MUG-001", category=2),
    *item_master.list_names(item_master.GROUPED, language="DE"),
    ois350mi.list_invoice_heads_by_order(NUMBER),
    ois350mi.list_all_invoices_by_order(NUMBER),
    *(
        make(kind, KEY, company=1, division="AAA", **more)
        for kind, line in (
            (gls840mi.JOURNAL, {"INRI": "G1", "AIT1": "1580", "CUAM": "5.00", "DBCR": "D"}),
            (gls840mi.INVOICE, {"PARM": "I1GUESTHREUR"}),
        )
        for make, more in (
            (gls840mi.add_batch_head, {"interface": "WEBGL", "description": "Payments of the web shop"}),
            (partial(gls840mi.add_batch_line, line=1), {"fields": line}),
            (gls840mi.control_batch, {}),
            (gls840mi.update_batch, {}),
        )
    ),
    gls200mi.list_vouchers(division="AAA", first=date(2026, 11, 20), last=date(2026, 11, 22)),
    ars040mi.add_batch_head(BATCH, company=1, division="AAA", batch_type="WEB", day=date(2026, 11, 22)),
    ars040mi.add_batch_line(
        BATCH,
        number=1,
        company=1,
        division="AAA",
        fields={
            **{"CINO": "2026-4001", "INYR": "2026", "CUNO": "GUESTHREUR", "PYNO": "GUESTHREUR", "PYAM": "189.75"},
            **{"CUCD": "EUR", "LPDT": "20261122", "PYTP": "01", "AIT1": "2420", "AIT2": "WEB"},
        },
    ),
    ars040mi.control_batch(BATCH, company=1, division="AAA"),
    ars200mi.list_invoices("W1", since=date(2026, 11, 1)),
    mms850mi.add_adjustment(
        "W1S000000000011",
        item="MUG-001",
        warehouse="001",
        location="MAIN",
        quantity=Decimal(-3),
        reason="",
        partner="WEB",
        external_number="20261122",
        remark="w1 1042",
    ),
    mms850mi.get_identity("W1S000000000011"),
    mms850mi.get_instruction("W1S000000000011"),
    mms850mi.list_messages("W1000000001", partner="WEB"),
    ars200mi.get_totals(
        InvoiceKey(payer="GUESTHREUR", customer="GUESTHREUR", number="2026-4001", year="2026"), division="AAA"
    ),
    order_changes.change_quantity(NUMBER, LineKey("1"), quantity=Decimal(5)),
    order_changes.change_price(
        NUMBER, LineKey("1"), {"SAPR": "12.90", "SACD": "1", "DIA1": "0", "DIP1": "100", "DIC1": "8"}
    ),
    order_changes.add_line(NUMBER, {"ITNO": "MUG-001", "ORQT": "3", "CUPO": "1", "SACD": "1", "DIP1": "100"}),
    order_changes.close_line(NUMBER, LineKey("1"), reason="WEB"),
    order_changes.delete_order(NUMBER),
    order_changes.list_charges(NUMBER),
    crs610mi.list_by_number("W1"),
    ois120mi.set_stop(NUMBER, "9"),
    line_charges.list_charges(NUMBER, LineKey("1")),
    line_charges.connect(NUMBER, LineKey("1"), charge="TAX25", amount=Decimal("8.71")),
    line_charges.change(NUMBER, LineKey("1"), charge="TAX25", amount=Decimal("8.71")),
    line_charges.remove(NUMBER, LineKey("1"), charge="TAX25"),
    order_changes.connect_charge(NUMBER, charge="SHP25", amount=Decimal("5.00"), description="Flat rate"),
    order_changes.change_charge(NUMBER, charge="SHP25", amount=Decimal("-5.00"), description="Flat rate"),
    order_changes.remove_charge(NUMBER, charge="SHP25"),
    order_changes.change_references(NUMBER, {"PYRE": "pi_123", "CUOR": "W1-1001"}),
    order_changes.write_text(NUMBER, block="WEB1", text="x" * order_changes.TEXT_LENGTH),
    order_changes.get_text(NUMBER, block="WEB1"),
    order_changes.get_address(NUMBER),
    deliveries.list_by_order(NUMBER),
    deliveries.list_by_line(NUMBER, line="1", suffix="0"),
    deliveries.list_quantities(NUMBER, line="1", suffix="0"),
    deliveries.get_head("10001"),
    deliveries.list_packages("10001"),
    crs610mi.list_by_number("W1"),
    crs610mi.list_changed(1795311984000),
    crs610mi.change_financial("W1", {"VRNO": "HR33392005961"}),
    crs610mi.get_fields("customer.basic", "W1", names=["CUNM"]),
    customer_addresses.change_address("W1", address="000001", fields={"TOWN": "Split"}),
    customer_addresses.get_address("W1", address="000001", names=["TOWN"]),
    customer_addresses.delete_address("W1", address="000001"),
    crs111mi.get_email("W1", kind="04"),
    crs111mi.add_email("W1", kind="04", email="anna@example.com"),
    crs111mi.change_email("W1", kind="04", email="anna@example.com"),
]


def call_of(operation: str) -> Call:
    return next(call for call in CALLS if call.operation == operation)


def published(name: str, call: Call) -> Answer:
    body = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))["response"]["body"]
    return Answer(call, tuple(body["results"][0]["records"]))


def answer(call: Call, *records: dict[str, str]) -> Answer:
    return Answer(call, records)
