"""The periodic jobs: one turn each, claimed in the ledger, over all running stores. Called by workers/tasks.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import structlog

from connector.errors import ConfigurationError, ConnectorError, LedgerUnavailableError
from connector.flows.context import StoreContext
from connector.flows.polling import Polled, poll_changed, poll_open
from connector.ledger.cursors import finish_turn, take_turn
from connector.ledger.documents import wake_for_hunt
from connector.ledger.session import transaction
from connector.ledger.stores import StoreRow, list_stores, pause_store, resume_store, stores_to_probe
from connector.m3.programs import mms200mi
from workers.base import send_all
from workers.process import Process
from workers.schedule import job_every_s

TURN_LEASE_S = 300

log = structlog.get_logger()


def run_turn(process: Process, name: str) -> str:
    """Runs the present turn of a job if no other worker has it.

    Returns:
        A line for Flower.
    """
    engine = process.runtime.engine
    every_s = job_every_s(process.runtime.settings)[name]
    with transaction(engine) as connection:
        turn = take_turn(connection, name, every_s=every_s, worker=process.name, lease_s=TURN_LEASE_S)
    if turn is None:
        return "done by another worker"
    text = JOBS[name](process)
    with transaction(engine) as connection:
        finish_turn(connection, name, turn=turn, worker=process.name)
    return text


def _poll_orders(process: Process) -> str:
    return _each_store(process, lambda store: _poll(process, store, poll_changed(process.runtime.engine, store)))


def _poll_open_orders(process: Process) -> str:
    return _each_store(process, lambda store: _poll(process, store, poll_open(process.runtime.engine, store)))


def _poll(process: Process, store: StoreContext, polled: Polled) -> None:
    send_all(process, polled.messages)
    if polled.news:
        log.info("poll_found", store=store.name, rows=polled.rows, news=polled.news)
    if polled.missing:
        log.error(
            "poll_many_missing",
            store=store.name,
            count=len(polled.missing),
            ids=polled.missing[:10],
            resolution="Check whether the shop was restored or moved. Orders that were really deleted: "
            f"connector sync orders_to_m3 --store {store.name} --ids ...",
        )


def _watch_webhooks(process: Process) -> str:
    return _each_store(process, _reactivate)


def _reactivate(store: StoreContext) -> None:
    """Turns our webhooks on again: the shop disables one after its seventh failure in a row, and only its status shows it."""
    path = f"/webhooks/woocommerce/{store.name}"
    for webhook in store.shop.list_webhooks():
        is_ours = urlsplit(str(webhook.get("delivery_url", ""))).path.endswith(path)
        if is_ours and webhook.get("status") == "disabled":
            store.shop.update_webhook(int(webhook["id"]), {"status": "active"})
            log.error("webhook_was_disabled", store=store.name, topic=str(webhook.get("topic", "")))


def _probe_stores(process: Process) -> str:
    with transaction(process.runtime.engine) as connection:
        names = stores_to_probe(connection)
    failed = sum(not _is_done(process, name, partial(_probe, process, name)) for name in names)
    return f"probed {len(names)}, {failed} failed"


def _probe(process: Process, name: str) -> None:
    """Asks shop and M3 one harmless thing each; lets the store run again if both answer."""
    try:
        store = process.runtime.store(name)
        store.m3.read([mms200mi.get_server_time()])[0].require()
        store.shop.list_webhooks()
    except LedgerUnavailableError:
        raise
    except ConnectorError as error:
        with transaction(process.runtime.engine) as connection:
            pause_store(connection, name, by="connector", reason=f"{error.message} {error.resolution}")
        return
    with transaction(process.runtime.engine) as connection:
        resume_store(connection, name)
    log.info("store_resumed", store=name)


def _hunt_orphans(process: Process) -> str:
    with transaction(process.runtime.engine) as connection:
        return f"woke {len(wake_for_hunt(connection))}"


def _each_store(process: Process, work: Callable[[StoreContext], None]) -> str:
    """Does the work for every running store; one store's trouble leaves the others alone."""
    with transaction(process.runtime.engine) as connection:
        rows = [row for row in list_stores(connection) if row.paused_by is None]
    failed = 0
    for row in rows:
        failed += not _is_done(process, row.name, partial(_work_for, process, row, work))
    return f"{len(rows)} stores, {failed} failed"


def _work_for(process: Process, row: StoreRow, work: Callable[[StoreContext], None]) -> None:
    work(process.runtime.store(row.name, version=row.version))


def _is_done(process: Process, name: str, work: Callable[[], None]) -> bool:
    """Does one store's part of a job; tells whether it went well.

    Raises:
        LedgerUnavailableError: The database is away, so that no store's part can be done.
    """
    try:
        work()
    except LedgerUnavailableError:
        raise
    except ConnectorError as error:
        _store_failed(process, name, error)
        return False
    except Exception as error:  # noqa: BLE001 - one store's bug must not stop the jobs of all others
        log.error("job_bug", store=name, error=type(error).__name__)
        return False
    return True


def _store_failed(process: Process, name: str, error: ConnectorError) -> None:
    log.warning("job_failed", store=name, code=error.code, reason=error.message)
    if isinstance(error, ConfigurationError):
        with transaction(process.runtime.engine) as connection:
            pause_store(connection, name, by="connector", reason=f"{error.message} {error.resolution}")
        log.error("store_paused", store=name, reason=error.message)


JOBS: dict[str, Callable[[Process], str]] = {
    "poll_orders": _poll_orders,
    "poll_open_orders": _poll_open_orders,
    "watch_webhooks": _watch_webhooks,
    "probe_stores": _probe_stores,
    "hunt_orphans": _hunt_orphans,
}
