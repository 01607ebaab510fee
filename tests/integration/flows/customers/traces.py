"""Looks for a person in everything the connector keeps: each column of each table of the ledger, and what Valkey holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import redis
from sqlalchemy import select

from connector.ledger.metadata import METADATA
from connector.ledger.session import transaction
from tests.harness import Connector

NAME, SURNAME, STREET, YARD = "Anamarija", "Traverso", "Savskopotočka", "Dvorište"
PHONE, EMAIL, NOTE = "091 876 5432", "anamarija.traverso@example.com", "Zvonite triput"
TRACES = (NAME, SURNAME, STREET, YARD, PHONE, "918765432", EMAIL.partition("@")[0], NOTE, "triput")
"""Pieces of a person that nobody else has, also as M3 gets them: cut, joined, and in other letters. None is in a hash by chance."""

WHO = {
    **{"first_name": NAME, "last_name": SURNAME, "company": "", "address_1": f"{STREET} 17", "address_2": YARD},
    **{"city": "Zagreb", "postcode": "10007", "country": "HR", "state": "HR-21", "phone": PHONE, "email": EMAIL},
}

Trace = str | re.Pattern[str]


def alone(digits: str) -> re.Pattern[str]:
    """Returns what finds digits that stand alone, never within a longer number, hash, id or the fraction of a second."""
    return re.compile(rf"(?<![0-9a-z.]){digits}(?![0-9a-z])")


def in_ledger(connector: Connector, of: tuple[Trace, ...] = TRACES) -> list[str]:
    """Returns where the ledger holds a trace: table, column and the trace. New tables are looked at by themselves."""
    found = []
    with transaction(connector.engine) as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                found += [f"{table.name}.{name}: {trace}" for name, value in row.items() for trace in traces(value, of)]
    return sorted(set(found))


def in_valkey(connector: Connector) -> list[str]:
    """Returns the keys of Valkey whose name or content holds a trace."""
    client: redis.Redis = connector.process.runtime.redis
    return [str(key) for key in client.scan_iter() if any(traces(key)) or any(traces(client.dump(key)))]


def traces(value: Any, of: tuple[Trace, ...] = TRACES) -> Iterator[str]:
    """Yields which traces a value holds, as it is or escaped as in JSON."""
    text = _text(value).casefold()
    for trace in of:
        if isinstance(trace, re.Pattern):
            if found := trace.search(text):
                yield found[0]
            continue
        plain = trace.casefold()
        if plain in text or json.dumps(plain)[1:-1] in text:
            yield trace


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
