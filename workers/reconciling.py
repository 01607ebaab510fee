"""The periodic job that compares the shop with M3's books once a day, at each store's own time. Called by jobs.py.

Each of the last days is compared anew, for an order of last week may have been edited, refunded or deleted since; a run that is
killed goes on with the next day. What was found is kept; people are told of what nothing explains, and again when that changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from connector.flows.context import StoreContext
from connector.flows.reconciling.compare import compare_money
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.result import QUIET, Row
from connector.flows.reconciling.totals import Totals
from connector.ledger.cursors import move_cursor, now, read_cursor, store_created_at
from connector.ledger.daily import finish_slot, is_slot_done
from connector.ledger.job_troubles import forget_trouble, note_trouble, note_well
from connector.ledger.reconciliations import (
    KEPT_DAYS,
    Reconciled,
    days_compared_since,
    forget_before,
    keep,
    list_kept,
)
from connector.ledger.session import OpenLedger, transaction
from connector.ledger.stores import StoreRow
from connector.publishing.times import latest_slot
from connector.stores.reconciling import ReconcileConfig
from workers import rounds
from workers.process import Process
from workers.rounds import Part, Turned, in_rounds, running_stores

JOB = "reconcile_daily"
TROUBLE = "reconcile"
"""Under this name people are told that the books differ; JOB itself fails only if a side cannot be asked."""
CURSOR = "reconciled"
MOST_ROWS = 200
"""Of a day that are kept; `connector reconcile money` shows all of them."""

log = structlog.get_logger()


def reconcile_daily(process: Process) -> Turned:
    """Compares each store whose time has come: once a slot, and once for all slots nobody was there for."""
    parts = [Part(row.name, JOB, partial(_daily, process, row)) for row in running_stores(process)]
    return in_rounds(process, parts, for_s=rounds.TURN_S)


def _daily(process: Process, row: StoreRow) -> bool:
    """Compares one further day; tells whether all are done."""
    store = process.runtime.store(row.name, version=row.version)
    engine, job = process.runtime.engine, f"daily reconciliation of {store.name}"
    if store.config.reconcile is None:
        with transaction(engine) as connection:
            forget_trouble(connection, store.name, job=TROUBLE)  # what was found while the store asked for it
        return True
    with transaction(engine) as connection:
        slot = latest_slot(store.config.reconcile.at, zone=store.config.m3.zone, now=now(connection))
        if slot < store_created_at(connection, store.name) or is_slot_done(connection, job, slot=slot):
            return True
        done = days_compared_since(connection, store.name, since=slot)
    days = _days(store, store.config.reconcile, slot)
    left = [day for day in days if day not in done]
    if left:
        _compare(process, store, left[0])
    if len(left) > 1:
        return False
    with transaction(engine) as connection:
        kept = [one for one in list_kept(connection, store.name, since=days[0]) if one.day <= days[-1]]
        next_at = slot + timedelta(days=1)
        _tell(connection, store, kept, next_in_s=max((next_at - now(connection)).total_seconds(), 0))
        forget_before(connection, store.name, day=days[-1] - timedelta(days=KEPT_DAYS))
        finish_slot(connection, job, slot=slot, worker=process.name)
    log.info("reconciled", store=store.name, slot=slot.isoformat(), unexplained=sum(one.unexplained for one in kept))
    return True


def _days(store: StoreContext, config: ReconcileConfig, slot: datetime) -> list[date]:
    today = slot.astimezone(store.config.m3.zone).date()
    return [today - timedelta(days=back) for back in range(config.days, 0, -1)]


def _compare(process: Process, store: StoreContext, day: date) -> None:
    totals = Totals()
    period = Period(day, day, store.config.m3.zone)
    explained: list[Row] = []
    unexplained: list[Row] = []
    for row in compare_money(process.runtime.engine, store, period, totals=totals):
        of_its_kind = explained if row.is_explained else unexplained
        if row.reason not in QUIET and len(of_its_kind) < MOST_ROWS:
            of_its_kind.append(row)
    with transaction(process.runtime.engine) as connection:
        keep(
            connection,
            store.name,
            day=day,
            facts=totals.facts.total(),
            equal=totals.equal,
            unexplained=totals.unexplained,
            figures=totals.to_json(),
            rows=[_kept(row) for row in (*unexplained, *explained)[:MOST_ROWS]],
        )


def _kept(row: Row) -> dict[str, Any]:
    return {**asdict(row), "day": row.day.isoformat(), "is_explained": row.is_explained}


def _tell(connection: OpenLedger, store: StoreContext, kept: Sequence[Reconciled], *, next_in_s: float) -> None:
    """Notes what nothing explains, or that there is nothing of the kind; what was told already is not told again."""
    open_rows = [row for one in kept for row in one.rows if not row["is_explained"]]
    count = sum(one.unexplained for one in kept)
    if not count:
        note_well(connection, store.name, job=TROUBLE)
        return
    told = json.dumps({"told": _digest(open_rows)})
    if read_cursor(connection, store.name, name=CURSOR) != told:
        note_well(connection, store.name, job=TROUBLE)  # so that the next note is told as news
    first, last = kept[-1].day, kept[0].day
    note_trouble(
        connection,
        store.name,
        job=TROUBLE,
        code="books_differ",
        reason=f"Of {sum(one.facts for one in kept)} orders, refunds and postings of {first} to {last}, {count} differ between "
        f"the shop and M3, and nothing explains why{_for_example(open_rows)}.",
        resolution=f"connector reconcile money --store {store.name} --from {first} --to {last}",
        needs_person=True,
        next_in_s=next_in_s,
    )
    move_cursor(connection, store.name, name=CURSOR, value=told)


def _for_example(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return ""
    row = rows[0]
    name = row["order_number"] or row["m3_number"]
    sides = f"{row['shop'] or 'nothing'} in the shop, {row['m3'] or 'nothing'} in M3"
    currency = f" ({row['currency']})" if row["currency"] else ""
    return f"; for example {row['fact']} {name} of {row['day']}: {sides}{currency}"


def _digest(rows: Sequence[dict[str, Any]]) -> str:
    names = ("fact", "shop_id", "m3_number", "what", "shop", "m3")
    told = sorted(json.dumps([row[name] for name in names]) for row in rows)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
