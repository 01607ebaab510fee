"""The bulk requests calls are sent as: split by program, written in M3's form, and each call given its part of the answer.

Called by client.py. Source: protocol.md section 5.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import ConnectorError, OutcomeUnknownError, RemoteUnavailableError
from connector.m3.calls import Answer, Call
from connector.m3.envelope import Item
from connector.m3.operations import Operation
from connector.m3.rejections import rejection

MAX_TRANSACTIONS = 80


@dataclass(frozen=True)
class M3Context:
    """Which company of M3 is spoken to, and how its gateway behaves."""

    company: int
    division: str
    language: str = "GB"
    gateway_cut_s: float = 60
    api_path: str = "M3/m3api-rest/v2/execute"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: up to 80 calls of one program, with their places in what was asked."""

    program: str
    places: tuple[int, ...]
    calls: tuple[Call, ...]
    operations: tuple[Operation, ...]
    is_write: bool
    max_records: int

    @property
    def transactions(self) -> list[str]:
        """The transactions, in their order."""
        return [operation.transaction for operation in self.operations]

    def failure(self, what: str) -> ConnectorError:
        """Returns the error for an answer not seen or not understood: unknown for a write, worth another try for a read."""
        where = f"M3, {self.program}/{self.transactions[0]} ({len(self.calls)} transactions)"
        if self.is_write:
            return OutcomeUnknownError(
                f"{where}: {what}; whether M3 executed it is not known.",
                resolution="Nothing to do: after the settle time M3 is asked what became of it.",
            )
        return RemoteUnavailableError(f"{where}: {what}.", resolution="Nothing to do: it is tried again.")

    def body(self, context: M3Context) -> bytes:
        """Returns the bulk body; M3 reads it as a stream, so `transactions` must stay the last key."""
        envelope: dict[str, Any] = {
            "program": self.program,
            "cono": context.company,
            "divi": context.division,
            "lanc": context.language,
            "dateFormat": "YMD8",
            "excludeEmptyValues": True,
            "rightTrim": True,
            "maxReturnedRecords": self.max_records,
            "transactions": [
                _transaction(call, operation) for call, operation in zip(self.calls, self.operations, strict=True)
            ],
        }
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def _transaction(call: Call, operation: Operation) -> dict[str, Any]:
    item: dict[str, Any] = {"transaction": operation.transaction, "record": operation.to_site(call.fields)}
    if call.columns:
        item["selectedColumns"] = operation.columns_at_site(call.columns)
    return item


def split(
    calls: Sequence[Call], operations: Sequence[Operation], *, is_write: bool, max_records: int
) -> Iterator[Request]:
    """Yields one request per program and 80 calls; the order of the calls of a program is kept."""
    by_program: dict[str, list[int]] = {}
    for place, operation in enumerate(operations):
        by_program.setdefault(operation.program, []).append(place)
    for program, places in by_program.items():
        for start in range(0, len(places), MAX_TRANSACTIONS):
            some = places[start : start + MAX_TRANSACTIONS]
            yield Request(
                program=program,
                places=tuple(some),
                calls=tuple(calls[place] for place in some),
                operations=tuple(operations[place] for place in some),
                is_write=is_write,
                max_records=max_records,
            )


def answers_of(request: Request, items: list[Item]) -> Iterator[Answer]:
    """Yields what became of each call of a request."""
    for call, operation, item in zip(request.calls, request.operations, items, strict=True):
        if item.stopped_because is not None:
            stopped = RemoteUnavailableError(
                f"{operation.program}/{operation.transaction}: M3 stopped before it ({item.stopped_because}).",
                resolution="Nothing to do: it was not executed and is tried again.",
            )
            yield Answer(call, (), stopped, processed=False)
        elif item.refusal is not None:
            sent = call.fields
            yield Answer(
                call,
                (),
                rejection(item.refusal, program=operation.program, transaction=operation.transaction, sent=sent),
            )
        else:
            records = tuple(operation.from_site(record) for record in item.records)
            yield Answer(
                call,
                records,
                is_cut=len(records) >= request.max_records,
                name=f"{operation.program}/{operation.transaction}",
            )
