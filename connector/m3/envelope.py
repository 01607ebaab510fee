"""Reads M3's answer to a bulk request, in both published shapes; called by the client for every answer.

HTTP 200 is not success and 400 is not "not found": only the envelope decides. It comes as `results` with one entry a
transaction, or, in newer releases, as HTTP 400 with the error keys at the top level.
Source: protocol.md sections 3 and 4 (OpenAPI export, Infor's own SDK 8.0, field report of a live tenant).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.m3.rejections import Refusal

HTTP_OK = 200
HTTP_BAD_REQUEST = 400


class UnreadableAnswerError(Exception):
    """The body does not say what became of every transaction. The client makes a ConnectorError of it."""


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one transaction of the request. `stopped_because` is set if M3 did not come to it."""

    records: tuple[dict[str, str], ...] = ()
    refusal: Refusal | None = None
    stopped_because: str | None = None


def read_envelope(status: int, body: bytes, transactions: Sequence[str]) -> list[Item]:
    """Returns what became of each transaction, in the order asked.

    Args:
        status: HTTP status, 200 or 400.
        body: Response body.
        transactions: Names of the transactions of the request, in order.

    Raises:
        UnreadableAnswerError: Not JSON, not of a known shape, contradicts itself or the request.
    """
    answer = _parse(body)
    results = answer.get("results")
    if isinstance(results, list) and (results or status == HTTP_OK):
        return _read_results(answer, results, transactions)
    refusal = _refusal(answer)
    if status == HTTP_BAD_REQUEST and refusal is not None and not answer.get("nrOfSuccessfullTransactions"):
        return [Item(refusal=refusal) for _ in transactions]
    raise UnreadableAnswerError(f"HTTP {status} without results and without an M3 error")


def _parse(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body, parse_float=str)  # a bare amount must not become a float
    except ValueError:
        raise UnreadableAnswerError("the body is not JSON") from None
    if not isinstance(answer, dict):
        raise UnreadableAnswerError("the body is not a JSON object")
    return answer


def _read_results(answer: Mapping[str, Any], results: list[Any], transactions: Sequence[str]) -> list[Item]:
    if len(results) != len(transactions):
        raise UnreadableAnswerError(f"{len(results)} results for {len(transactions)} transactions")
    stopped = clean(answer.get("terminationReason")) or "no reason given"
    items = [_read_item(result, name, stopped) for result, name in zip(results, transactions, strict=True)]
    all_well = all(item.refusal is None and item.stopped_because is None for item in items)
    if all_well and (answer.get("wasTerminated") or answer.get("nrOfFailedTransactions")):
        raise UnreadableAnswerError("the totals tell of a failure that no result shows")
    return items


def _read_item(result: object, transaction: str, stopped: str) -> Item:
    if not isinstance(result, dict):
        raise UnreadableAnswerError("a result is not a JSON object")
    if result.get("transaction", transaction) != transaction:
        raise UnreadableAnswerError("the results are not in the order of the request")
    if result.get("notProcessed"):
        return Item(stopped_because=stopped)
    refusal = _refusal(result)
    return Item(refusal=refusal) if refusal else Item(records=_read_records(result.get("records")))


def _refusal(answer: Mapping[str, Any]) -> Refusal | None:
    """The presence of an error key decides, not the length of its text."""
    if answer.get("errorMessage") is None and not answer.get("errorCode") and not answer.get("errorType"):
        return None
    message_id, field = clean(answer.get("errorCode")), clean(answer.get("errorField"))
    message = clean(answer.get("errorMessage"))
    for appended in (field, message_id):  # "Item number X does not exist      WIT0103 ITNO"
        message = message.removesuffix(f" {appended}") if appended else message
    return Refusal(message or "refused without a text", message_id, clean(answer.get("errorType")), field)


def _read_records(records: object) -> tuple[dict[str, str], ...]:
    if records is None:
        return ()
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise UnreadableAnswerError("the records are not a list of objects")
    return tuple({name: _value(value) for name, value in record.items()} for record in records)


def _value(value: object) -> str:
    """All values are strings by publication; a release that sends a bare number is read all the same."""
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else str(value)


def clean(text: object) -> str:
    """Strips a text of M3 and collapses its padding."""
    return " ".join(text.split()) if isinstance(text, str) else ""
