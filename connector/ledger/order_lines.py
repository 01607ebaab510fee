"""Gives the lines of an order their number in M3 (CUPO): once per line, never reused. Called by flows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

_KNOWN = text("SELECT line_key, cupo FROM order_line WHERE exchange_id = :exchange_id")
_ADD = text("""
INSERT INTO order_line (exchange_id, cupo, line_key, shares)
VALUES (:exchange_id, :cupo, :line_key, CAST(:shares AS jsonb))
""")


def number_lines(
    connection: Connection, exchange_id: int, *, shares_by_key: Mapping[str, Sequence[Any]]
) -> dict[str, int]:
    """Returns the number of each line key, giving the next free ones to keys not seen before.

    Args:
        connection: The run's transaction.
        exchange_id: The order's exchange.
        shares_by_key: Line key (see money.plan.PlannedLine.key) to its shop line ids with their shares, for refunds.
    """
    known: dict[str, int] = {row.line_key: row.cupo for row in connection.execute(_KNOWN, {"exchange_id": exchange_id})}
    last = max(known.values(), default=0)
    fresh = [key for key in shares_by_key if key not in known]
    numbers = {key: last + place for place, key in enumerate(fresh, start=1)}
    if fresh:
        connection.execute(
            _ADD,
            [
                {
                    "exchange_id": exchange_id,
                    "cupo": numbers[key],
                    "line_key": key,
                    "shares": json.dumps(shares_by_key[key], default=str),
                }
                for key in fresh
            ],
        )
    return {key: known.get(key) or numbers[key] for key in shares_by_key}
