"""Gives the lines of an order their number in M3 (CUPO): once per line, never reused. Called by flows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.prepared import Prepared
from connector.ledger.steps import Journal

_KNOWN = text("SELECT line_key, cupo FROM order_line WHERE exchange_id = :exchange_id")
_ADD = Prepared(
    "order_line_add",
    """
INSERT INTO order_line (exchange_id, cupo, line_key, shares)
SELECT :exchange_id, n.cupo, n.line_key, CAST(n.shares AS jsonb)
FROM unnest(:cupos, :line_keys, :shares) AS n (cupo, line_key, shares)
""",
    types={"exchange_id": "bigint", "cupos": "bigint[]", "line_keys": "text[]", "shares": "text[]"},
)


def number_lines(journal: Journal, *, shares_by_key: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    """Returns the number of each line key, giving the next free ones to keys not seen before.

    Args:
        journal: The run.
        shares_by_key: Line key (see money.plan.PlannedLine.key) to its shop line ids with their shares, for refunds.
    """
    exchange_id = journal.claim.exchange_id
    known = read_numbers(journal.connection, exchange_id)
    last = max(known.values(), default=0)
    fresh = {key: last + place for place, key in enumerate((key for key in shares_by_key if key not in known), start=1)}
    if fresh:
        journal.stage(
            _ADD,
            exchange_id=exchange_id,
            cupos=list(fresh.values()),
            line_keys=list(fresh),
            shares=[json.dumps(shares_by_key[key], default=str) for key in fresh],
        )
    return {key: known.get(key) or fresh[key] for key in shares_by_key}


def read_numbers(connection: Connection, exchange_id: int) -> dict[str, int]:
    """Returns the numbers given so far, by line key."""
    return {row.line_key: row.cupo for row in connection.execute(_KNOWN, {"exchange_id": exchange_id})}


_SHARES = text("SELECT cupo, shares FROM order_line WHERE exchange_id = :exchange_id")


def read_shop_lines(connection: Connection, exchange_id: int) -> dict[int, frozenset[int]]:
    """Returns which lines of the shop each number stands for."""
    rows = connection.execute(_SHARES, {"exchange_id": exchange_id})
    return {row.cupo: frozenset(int(share[0]) for share in row.shares) for row in rows}
