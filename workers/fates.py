"""The one table error -> fate: what becomes of an exchange whose run ended with an exception. Used by workers/base.py.

The words of a bug and the jitter are also used by troubles.py.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from datetime import timedelta

from connector.errors import (
    BreakerOpenError,
    ConfigurationError,
    ConnectorError,
    MissingDependencyError,
    NeedsPersonError,
    NotYetError,
    OutcomeUnknownError,
    PermanentError,
    RetryableError,
    UnknownItemError,
    WaitingError,
)
from connector.flows.context import StoreContext
from connector.ledger.claims import Claim
from connector.ledger.discards import DISCARDED
from connector.ledger.offers import ALL
from connector.ledger.settling import Settlement
from connector.ledger.tables import DocumentState, State
from connector.logs import places_of
from connector.stores.config import RetryConfig

RECHECK_S = 900
SHORT_WAIT_S = 20.0
LONGEST_BATCH_PAUSE_S = 300.0
"""A batch flow carries everything of its kind: it tries again sooner than an order would."""
DISCARDED_PAUSE_S = 21_600.0
"""Between two looks at what a person discarded and the shop tells more of, when it was tried as often as anything."""

Fate = Callable[[ConnectorError, Claim, StoreContext | None], Settlement]


def fate_of(error: Exception, held: Claim, store: StoreContext | None) -> Settlement:
    """Returns how the exchange is settled after `error`; the first fitting line of FATES decides."""
    if not isinstance(error, ConnectorError):
        return _bug(error)
    for kind, fate in FATES:
        if isinstance(error, kind):
            settlement = fate(error, held, store)
            return _kept_discarded(error, held, settlement) if held.discard is not None else settlement
    return _bug(error)


def _bug(error: Exception) -> Settlement:
    return Settlement(
        state=State.DEAD_LETTER,
        reason_code="bug",
        reason=where_it_failed(error),
        resolution="Report it with the output of `connector exchanges show`; release it after the update.",
        detail=places_of(error),
    )


def where_it_failed(error: Exception) -> str:
    """Returns a bug in words that hold nobody's data: its type and place."""
    where = traceback.extract_tb(error.__traceback__)
    last = f"{where[-1].filename.rsplit('/', 1)[-1]}:{where[-1].lineno}" if where else "unknown place"
    return f"The connector itself failed: {type(error).__name__} at {last}."


def _wait(error: ConnectorError, held: Claim, store: StoreContext | None) -> Settlement:
    """Waits without spending a try, up to the deadline (no deadline while a breaker is open)."""
    if not isinstance(error, BreakerOpenError) and _waited_too_long(held, store):
        return _dead(error, held, store)
    asked = error.retry_after_s if isinstance(error, WaitingError) else None
    return Settlement(
        state=State.WAITING,
        reason_code=error.code,
        reason=error.message,
        resolution=error.resolution,
        next_in_s=0 if asked else jitter(SHORT_WAIT_S),
        not_before_in_s=asked,  # Retry-After, settle time, open breaker: news does not bring these forward
        gives_try_back=True,
    )


def _waited_too_long(held: Claim, store: StoreContext | None) -> bool:
    patience = timedelta(hours=store.config.retry.wait_deadline_h if store else 24)
    return held.now - (held.waiting_since or held.now) > patience


def _blocked(error: ConnectorError, held: Claim, store: StoreContext | None) -> Settlement:
    """Waits for another exchange, or for M3's invoice. After a time people are told; it goes on by itself all the same."""
    if not isinstance(error, MissingDependencyError):
        return _bug(error)
    if _blocked_too_long(error, held, store):
        return _still_blocked(error, held)
    return Settlement(
        state=State.BLOCKED,
        reason_code=error.code,
        reason=error.message,
        resolution=error.resolution,
        next_in_s=RECHECK_S,
        gives_try_back=True,
        blocked_on=(error.kind, error.key),
    )


def _blocked_too_long(error: MissingDependencyError, held: Claim, store: StoreContext | None) -> bool:
    retry = store.config.retry if store else RetryConfig()
    patience = timedelta(days=retry.invoice_deadline_d) if error.is_of_m3 else timedelta(hours=retry.blocked_deadline_h)
    return held.now - (held.blocked_since or held.now) > patience


def _still_blocked(error: MissingDependencyError, held: Claim) -> Settlement:
    where = (
        "Look at the order in M3: it may be stopped, or will never be invoiced."
        if error.is_of_m3
        else f"Look what became of {error.kind} {error.key} (`connector dead-letters list`, `connector exchanges list`)."
    )
    since = held.blocked_since or held.now
    return Settlement(
        state=State.DEAD_LETTER,
        reason_code=error.code,
        reason=f"{error.message} It waits for that since {since:%Y-%m-%d}.",
        resolution=f"{where} This exchange goes on by itself within a quarter of an hour after that. If it never shall: "
        f"connector dead-letters discard {held.exchange_id}",
        recheck_in_s=RECHECK_S,
    )


def _look(error: ConnectorError, held: Claim, store: StoreContext | None) -> Settlement:
    """Waits out the settle time of an unknown outcome; the next run looks before it does anything.

    Answers that are lost again and again are for a person in the end, as every other wait.
    """
    if _waited_too_long(held, store):
        return _dead(error, held, store)
    return Settlement(
        state=State.WAITING,
        reason_code=error.code,
        reason=error.message,
        resolution=error.resolution,
        not_before_in_s=store.settle_s if store else 120,
        gives_try_back=True,
    )


def _retry(error: ConnectorError, held: Claim, store: StoreContext | None) -> Settlement:
    """Tries again with growing pauses; after the last one a person has to look."""
    pauses = store.config.retry.backoff_s if store else (60,)
    if held.tries > len(pauses):
        return _dead(error, held, store)
    pause_s = jitter(pauses[held.tries - 1])
    if held.business_key == ALL:  # of a batch flow there is news all the time: it must not spend all tries in a moment
        pause_s = min(pause_s, LONGEST_BATCH_PAUSE_S)
    return Settlement(
        state=State.WAITING,
        reason_code=error.code,
        reason=error.message,
        resolution=error.resolution,
        next_in_s=pause_s,
        not_before_in_s=pause_s if held.business_key == ALL else None,
    )


def _dead(error: ConnectorError, held: Claim, store: StoreContext | None) -> Settlement:
    cures_itself = isinstance(error, UnknownItemError | NeedsPersonError | NotYetError)
    says_how = any(word in error.resolution for word in ("discard", "release", "by itself"))
    again = "" if says_how else f"Then: connector dead-letters release {held.exchange_id}"
    return Settlement(
        state=State.DEAD_LETTER,
        reason_code=error.code,
        reason=error.message,
        resolution=f"{error.resolution} {again}".strip(),
        recheck_in_s=RECHECK_S if cures_itself else None,
    )


def _store_paused(error: ConnectorError, held: Claim, store: StoreContext | None) -> Settlement:
    """The store is paused by workers/base.py; its exchanges wait and are due the moment it runs again.

    If shop and M3 answered the probe and the same exchange fails so again, it is the exchange that waits for a person, not
    the store.
    """
    if held.last_code == error.code:
        return _dead(error, held, store)
    return Settlement(
        state=State.WAITING,
        reason_code=error.code,
        reason=error.message,
        resolution=error.resolution,
        gives_try_back=True,
    )


def _kept_discarded(error: ConnectorError, held: Claim, settlement: Settlement) -> Settlement:
    """Lets an outage make no dead letter of what a person discarded: released, it would be posted beside that person's own.

    Without news of the shop it ends as discarded, and is looked at again at its time (`wake_for_hunt`).
    """
    is_passing = isinstance(error, RetryableError | OutcomeUnknownError)
    is_posted = held.live_document is not None and held.live_document.state is DocumentState.CONFIRMED
    if held.discard is None or settlement.state is not State.DEAD_LETTER or not is_passing or is_posted:
        return settlement
    if held.revision == held.done_rev:
        return Settlement(state=State.DONE, reason_code=DISCARDED, reason=held.discard.words)
    return Settlement(
        state=State.WAITING,
        reason_code=error.code,
        reason=error.message,
        resolution=error.resolution,
        next_in_s=jitter(DISCARDED_PAUSE_S),
    )


FATES: tuple[tuple[type[ConnectorError], Fate], ...] = (
    (ConfigurationError, _store_paused),
    (MissingDependencyError, _blocked),
    (WaitingError, _wait),
    (RetryableError, _retry),
    (OutcomeUnknownError, _look),
    (PermanentError, _dead),
)
"""LeaseLostError and LedgerUnavailableError are not here: the run simply stops, and the sweeper takes the lease back."""


def jitter(seconds: float) -> float:
    """Equal jitter: half fixed, half random, so that it is never zero and never a herd."""
    return seconds / 2 + random.uniform(0, seconds / 2)  # noqa: S311 - spreads load, protects nothing
