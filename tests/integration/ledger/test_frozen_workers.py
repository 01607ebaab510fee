"""A worker that freezes inside a transaction holds the row of its exchange, but nobody else's work, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine

from connector.errors import LedgerUnavailableError
from connector.ledger import session
from connector.ledger.dispatch import stamp_due
from connector.ledger.session import open_ledger, transaction
from connector.ledger.steps import Journal, claim_run
from tests.integration.ledger.conftest import add, change, one

PATIENCE_MS = 2000


@pytest.fixture
def impatient(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The same ledger, which ends an idle transaction after two seconds."""
    monkeypatch.setattr(session, "IDLE_TIMEOUT_MS", PATIENCE_MS)
    engine = open_ledger(ledger.url.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


@contextmanager
def frozen(engine: Engine, exchange_id: int) -> Iterator[Journal]:
    """A run that stops between its claim and its first commit."""
    journal = claim_run(engine, exchange_id, worker="frozen")
    assert journal is not None
    try:
        yield journal
    finally:
        journal.rollback()


def test_held_row_does_not_hold_up_the_sweeper(ledger: Engine) -> None:
    held, other = add(ledger, "1"), add(ledger, "2")
    change(ledger, "UPDATE exchange SET sent_at = ledger_now() - interval '2 min'")

    with frozen(ledger, held), transaction(ledger) as connection:
        messages = stamp_due(connection, "orders", most=10)

    assert [message.exchange_id for message in messages] == [other]


def test_held_row_is_given_free(impatient: Engine) -> None:
    held = add(impatient, "1")

    with frozen(impatient, held) as journal:
        time.sleep(2 * PATIENCE_MS / 1000)
        add(impatient, "1", content="b")

        assert one(impatient, held)["state"] == "ready"
        with pytest.raises(LedgerUnavailableError):
            journal.commit()
