"""A write whose end nobody saw is told in the audit trail once, whoever is left to tell it, and in the name of its own attempt."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text

from connector.errors import LeaseLostError, OutcomeUnknownError, RemoteUnavailableError
from connector.ledger.dispatch import take_back_expired
from connector.ledger.document_records import References
from connector.ledger.leases import LEASE_S
from connector.ledger.session import transaction
from connector.ledger.settling import Settlement
from connector.ledger.steps import Intent, Journal, claim_run
from connector.ledger.tables import State, StepState
from connector.ledger.trail import CUT_OFF, NO_ANSWER, TrailLine
from tests.integration.ledger.conftest import add, let_pass, one

LINE = TrailLine(
    action="OIS100MI/Confirm", system="m3", key="7", before={"a": "1"}, after={"a": "2"}, why="it was wanted"
)
WAITS = Settlement(state=State.WAITING, reason_code="outcome_unknown")


def claim(ledger: Engine, exchange_id: int) -> Journal:
    journal = claim_run(ledger, exchange_id, worker="a")
    assert journal is not None
    journal.commit()
    return journal


def intend(journal: Journal, *names: str) -> list[Intent]:
    document = journal.claim.live_document or journal.begin_document(
        "batch_order", m3_scope="t/1", references=References(), plan={}
    )
    intents = [journal.intend(document.id, name, request={}, told=[LINE], part=None) for name in names]
    journal.commit()
    return intents


def take_back(ledger: Engine) -> None:
    let_pass(ledger, LEASE_S + 1)
    with transaction(ledger) as connection:
        take_back_expired(connection)


def told(ledger: Engine) -> list[dict[str, Any]]:
    with transaction(ledger) as connection:
        rows = connection.execute(text("SELECT * FROM audit WHERE system <> 'ledger' ORDER BY id")).mappings()
        return [dict(row) for row in rows]


def test_a_write_of_a_worker_that_died_is_told_once_in_the_name_of_its_attempt(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    intend(claim(ledger, exchange_id), "confirm")
    take_back(ledger)

    next_run = claim(ledger, exchange_id)
    next_run.settle(WAITS)

    (line,) = told(ledger)
    assert (line["action"], line["key"], line["before"], line["after"]) == (LINE.action, "7", {"a": "1"}, {"a": "2"})
    assert (line["exchange_id"], line["claim_no"], line["store"]) == (exchange_id, 1, "w1")
    assert line["why"] == f"it was wanted; {CUT_OFF}"


def test_it_is_told_also_where_nobody_takes_the_exchange_up_again(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    for number in range(3):
        intend(claim(ledger, exchange_id), f"confirm {number}")
        take_back(ledger)

    assert one(ledger, exchange_id)["state"] == "dead_letter"
    assert [line["claim_no"] for line in told(ledger)] == [1, 2, 3]


def test_a_lost_answer_is_told_when_the_run_ends(ledger: Engine) -> None:
    journal = claim(ledger, add(ledger, "1"))
    with pytest.raises(OutcomeUnknownError):
        journal.send(*intend(journal, "confirm"), lambda: fail(OutcomeUnknownError("cut off")))

    journal.settle(WAITS)

    assert [line["why"] for line in told(ledger)] == [f"it was wanted; {NO_ANSWER}"]


def test_a_run_that_a_bug_ends_after_it_sent_something_tells_of_it(ledger: Engine) -> None:
    journal = claim(ledger, add(ledger, "1"))
    with pytest.raises(ZeroDivisionError):
        journal.send(*intend(journal, "confirm"), lambda: fail(ZeroDivisionError()))

    journal.settle(Settlement(state=State.WAITING, reason_code="bug"))

    assert [line["why"] for line in told(ledger)] == [f"it was wanted; {NO_ANSWER}"]


def test_what_a_run_intended_and_never_sent_is_not_told(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    journal = claim(ledger, exchange_id)
    first, _second = intend(journal, "meta", "note")
    with pytest.raises(RemoteUnavailableError):
        journal.send(first, lambda: fail(RemoteUnavailableError("away")))
    journal.settle(Settlement(state=State.READY))

    claim(ledger, exchange_id).settle(WAITS)

    assert told(ledger) == []


def test_an_answer_that_was_seen_leaves_the_words_to_the_flow(ledger: Engine) -> None:
    journal = claim(ledger, add(ledger, "1"))
    (intent,) = intend(journal, "confirm")
    journal.send(intent, lambda: None)
    journal.mark(intent, StepState.DONE, {})
    journal.tell([LINE.because("as the flow says")])

    journal.settle(Settlement(state=State.DONE))

    assert [line["why"] for line in told(ledger)] == ["it was wanted; as the flow says"]


def test_a_worker_that_wakes_after_its_lease_does_not_tell_it_twice(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    late = claim(ledger, exchange_id)
    (intent,) = intend(late, "confirm")
    take_back(ledger)
    claim(ledger, exchange_id)

    late.mark(intent, StepState.DONE, {})
    late.tell([LINE])
    with pytest.raises(LeaseLostError):
        late.commit()

    assert [line["why"] for line in told(ledger)] == [f"it was wanted; {CUT_OFF}"]


def fail(error: Exception) -> None:
    raise error
