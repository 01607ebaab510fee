"""The exchange rates of M3 by day. Kept by flows/rates.py, listed by `connector rates`, used where money is converted.

Source: CRS055MI/SelExchangeRate; M3 is the master, a rate it corrects replaces the one read before.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from connector.ledger.cursors import read_poll

CURSOR = "rates"
"""The last day whose rates were asked for, all of them; it was moved when that reading ended."""


@dataclass(frozen=True, kw_only=True)
class StoredRate:
    """What M3 says: `value` from a day on, to be read by `method` (DMCU) and `factor` (RAFA)."""

    currency: str
    local_currency: str
    rate_type: int
    valid_from: date
    value: Decimal
    method: int
    factor: int
    read_at: datetime | None = None  # of one not kept yet


_COLUMNS = "currency, local_currency, rate_type, valid_from, value, method, factor"
_KEEP = text(f"""
INSERT INTO exchange_rate AS r (m3_scope, division, {_COLUMNS})
SELECT :scope, :division, {_COLUMNS}
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t (currency varchar, local_currency varchar, rate_type bigint,
    valid_from date, value numeric, method bigint, factor bigint)
ON CONFLICT (m3_scope, division, currency, local_currency, rate_type, valid_from) DO UPDATE SET
    value = excluded.value, method = excluded.method, factor = excluded.factor, read_at = excluded.read_at
""")
_ON = text(f"""
SELECT {_COLUMNS}, read_at FROM exchange_rate
WHERE m3_scope = :scope AND division = :division AND currency = :currency AND rate_type = :rate_type AND valid_from <= :day
ORDER BY valid_from DESC, read_at DESC LIMIT 1
""")
_LIST = text(f"""
SELECT {_COLUMNS}, read_at FROM exchange_rate
WHERE m3_scope = :scope AND division = :division AND valid_from >= :since
ORDER BY currency, rate_type, valid_from DESC
""")


def keep_rates(connection: Connection, m3_scope: str, *, division: str, rates: Sequence[StoredRate]) -> None:
    """Stages rates as M3 states them now; any number of times."""
    rows = json.dumps([asdict(one) for one in rates], default=str)
    connection.execute(_KEEP, {"scope": m3_scope, "division": division, "rows": rows})


def rate_on(
    connection: Connection, m3_scope: str, *, division: str, currency: str, rate_type: int, day: date
) -> StoredRate | None:
    """Returns the rate of a currency that is valid on a day: the newest from that day or before.

    Whether it is too old to be used, and what it means, is for connector/money/rates.py.
    """
    values = {"scope": m3_scope, "division": division, "currency": currency, "rate_type": rate_type, "day": day}
    row = connection.execute(_ON, values).mappings().one_or_none()
    return None if row is None else StoredRate(**row)


def was_read(connection: Connection, store: str, *, day: date, since: datetime) -> bool:
    """Tells whether M3 has been asked for all rates of a store for a day, or a later one, at a moment or later."""
    last = read_poll(connection, store, name=CURSOR)
    if last.value is None or last.moved_at is None:
        return False
    return date.fromisoformat(last.value) >= day and last.moved_at >= since


def list_rates(connection: Connection, m3_scope: str, *, division: str, since: date) -> list[StoredRate]:
    """Returns the rates kept that are valid from a day or later, by currency and type, the newest first."""
    values = {"scope": m3_scope, "division": division, "since": since}
    return [StoredRate(**row) for row in connection.execute(_LIST, values).mappings()]
