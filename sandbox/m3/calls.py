"""Read the two forms of an execute call (GET with one transaction, bulk POST) into one; `gateway` calls it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.m3.refusals import InvalidCall

DEFAULT_RECORDS = 100
CONTEXT_PARAMETERS = frozenset(
    [
        "cono",
        "divi",
        "lanc",
        "locale",
        "timeZone",
        "maxrecs",
        "dateformat",
        "excludeempty",
        "righttrim",
        "returncols",
        "format",
        "extendedresult",
        "readtimeoutmillis",
    ]
)
BULK_KEYS = frozenset(
    [
        "program",
        "cono",
        "divi",
        "lanc",
        "locale",
        "timeZone",
        "dateFormat",
        "excludeEmptyValues",
        "rightTrim",
        "maxReturnedRecords",
        "extendedResult",
        "format",
        "readTimeoutMillis",
        "transactions",
    ]
)


@dataclass(frozen=True)
class Item:
    """One transaction of a call."""

    transaction: str
    record: Mapping[str, str]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """One HTTP request to execute, whichever form it came in."""

    program: str
    items: tuple[Item, ...]
    is_bulk: bool
    max_records: int | None = DEFAULT_RECORDS
    exclude_empty: bool = False
    right_trim: bool = True
    cono: str = ""
    extended_result: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Name the items as PROGRAM/Transaction."""
        return tuple(f"{self.program}/{item.transaction}" for item in self.items)


def parse_get(program: str, transaction: str, query: Mapping[str, str]) -> Call:
    """Read a single call: what is not one of the twelve context parameters is an input field."""
    _refuse_date_format(query.get("dateformat", "YMD8"))
    record = {name: value for name, value in query.items() if name not in CONTEXT_PARAMETERS}
    columns = tuple(name for name in query.get("returncols", "").split(",") if name)
    return Call(
        program=program,
        items=(Item(transaction, record, columns),),
        is_bulk=False,
        max_records=_limit(query.get("maxrecs")),
        exclude_empty=_flag(query.get("excludeempty"), default=False),
        right_trim=_flag(query.get("righttrim"), default=True),
        cono=query.get("cono", ""),
        extended_result=_flag(query.get("extendedresult"), default=False),
    )


def parse_bulk(raw: bytes) -> Call:
    """Read a bulk body; numbers keep the digits they were written with.

    Raises:
        InvalidCall: not JSON, a shape that is not the published one, or keys after `transactions`: M3 reads the body
            as a stream and has begun to work before it sees them.
    """
    try:
        body = json.loads(raw, parse_float=str, parse_int=str)
    except ValueError as error:
        raise InvalidCall("BadRequest", "The body is not JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("transactions"), list) or not body["transactions"]:
        raise InvalidCall("BadRequest", "The body needs program and transactions")
    if next(reversed(body)) != "transactions":
        raise InvalidCall("BadRequest", "transactions must be the last attribute")
    for key in body.keys() - BULK_KEYS:
        raise InvalidCall("BadRequest", f"Attribute {key} is unknown")
    _refuse_date_format(str(body.get("dateFormat", "YMD8")))
    return Call(
        program=str(body.get("program", "")),
        items=tuple(_item(entry) for entry in body["transactions"]),
        is_bulk=True,
        max_records=_limit(body.get("maxReturnedRecords")),
        exclude_empty=_flag(body.get("excludeEmptyValues"), default=False),
        right_trim=_flag(body.get("rightTrim"), default=True),
        cono=str(body.get("cono", "")),
        extended_result=_flag(body.get("extendedResult"), default=False),
    )


def _item(entry: Any) -> Item:
    if not isinstance(entry, dict) or not isinstance(entry.get("transaction"), str):
        raise InvalidCall("BadRequest", "An element of transactions needs transaction and record")
    record = entry.get("record") or {}
    if not isinstance(record, dict):
        raise InvalidCall("BadRequest", "record must be an object")
    for name, value in record.items():
        if value is not None and not isinstance(value, str):
            raise InvalidCall("BadRequest", f"The value of {name} must be text or a number")
    columns = entry.get("selectedColumns") or []
    return Item(
        entry["transaction"],
        {name: value for name, value in record.items() if value is not None},
        tuple(str(column) for column in columns),
    )


def _limit(value: Any) -> int | None:
    if value is None or value == "":
        return DEFAULT_RECORDS
    if not str(value).isdigit():
        raise InvalidCall("BadRequest", "The number of records must be a whole number")
    # 0 means unlimited (protocol.md §2).
    return int(value) or None


def _flag(value: Any, *, default: bool) -> bool:
    return default if value is None else str(value).lower() == "true"


def _refuse_date_format(name: str) -> None:
    if name != "YMD8":
        raise InvalidCall("BadRequest", f"Date format {name} is not offered by this sandbox, only YMD8")
