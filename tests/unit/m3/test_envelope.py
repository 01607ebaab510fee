"""M3's answers in all published shapes, and answers that say nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.m3.envelope import UnreadableAnswerError, read_envelope
from connector.m3.rejections import Refusal

EXAMPLES = Path(__file__).parents[2] / "fixtures" / "m3_examples"


def example(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return content


def transactions(request: dict[str, Any]) -> list[str]:
    if "json" in request:
        return [item["transaction"] for item in request["json"]["transactions"]]
    return [request["url"].rsplit("/", 1)[1]]


def read(name: str) -> list[Any]:
    content = example(name)
    response = content["response"]
    return read_envelope(response["status"], json.dumps(response["body"]).encode(), transactions(content["request"]))


WELL = {
    "v2-get-ok": [1],
    "v2-list-with-positionkey": [2],
    "custom-list-batch-order-by-cuor": [1],
    "exportmi-select": [2],
    "order-addbatchhead-ok": [1],
    "order-addbatchaddress-ok": [0],
    "order-confirm-ok": [1],
    "order-errors-of-batch-order": [1],
    "order-list-by-reference": [2],
    "order-status-after-confirm-stuck": [1],
}
REFUSED = {
    "v2-nok-http200": Refusal("Item number NOSUCH does not exist", "WIT0103", "ServerReturnedNOK", "ITNO"),
    "v2-nok-http400": Refusal(
        "Customer order number 0009999999 does not exist", "WOR0303", "ServerReturnedNOK", "ORNO"
    ),
    "v2-lock-timeout": Refusal("Please try again later", "XO_1130", "ServerReturnedNOK", ""),
    "v2-record-exists": Refusal("Record already exists", "XRE0104", "ServerReturnedNOK", "ADID"),
    "v2-missing-field-http400": Refusal(
        "made-up text: mandatory field missing", "", "MandatoryInputFieldNotFound", "ITNO"
    ),
    "v2-unknown-transaction-http400": Refusal(
        "made-up text: transaction not found in program OIS100MI", "", "TransactionNotFound", ""
    ),
}
MIXED = ("v2-bulk-mixed", "v2-bulk-terminated")
NO_BULK_ANSWER = ("v1-ok", "v1-nok", "v1-partial-nok")
ELSEWHERE = {
    *("gateway-401", "gateway-429", "gateway-504"),
    *("ionapi-file", "token-ok", "token-refresh-ok", "token-refused"),
}


def test_every_published_example_has_a_place_in_the_tests() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.json")} == {*WELL, *REFUSED, *MIXED, *NO_BULK_ANSWER, *ELSEWHERE}


@pytest.mark.parametrize("name", WELL)
def test_a_published_success_gives_its_records(name: str) -> None:
    items = read(name)

    assert [len(item.records) for item in items] == WELL[name]
    assert all(item.refusal is None and item.stopped_because is None for item in items)
    assert items[0].records == tuple(example(name)["response"]["body"]["results"][0]["records"])


@pytest.mark.parametrize("name", REFUSED)
def test_a_published_refusal_is_read_in_either_shape(name: str) -> None:
    assert [item.refusal for item in read(name)] == [REFUSED[name]]


def test_a_bulk_has_an_outcome_for_each_transaction() -> None:
    first, second = read("v2-bulk-mixed")

    assert first.records == ({"PONR": "1", "POSX": "0"},)
    assert second.refusal.message_id == "WIT0103"


def test_a_transaction_m3_did_not_come_to_is_told_apart() -> None:
    first, second = read("v2-bulk-terminated")

    assert first.records and first.stopped_because is None
    assert (second.records, second.refusal, second.stopped_because) == ((), None, "made-up text")


@pytest.mark.parametrize("name", NO_BULK_ANSWER)
def test_the_old_interface_is_not_taken_for_an_answer(name: str) -> None:
    body = json.dumps(example(name)["response"]["body"]).encode()

    with pytest.raises(UnreadableAnswerError):
        read_envelope(200, body, ["LstByNumber"])


def test_an_error_at_the_top_refuses_all_transactions_of_the_request() -> None:
    body = b'{"errorMessage":"no","errorType":"ServerReturnedNOK","errorCode":"XRE0103"}'

    items = read_envelope(400, body, ["GetHead", "GetHead"])

    assert [item.refusal and item.refusal.message_id for item in items] == ["XRE0103", "XRE0103"]


def result(**keys: object) -> dict[str, object]:
    return {"transaction": "Confirm", "records": [], **keys}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>Bad gateway</html>"),
        (200, b"[]"),
        (200, b"null"),
        (200, b"{}"),
        (200, b'{"results":[]}'),
        (200, b'{"results":{}}'),
        (200, b'{"results":[null]}'),
        (200, b'{"errorMessage":"an error, but not HTTP 400","errorCode":"XRE0103"}'),
        (200, json.dumps({"results": [result(), result()]}).encode()),
        (200, json.dumps({"results": [result(transaction="GetHead")]}).encode()),
        (200, json.dumps({"results": [result(records={"ORNO": "1"})]}).encode()),
        (200, json.dumps({"results": [result()], "nrOfFailedTransactions": 1}).encode()),
        (200, json.dumps({"results": [result()], "wasTerminated": True}).encode()),
        (400, b"{}"),
        (400, b'{"error":"invalid_request"}'),
        (400, b'{"errorMessage":"cut","nrOfSuccessfullTransactions":1}'),
    ],
)
def test_an_answer_that_does_not_tell_the_outcome_is_unreadable(status: int, body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        read_envelope(status, body, ["Confirm"])


def test_an_error_key_without_text_is_an_error_all_the_same() -> None:
    (item,) = read_envelope(200, json.dumps({"results": [result(errorMessage="")]}).encode(), ["Confirm"])

    assert item.refusal == Refusal("refused without a text")


def test_values_are_stripped_and_numbers_stay_exact() -> None:
    body = b'{"results":[{"records":[{"CUNO":"W1   ","TOPY":189.750,"PONR":1,"X":null}]}]}'

    (item,) = read_envelope(200, body, ["GetOrderValue"])

    assert item.records == ({"CUNO": "W1", "TOPY": "189.750", "PONR": "1", "X": ""},)
