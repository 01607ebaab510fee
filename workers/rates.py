"""The periodic job that reads exchange rates once a day, at each store's own time. Called by jobs.py."""

from __future__ import annotations

from functools import partial

import structlog

from connector.flows.rates import read_rates
from connector.ledger.cursors import now
from connector.ledger.daily import finish_slot, is_slot_done
from connector.ledger.session import transaction
from connector.ledger.stores import StoreRow
from connector.publishing.times import latest_slot
from workers import rounds
from workers.process import Process
from workers.rounds import Part, Turned, in_rounds, running_stores

JOB = "pull_rates"

log = structlog.get_logger()


def pull_rates(process: Process) -> Turned:
    """Reads the rates of each store whose time has come: once a slot, and once for all slots nobody was there for.

    A slot in which a currency has no rate is not done: M3 is asked again after a pause, and people are told.
    """
    parts = [Part(row.name, JOB, partial(_daily, process, row)) for row in running_stores(process)]
    return in_rounds(process, parts, for_s=rounds.TURN_S)


def _daily(process: Process, row: StoreRow) -> bool:
    store = process.runtime.store(row.name, version=row.version)
    if store.config.rates is None:
        return True
    engine, job = process.runtime.engine, f"daily rates of {store.name}"
    with transaction(engine) as connection:
        slot = latest_slot(store.config.rates.at, zone=store.config.m3.zone, now=now(connection))
        if is_slot_done(connection, job, slot=slot):
            return True
    read = read_rates(engine, store)
    with transaction(engine) as connection:
        finish_slot(connection, job, slot=slot, worker=process.name)
    log.info("rates_read", store=store.name, days=read.days, rates=len(read.rates), slot=slot.isoformat())
    return True
