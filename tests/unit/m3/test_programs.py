"""The program modules: every call fits its published signature, every answer becomes a typed value."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from connector.errors import InvalidPayloadError, M3RejectedError, NotYetError, OutcomeUnknownError
from connector.m3.calls import Answer, Call
from connector.m3.catalogue import Catalogue
from connector.m3.operations import load_operations
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
from connector.m3.programs.ois275mi import BatchStatus

EXAMPLES = Path(__file__).parents[2] / "fixtures" / "m3_examples"
OPERATIONS = load_operations(Path(__file__).parents[3] / "config", {})
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


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_a_call_fits_its_published_signature(call: Call) -> None:
    operation = OPERATIONS.get(call.operation)
    catalogue = Catalogue.load()

    catalogue.check_fields(operation.program, operation.transaction, operation.to_site(call.fields))

    outputs = catalogue.transaction(operation.program, operation.transaction).outputs
    assert [name for name in call.columns if name not in outputs] == []


def test_every_operation_of_the_file_is_made_by_a_program_module() -> None:
    made = {call.operation for call in CALLS}
    memos = {f"credit_memo.{key.removeprefix('order.')}" for key in made if key.startswith("order.")}

    assert {operation.key for operation in OPERATIONS} - memos == made


def call_of(operation: str) -> Call:
    return next(call for call in CALLS if call.operation == operation)


def published(name: str, call: Call) -> Answer:
    body = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))["response"]["body"]
    return Answer(call, tuple(body["results"][0]["records"]))


def answer(call: Call, *records: dict[str, str]) -> Answer:
    return Answer(call, records)


def test_a_batch_head_gives_the_temporary_number() -> None:
    assert batch_orders.read_temporary_number(published("order-addbatchhead-ok", call_of("order.add_head"))) == NUMBER


def test_a_batch_head_without_a_number_is_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknownError):
        batch_orders.read_temporary_number(answer(call_of("order.add_head"), {}))


def test_a_refused_call_raises_its_error_when_read() -> None:
    refused = M3RejectedError("no", program="OIS100MI", transaction="AddBatchHead")

    with pytest.raises(M3RejectedError):
        batch_orders.read_temporary_number(Answer(call_of("order.add_head"), (), refused))


def test_a_line_gives_its_number_and_suffix() -> None:
    assert batch_orders.read_line_key(answer(call_of("order.add_line"), {"PONR": "3"})) == LineKey("3", "0")


def test_an_amount_is_sent_as_plain_text() -> None:
    call = batch_orders.add_batch_head_charge(NUMBER, charge="FEE0", amount=Decimal("-0.13"), currency="EUR")

    assert call.fields["CRAM"] == "-0.13"


def test_a_stuck_batch_order_has_a_status_and_no_final_number() -> None:
    call = ois275mi.get_temporary_order_status(NUMBER)

    status = ois275mi.read_temporary_status(published("order-status-after-confirm-stuck", call))

    assert (status.status, status.final_number) == (BatchStatus.ERROR_IN_LINE, "")


@pytest.mark.parametrize(
    "record", [{"ORNO": NUMBER, "ORNR": "0000045678"}, {"ORNO": "0000045678", "ORNR": NUMBER}, {"ORNR": "0000045678"}]
)
def test_the_final_number_is_recognised_in_either_field(record: dict[str, str]) -> None:
    call = ois275mi.get_temporary_order_status(NUMBER)

    status = ois275mi.read_temporary_status(answer(call, {**record, "STAT": "90"}))

    assert (status.temporary_number, status.final_number) == (NUMBER, "0000045678")


def test_a_batch_status_nobody_knows_is_waited_out() -> None:
    with pytest.raises(NotYetError, match="'77'"):
        ois275mi.read_temporary_status(answer(ois275mi.get_temporary_order_status(NUMBER), {"STAT": "77"}))


def test_the_errors_of_a_batch_order_are_given_in_m3s_words() -> None:
    (error,) = batch_orders.read_error_messages(
        published("order-errors-of-batch-order", call_of("order.error_messages"))
    )

    assert (error.message_id, error.text) == ("WIT0103", "Item number WOO-OLD does not exist")


def test_a_list_by_reference_gives_only_the_reference_asked_for() -> None:
    listed = published("order-list-by-reference", call_of("order.by_reference"))

    orders = ois175mi.read_orders(listed, your_reference="W1-104233")

    assert [(order.number, order.order_date) for order in orders] == [("0000045678", date(2026, 1, 31))]


def test_batch_heads_are_told_apart_by_reference_and_final_number() -> None:
    rows = [
        {"ORNO": "1", "ORNR": "0", "YREF": "W1-54-1", "STAT": "20"},
        {"ORNO": "2", "ORNR": "45678", "YREF": "W1-54-1", "STAT": "90"},
        {"ORNO": "3", "ORNR": "", "YREF": "W1-55-1", "STAT": "20"},
    ]

    heads = batch_orders.read_batch_heads(answer(call_of("order.batch_heads"), *rows), your_reference="W1-54-1")

    assert [(head.temporary_number, head.final_number) for head in heads] == [("1", ""), ("2", "45678")]


def test_batch_lines_carry_the_number_we_gave_them() -> None:
    (line,) = batch_orders.read_batch_lines(
        answer(call_of("order.batch_lines"), {"PONR": "1", "CUPO": "0000007", "ORQT": "3", "SAPR": "9.5"})
    )

    assert (line.customer_line, line.quantity, line.price) == (7, Decimal(3), Decimal("9.5"))


def test_the_order_value_is_read_as_decimals() -> None:
    record = {"NTAM": "146.80", "EXAM": "5", "ORVA": "151.80", "VTAM": "37.95", "ROAM": "0.01-", "TOPY": "189.75"}

    value = ois100mi.read_order_value(answer(call_of("order.value"), {**record, "CUCD": "EUR"}))

    assert (value.before_tax, value.vat, value.rounding, value.total, value.currency) == (
        *(Decimal("151.80"), Decimal("37.95"), Decimal("-0.01"), Decimal("189.75")),
        "EUR",
    )


def test_own_price_of_a_line_is_asked_for_in_its_own_unit() -> None:
    call = ois320mi.get_price_line(HEAD, GIFT)

    assert {name: call.fields[name] for name in ("CUNO", "ITNO", "ORQA", "ALUN", "CUCD", "ORDT")} == {
        **{"CUNO": "W1", "ITNO": "GIFT", "ORQA": "2", "ALUN": "BOX", "CUCD": "EUR", "ORDT": "20261122"}
    }
    assert ois320mi.read_price_line(answer(call, {"SAPR": "12.90"})) == Decimal("12.90")


def test_order_lines_and_head_are_read() -> None:
    row = {"PONR": "1", "POSX": "0", "CUPO": "2", "ITNO": "PAN-28", "ORQT": "2", "NLAM": "88.19", "ORST": "22"}
    (line,) = ois100mi.read_lines(answer(call_of("order.lines"), row))
    head = ois100mi.read_head(answer(call_of("order.head"), {"ORNO": "45678", "CUNO": "W1", "ORSL": "22", "OBLC": "1"}))

    assert (line.customer_line, line.net_amount, line.status, line.replaced_item) == (2, Decimal("88.19"), "22", "")
    assert (head.customer, head.lowest_status, head.stop) == ("W1", "22", "1")


def test_an_answer_without_a_balance_is_no_balance_of_none() -> None:
    asked = balances.get_balance("MUG-001", warehouse="001")

    for records in ((), ({},)):
        with pytest.raises(InvalidPayloadError):
            balances.read_balance(Answer(asked, records))


def test_the_number_we_gave_a_customer_is_kept_if_m3_does_not_repeat_it() -> None:
    call = crs610mi.add({"CUNO": "W1ABC"})

    assert crs610mi.read_added(answer(call)).number == "W1ABC"
    assert crs610mi.read_added(answer(call, {"CUNO": "X", "ERRM": "why"})).why_not_active == "why"


def test_a_list_by_search_key_gives_only_the_key_asked_for() -> None:
    rows = [{"CUNO": "W1", "ALCU": "W17"}, {"CUNO": "W2", "ALCU": "W18"}]

    assert [
        one.number for one in crs610mi.read_found(answer(call_of("customer.by_search_key"), *rows), search_key="W17")
    ] == ["W1"]


def test_the_set_up_of_a_customer_is_read() -> None:
    info = crs610mi.read_order_info(answer(call_of("customer.order_info"), {"AICD": "0", "TINC": "1", "DISY": "D1"}))
    financial = crs610mi.read_financial(
        answer(call_of("customer.financial"), {"CUCD": "EUR", "TXAP": "1", "BLCD": "0", "CRLM": "100"})
    )
    charges = crs610mi.read_customer_charges(
        answer(call_of("customer.charges"), {"CUNO": "W2", "CRID": "X"}), customer="W1"
    )

    assert (info.has_summary_invoice, info.has_tax_included, info.discount_model) == (False, True, "D1")
    assert (financial.is_taxed, financial.is_stopped, financial.credit_limits[0]) == (True, False, Decimal(100))
    assert charges == []


def test_an_item_is_priced_in_its_basic_unit_unless_m3_says_otherwise() -> None:
    item = mms200mi.read_item_basic(
        answer(call_of("item.basic"), {"ITNO": "A", "UNMS": "PCE", "PDCC": "2", "STAT": "20"})
    )

    assert (item.item_number, item.price_unit, item.price_decimals, item.status) == ("A", "PCE", 2, "20")


def test_server_time_gets_its_leading_zeros_back() -> None:
    read = mms200mi.read_server_time(
        answer(call_of("site.server_time"), {"DATE": "20261122", "TIME": "93000", "LMTS": "1795311984000"})
    )

    assert (read.date, read.time, read.milliseconds) == (date(2026, 11, 22), "093000", 1795311984000)


def test_server_time_without_a_date_is_refused() -> None:
    with pytest.raises(InvalidPayloadError):
        mms200mi.read_server_time(answer(call_of("site.server_time")))


def test_aliases_units_currencies_and_warehouses_are_read() -> None:
    aliased = mms025mi.read_item(answer(call_of("item.by_alias"), {"ITNO": "MUG-001", "ALUN": "PCE", "CNQT": "1"}))
    unit = mms015mi.read_unit(answer(call_of("item.unit"), {"COFA": "12", "DMCF": "1"}))
    currency = crs055mi.read_currency(answer(call_of("currency.basic"), {"DCCD": "2", "NPRD": "4"}))
    warehouse = mms005mi.read_warehouse(answer(call_of("warehouse.basic"), {"FACI": "001", "DIVI": "AAA"}))

    assert (aliased.item_number, aliased.alias) == ("MUG-001", "4006381333931")
    assert (unit.unit, unit.factor, unit.is_divisor) == ("BOX", Decimal(12), False)
    assert (currency.code, currency.decimals, currency.price_decimals) == ("EUR", 2, 4)
    assert (warehouse.code, warehouse.facility, warehouse.division) == ("001", "001", "AAA")


def test_charges_and_order_types_are_compared_with_what_was_asked() -> None:
    charges = ois030mi.read_charges(
        answer(call_of("charge.list"), {"CRID": "SHP25", "CUCD": "EUR", "VTCD": "1", "HACD": "0"})
    )
    rows = [{"ORTP": "W01", "CRID": "INV"}, {"ORTP": "W02", "CRID": "OTH"}]
    automatic = ois010mi.read_order_type_charges(answer(call_of("order_type.charges"), *rows), order_type="W01")
    listed = answer(call_of("order_type.list"), {"ORTP": "W01", "OT66": "2"}, {"ORTP": "W02"})

    assert (charges[0].id, charges[0].vat_code, charges[0].currency) == ("SHP25", "1", "EUR")
    assert [charge.id for charge in automatic] == ["INV"]
    found = ois010mi.read_order_type(listed, code="W01")
    assert found is not None and found.checks_duplicates == "2"
    assert ois010mi.read_order_type(listed, code="W03") is None


def test_site_fields_are_only_those_of_the_transaction_asked_for() -> None:
    rows = [
        {"MINM": "OIS100MI", "TRNM": "AddBatchHead", "FLNM": "CUNO", "LENG": "10", "TYPE": "A", "MAND": "1"},
        {"MINM": "OIS100MI", "TRNM": "AddBatchLine", "FLNM": "ITNO", "LENG": "15", "TYPE": "A", "MAND": "1"},
    ]

    fields = mrs001mi.read_fields(answer(call_of("site.fields"), *rows))

    assert list(fields) == ["CUNO"]
    assert (fields["CUNO"].length, fields["CUNO"].is_required) == (10, True)
