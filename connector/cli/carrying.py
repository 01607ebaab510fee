"""Waits until the items of a flow that are due were carried to the shop; behind `sync --wait` and `reconcile --repair`."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Engine

from connector.cli.bars import bar
from connector.ledger.listing import exchanges_by_key
from connector.ledger.offers import ALL, Counts, count_offers
from connector.ledger.pauses import paused_flows
from connector.ledger.session import transaction
from connector.ledger.tables import State

LOOK_EVERY_S = 0.5
LONGEST_STILL_S = 300


@dataclass(frozen=True)
class Carried:
    """How the items of a flow stand after the wait; `held_by` says why some are still due, if they are."""

    known: int
    due: int
    problems: int
    held_by: str = ""


def count(engine: Engine, store: str, flow: str) -> Counts:
    """Returns how the items of a flow stand now."""
    with transaction(engine) as connection:
        return count_offers(connection, store, flow=flow)


def wait_until_carried(engine: Engine, store: str, flow: str) -> Carried:
    """Looks until no item is due and the flow rests, until nobody can carry them, or nothing moved for five minutes."""
    most, least, moved_at = 0, None, time.monotonic()
    with bar("Carried to the shop") as tell:
        while True:
            counts = count(engine, store, flow)
            most = max(most, counts.due)
            tell(most - counts.due, most)
            held_by = _held_by(engine, store, flow, due=counts.due)
            if held_by is None:
                return Carried(counts.known, due=counts.due, problems=counts.problems)
            if least is None or counts.due < least:
                least, moved_at = counts.due, time.monotonic()
            if not held_by and time.monotonic() - moved_at > LONGEST_STILL_S:
                held_by = (
                    f"nothing moved for {LONGEST_STILL_S // 60} minutes; do the pools run? `connector status` tells"
                )
            if held_by:
                return Carried(counts.known, due=counts.due, problems=counts.problems, held_by=held_by)
            time.sleep(LOOK_EVERY_S)


def _held_by(engine: Engine, store: str, flow: str, *, due: int) -> str | None:
    """Returns who or what keeps the flow from going on; empty if nothing does, None if it is done."""
    with transaction(engine) as connection:
        rows = exchanges_by_key(connection, store=store, flow=flow, keys=[ALL])
        pauses = [one for one in paused_flows(connection) if (one.store, one.flow) == (store, flow)]
    if due == 0 and all(row.state == State.DONE for row in rows):
        return None
    if pauses:
        return f"the flow stands still: {pauses[0].reason} {pauses[0].resolution}"
    for row in rows:
        if row.store_paused:
            return f"store {store} is paused; `connector store resume {store}` lets it go on"
        if row.state == State.DEAD_LETTER:
            return f"exchange {row.id} waits for a person: {row.reason} {row.resolution}"
    return ""
