"""Orders as M3 answers them, before Confirm and after: every answer becomes a typed value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.errors import M3RejectedError, NotYetError, OutcomeUnknownError
from connector.m3.calls import Answer
from connector.m3.programs import batch_orders, ois100mi, ois175mi, ois275mi, ois320mi
from connector.m3.programs.ois100mi import LineKey
from connector.m3.programs.ois275mi import BatchStatus
from tests.unit.m3.program_calls import GIFT, HEAD, NUMBER, answer, call_of, published


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
