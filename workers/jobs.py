"""The periodic jobs: one turn each, claimed in the ledger, over all running stores. Called by workers/tasks.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

import structlog

from connector.broker import enqueue_job
from connector.errors import ConnectorError, LedgerUnavailableError
from connector.flows.context import StoreContext
from connector.flows.customers.poll import poll_customers
from connector.flows.polling import Polled, poll_changed, poll_open
from connector.flows.products.poll import poll_products
from connector.flows.progress.poll import poll_progress
from connector.flows.refunds.poll import poll_refunds
from connector.ledger.cursors import finish_turn, leave_turn, renew_turn, take_turn
from connector.ledger.documents import wake_for_hunt
from connector.ledger.pauses import pause_flow, resume_flow
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.ledger.stores import StoreRow, pause_store, resume_store, stores_to_probe
from connector.m3.programs import mms200mi
from workers import rounds
from workers.base import send_all
from workers.process import Process
from workers.pulls import compare_daily, pull_changes
from workers.purging import purge_daily
from workers.rates import pull_rates
from workers.reconciling import reconcile_daily
from workers.rounds import Part, Turned, as_a_whole, each_store, in_rounds, is_done, running_stores
from workers.schedule import job_every_s, queue_of
from workers.sealing import seal_audit

ORDERS = "orders_to_m3"
TURN_LEASE_S = 45
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
    with process.heartbeat.repeating(partial(_renew, process, name, turn)):
        turned = as_a_whole(process, name, JOBS[name])
    with transaction(engine) as connection:
        end = finish_turn if turned is not None and turned.is_finished else leave_turn
        end(connection, name, turn=turn, worker=process.name)
    if turned is None:
        return "failed: the sweeper has it tried again (connector status)"
    if not turned.is_finished:
        _go_on(process, name)
    return turned.text


def _renew(process: Process, name: str, turn: datetime) -> None:
    with transaction(process.runtime.engine) as connection:
        renew_turn(connection, name, turn=turn, worker=process.name, lease_s=TURN_LEASE_S)


def _go_on(process: Process, name: str) -> None:
    try:
        enqueue_job(process.app, name, queue=queue_of(name))
    except ConnectorError as error:
        log.warning("job_not_sent", job=name, code=error.code)


def _poll_orders(process: Process) -> Turned:
    """Polls the running stores in rounds, so that one with thousands of changes does not hold up the others."""
    parts = [Part(row.name, "poll_orders", partial(_poll_share, process, row)) for row in running_stores(process)]
    return in_rounds(process, parts, for_s=rounds.TURN_S)


def _poll_share(process: Process, row: StoreRow) -> bool:
    store = process.runtime.store(row.name, version=row.version)
    polled = poll_changed(process.runtime.engine, store, for_s=rounds.SHARE_S)
    _poll(process, store, polled)
    return polled.is_finished


def _poll_order_status(process: Process) -> Turned:
    """Polls how far the orders of the running stores are in M3."""
    job = "poll_order_status"
    parts = [Part(row.name, job, partial(_poll_order_status_of, process, row)) for row in running_stores(process)]
    return in_rounds(process, parts, for_s=rounds.TURN_S)


def _poll_order_status_of(process: Process, row: StoreRow) -> bool:
    store = process.runtime.store(row.name, version=row.version)
    polled = poll_progress(process.runtime.engine, store, for_s=rounds.SHARE_S)
    _poll(process, store, polled)
    return polled.is_finished


def _poll_products(process: Process) -> Turned:
    """Polls the products of the running stores that carry their changes."""
    parts = [
        Part(row.name, "poll_products", partial(_poll_products_of, process, row)) for row in running_stores(process)
    ]
    return in_rounds(process, parts, for_s=rounds.TURN_S)


def _poll_products_of(process: Process, row: StoreRow) -> bool:
    store = process.runtime.store(row.name, version=row.version)
    polled = poll_products(process.runtime.engine, store, for_s=rounds.SHARE_S)
    _poll(process, store, polled)
    return polled.is_finished


def _poll_customers(process: Process) -> Turned:
    """Polls the accounts of the running stores that follow them."""
    job = "poll_customers"
    parts = [Part(row.name, job, partial(_poll_customers_of, process, row)) for row in running_stores(process)]
    return in_rounds(process, parts, for_s=rounds.TURN_S)


def _poll_customers_of(process: Process, row: StoreRow) -> bool:
    store = process.runtime.store(row.name, version=row.version)
    polled = poll_customers(process.runtime.engine, store, for_s=rounds.SHARE_S)
    _poll(process, store, polled)
    return polled.is_finished


def _poll_open_orders(process: Process) -> Turned:
    return each_store(process, "poll_open_orders", partial(_poll_open, process))


def _poll_open(process: Process, store: StoreContext) -> None:
    """Looks at the open orders of a store; pauses its order flow if too many are gone, until they are back or a person looked."""
    polled = poll_open(process.runtime.engine, store)
    _poll(process, store, polled)
    with transaction(process.runtime.engine) as connection:
        if polled.missing:
            pause_flow(
                connection,
                store.name,
                flow=ORDERS,
                reason=f"{len(polled.missing)} open orders are not in the shop's list any more "
                f"({', '.join(map(str, polled.missing[:5]))}{', ...' if len(polled.missing) > 5 else ''}).",
                resolution="Was the shop restored, moved or cleared? If it is wrong, mend it: the flow goes on by itself. "
                f"If they were really deleted: connector store resume {store.name}",
                missing_ids=polled.missing,
            )
        elif resume_flow(connection, store.name, flow=ORDERS) is not None:
            log.warning("flow_resumed", store=store.name, flow=ORDERS, reason="the shop lists its orders again")


def _poll_refunds(process: Process) -> Turned:
    return each_store(process, "poll_refunds", partial(_poll_refunds_of, process))


def _poll_refunds_of(process: Process, store: StoreContext) -> None:
    _poll(process, store, poll_refunds(process.runtime.engine, store))


def _poll(process: Process, store: StoreContext, polled: Polled) -> None:
    send_all(process, polled.messages)
    if polled.news:
        log.info("poll_found", store=store.name, rows=polled.rows, news=polled.news)


def _watch_webhooks(process: Process) -> Turned:
    return each_store(process, "watch_webhooks", partial(_reactivate, process))


def _reactivate(process: Process, store: StoreContext) -> None:
    """Turns our webhooks on again: the shop disables one after its seventh failure in a row, and only its status shows it.

    The audit line comes first: should this process end between the two, the next turn tells and does it once more.
    """
    path = f"/webhooks/woocommerce/{store.name}"
    for webhook in store.shop.list_webhooks():
        is_ours = urlsplit(str(webhook.get("delivery_url", ""))).path.endswith(path)
        if is_ours and webhook.get("status") == "disabled":
            key = f"{webhook.get('topic', '')} {webhook['id']}"
            with transaction(process.runtime.engine) as connection:
                why = "the shop had disabled it after failures"
                note_decision(connection, "webhook_activated", store=store.name, key=key, who="connector", why=why)
            store.shop.update_webhook(int(webhook["id"]), {"status": "active"})
            log.error("webhook_was_disabled", store=store.name, topic=str(webhook.get("topic", "")))


def _probe_stores(process: Process) -> Turned:
    with transaction(process.runtime.engine) as connection:
        names = stores_to_probe(connection)
    failed = sum(not is_done(process, name, "probe_stores", partial(_probe, process, name)) for name in names)
    return Turned(f"probed {len(names)}, {failed} failed")


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


def _hunt_orphans(process: Process) -> Turned:
    with transaction(process.runtime.engine) as connection:
        return Turned(f"woke {len(wake_for_hunt(connection))}")


JOBS: dict[str, Callable[[Process], Turned]] = {
    "poll_orders": _poll_orders,
    "poll_open_orders": _poll_open_orders,
    "poll_order_status": _poll_order_status,
    "poll_products": _poll_products,
    "poll_customers": _poll_customers,
    "poll_refunds": _poll_refunds,
    "watch_webhooks": _watch_webhooks,
    "probe_stores": _probe_stores,
    "hunt_orphans": _hunt_orphans,
    "purge": purge_daily,
    "pull_prices": partial(pull_changes, kind="prices"),
    "pull_stock": partial(pull_changes, kind="stock"),
    "pull_items": partial(pull_changes, kind="items"),
    "pull_customers": partial(pull_changes, kind="customers"),
    "pull_rates": pull_rates,
    "compare_daily": compare_daily,
    "reconcile_daily": reconcile_daily,
    "seal_audit": seal_audit,
}
