"""Claim -> run -> settle: the life of one message. Called by workers/tasks.py; the only place that turns errors into fates."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from connector.broker import enqueue_alert, enqueue_within_room
from connector.errors import ConfigurationError, ConnectorError, LeaseLostError, LedgerUnavailableError
from connector.flows.context import Run, StoreContext
from connector.flows.registry import FLOWS
from connector.ledger.claims import Claim
from connector.ledger.dispatch import DueMessage, is_settled, wake_blocked
from connector.ledger.session import is_unavailable
from connector.ledger.settling import Settlement
from connector.ledger.steps import Journal, claim_run
from connector.ledger.stores import pause_store
from connector.ledger.tables import State
from connector.logs import bind
from workers.fates import fate_of
from workers.process import Process

log = structlog.get_logger()


@dataclass(frozen=True)
class Ended:
    """How a message ended, for Flower: the state of the exchange, in words, and when it is due again."""

    state: State | None
    text: str
    next_in_s: float = 0


def run_exchange(process: Process, exchange_id: int) -> Ended:
    """Runs one exchange if it is due and free.

    Args:
        process: What this worker process owns.
        exchange_id: The number the message carries.

    Returns:
        What became of it. Nothing is raised but what kills the process.
    """
    with bind(exchange_id=exchange_id):
        try:
            journal = claim_run(process.runtime.engine, exchange_id, worker=process.name)
            if journal is None:
                return Ended(None, "not due, taken, or its store or flow is paused")
            held = journal.claim
            with (
                bind(store=held.store, flow=held.flow, claim_no=held.claim_no),
                process.heartbeat.watching(journal),
            ):
                return _run_and_settle(process, journal)
        except LeaseLostError as error:
            log.warning("lease_lost", code=error.code)
            return Ended(None, error.message)
        except LedgerUnavailableError as error:
            log.error("ledger_unavailable", code=error.code)
            return Ended(None, error.message)


def _run_and_settle(process: Process, journal: Journal) -> Ended:
    held = journal.claim
    store: StoreContext | None = None
    run: Run | None = None
    try:
        store = process.runtime.store(held.store, version=held.store_version)
        run = Run(store=store, journal=journal)
        settlement = _tidy(run) if held.is_tidy else _run(run)
    except (LeaseLostError, LedgerUnavailableError):
        journal.rollback()
        raise
    except Exception as error:
        if is_unavailable(
            error
        ):  # a connection that died while the run was at work: no bug, and nothing can be settled
            journal.rollback()
            raise LedgerUnavailableError("The ledger database dropped the connection of a run.") from error
        settlement = _after(error, journal, store)
    return _settle(process, journal, settlement, run)


def _run(run: Run) -> Settlement:
    held = run.claim
    done = FLOWS[held.flow].run(run)
    if FLOWS[held.flow].is_awaited:
        run.messages.extend(wake_blocked(run.journal.connection, held.flow, key=f"{held.scope}/{held.business_key}"))
    return Settlement(state=State.DONE, reason_code=done.code, reason=done.reason, fingerprint=done.fingerprint)


def _tidy(run: Run) -> Settlement:
    """Clears up after a dead letter, which stays one: whether that worked or not is told by the log and tried again."""
    tidy = FLOWS[run.claim.flow].tidy
    try:
        if tidy is not None:
            tidy(run)
    except (LeaseLostError, LedgerUnavailableError):
        raise
    except ConnectorError as error:
        log.warning("not_cleared_up", code=error.code, reason=error.message)
    return _as_before(run.claim)


def _as_before(held: Claim) -> Settlement:
    return Settlement(
        state=State.DEAD_LETTER, reason_code=held.last_code, reason=held.last_reason, resolution=held.last_resolution
    )


def _after(error: Exception, journal: Journal, store: StoreContext | None) -> Settlement:
    """Writes down what the error means beyond this exchange, and returns its fate."""
    held = journal.claim
    settlement = fate_of(error, held, store)
    if not isinstance(error, ConnectorError):
        log.error("bug", error=type(error).__name__, where=settlement.detail)  # its text may hold a person's data
        journal.rollback_if_broken()
    if held.is_tidy:
        return _as_before(held)
    if isinstance(error, ConfigurationError) and settlement.state is not State.DEAD_LETTER:
        pause_store(journal.connection, held.store, by="connector", reason=f"{error.message} {error.resolution}")
        log.error("store_paused", reason=error.message)
    if settlement.blocked_on is not None:
        kind, key = settlement.blocked_on
        if is_settled(journal.connection, kind, key=key):  # it settled while this run was still going
            return Settlement(state=State.WAITING, reason=settlement.reason, gives_try_back=True)
    return settlement


def _settle(process: Process, journal: Journal, settlement: Settlement, run: Run | None) -> Ended:
    held = journal.claim
    state = journal.settle(settlement)
    if state is None:
        journal.note_unfenced("settlement_refused", key=str(held.exchange_id), after={"wanted": settlement.state})
        raise LeaseLostError(f"Exchange {held.exchange_id} was taken over before its run could be settled.")
    log.info("exchange_settled", state=state, code=settlement.reason_code, reason=settlement.reason)
    messages = list(run.messages) if run else []
    if state is State.READY:
        messages.append(DueMessage(held.exchange_id, held.pool, held.claim_no))
    send_all(process, messages)
    if state is State.DEAD_LETTER:
        _alert(process, held)
    pause = max(settlement.next_in_s, settlement.not_before_in_s or 0)
    return Ended(state, f"{settlement.reason_code or state}: {settlement.reason}".strip(": "), next_in_s=pause)


def send_all(process: Process, messages: list[DueMessage]) -> None:
    """Sends messages; what the broker does not take, the sweeper sends later."""
    if not messages:
        return
    try:
        enqueue_within_room(process.app, process.runtime.redis, process.runtime.engine, messages)
    except ConnectorError as error:
        log.warning("messages_not_sent", count=len(messages), code=error.code)


def _alert(process: Process, held: Claim) -> None:
    try:
        enqueue_alert(process.app, held.exchange_id)
    except ConnectorError as error:
        log.warning("alert_not_sent", code=error.code)
