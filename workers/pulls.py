"""The periodic jobs that ask M3 what changed of items, prices and stock, and compare it as a whole each day. Called by jobs.py.

What M3 says by itself (BODs, events) gets lost; these are the guarantee.
"""

from __future__ import annotations

from functools import partial

import structlog

from connector.flows.context import StoreContext
from connector.flows.pulling import Pulled
from connector.flows.pulls import PULLS, PullEntry
from connector.ledger.cursors import now
from connector.ledger.daily import finish_slot, is_slot_done
from connector.ledger.session import transaction
from connector.ledger.stores import StoreRow
from connector.publishing.times import latest_slot
from workers import rounds
from workers.base import send_all
from workers.process import Process
from workers.rounds import Part, Turned, in_rounds, running_stores

DAILY_TURN_S = 60.0
"""A walk over a whole item master takes minutes; what waits in the same queue comes in between."""

log = structlog.get_logger()


def pull_changes(process: Process, *, kind: str) -> Turned:
    """Reads what M3 changed of one kind since the last time, for each running store that publishes it."""
    parts = [
        Part(row.name, f"pull_{kind}", partial(_changes, process, row, PULLS[kind])) for row in running_stores(process)
    ]
    return in_rounds(process, parts, for_s=rounds.TURN_S)


def _changes(process: Process, row: StoreRow, entry: PullEntry) -> bool:
    store = process.runtime.store(row.name, version=row.version)
    if not entry.is_published(store):
        return True
    return _told(process, store, entry, entry.pull(process.runtime.engine, store, full=False, for_s=rounds.SHARE_S))


def compare_daily(process: Process) -> Turned:
    """Reads everything of each kind once a day and store, at the store's own times.

    A slot is a moment at which a store's clock shows the time configured. Whatever the number of beats, each is done once; of
    several that nobody was there for, the last one is made up for, and it reads everything.
    """
    parts = [
        Part(row.name, f"compare_daily {entry.part}", partial(_daily, process, row, entry))
        for row in running_stores(process)
        for entry in PULLS.values()
    ]
    return in_rounds(process, parts, for_s=DAILY_TURN_S)


def _daily(process: Process, row: StoreRow, entry: PullEntry) -> bool:
    store = process.runtime.store(row.name, version=row.version)
    if not entry.is_published(store):
        return True
    engine = process.runtime.engine
    job = f"daily {entry.part} of {store.name}"
    at = getattr(store.config.publish.times, entry.part)
    with transaction(engine) as connection:
        slot = latest_slot(at, zone=store.config.m3.zone, now=now(connection))
        if is_slot_done(connection, job, slot=slot):
            return True
    if not _told(process, store, entry, entry.pull(engine, store, full=True, for_s=rounds.SHARE_S)):
        return False
    with transaction(engine) as connection:
        finish_slot(connection, job, slot=slot, worker=process.name)
    log.info("daily_pull_done", store=store.name, flow=entry.flow, slot=slot.isoformat())
    return True


def _told(process: Process, store: StoreContext, entry: PullEntry, pulled: Pulled) -> bool:
    send_all(process, pulled.messages)
    if pulled.changed:
        log.info("pull_found", store=store.name, flow=entry.flow, read=pulled.read, changed=pulled.changed)
    return pulled.is_finished
