"""Waits until exchanges are settled, with a progress line; behind `connector sync --wait`."""

from __future__ import annotations

import time

from sqlalchemy import Engine

from connector.cli.output import err, warn
from connector.ledger.listing import ExchangeRow, exchanges_by_id
from connector.ledger.session import transaction
from connector.ledger.tables import State

LOOK_EVERY_S = 0.5
LONGEST_WAIT_S = 900
SETTLED = (State.DONE, State.DEAD_LETTER)


def wait_until_settled(engine: Engine, ids: list[int]) -> list[ExchangeRow]:
    """Looks until all are done or dead letters, their store is paused, or a quarter of an hour is over.

    Returns:
        The exchanges as they are then.
    """
    deadline = time.monotonic() + LONGEST_WAIT_S
    with err().status("Waiting ...") as status:
        while True:
            with transaction(engine) as connection:
                rows = exchanges_by_id(connection, ids)
            waiting = [row for row in rows if row.state not in SETTLED]
            if not waiting or all(row.store_paused for row in waiting):
                return rows
            if time.monotonic() > deadline:
                warn(f"{len(waiting)} of {len(rows)} are still not settled; `connector exchanges list` shows them.")
                return rows
            status.update(f"{len(rows) - len(waiting)} of {len(rows)} settled")
            time.sleep(LOOK_EVERY_S)
