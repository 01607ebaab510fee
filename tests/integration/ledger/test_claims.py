"""Claim, lease, fence, settlement: one worker at a time, and a late one changes nothing."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, text

from connector.errors import LeaseLostError
from connector.ledger.dispatch import take_back_expired
from connector.ledger.document_records import References
from connector.ledger.leases import LEASE_S
from connector.ledger.session import transaction
from connector.ledger.settling import Settlement
from connector.ledger.steps import Journal, claim_run
from connector.ledger.tables import State, StepState
from tests.integration.ledger.conftest import add, change, let_pass, one


def claim(ledger: Engine, exchange_id: int, worker: str = "a") -> Journal:
    journal = claim_run(ledger, exchange_id, worker=worker)
    assert journal is not None
    journal.commit()
    return journal


def take_back(ledger: Engine) -> list[int]:
    let_pass(ledger, LEASE_S + 1)
    with transaction(ledger) as connection:
        return take_back_expired(connection).exchange_ids


def test_ten_workers_with_one_message_give_one_claim(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    won: list[Journal] = []

    def try_it() -> None:
        journal = claim_run(ledger, exchange_id, worker="w")
        if journal is not None:
            journal.commit()
            won.append(journal)

    workers = [threading.Thread(target=try_it) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(won) == 1
    assert one(ledger, exchange_id)["claim_no"] == 1


def test_write_that_a_dead_worker_intended_is_unknown_to_the_ledger_from_the_next_claim_on(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    dead = claim(ledger, exchange_id)
    document = dead.begin_document("batch_order", m3_scope="t/1", references=References(), plan={})
    dead.intend(document.id, "head", request={}, told=[])
    dead.commit()
    take_back(ledger)

    takes_over = claim(ledger, exchange_id, worker="b")

    (left,) = takes_over.claim.documents[0].steps
    assert left.state is StepState.INTENDED
    with transaction(ledger) as connection:
        row = connection.execute(text("SELECT state, finished_at IS NULL AS is_open FROM step")).one()
    assert (row.state, row.is_open) == ("unknown", False)


@pytest.mark.parametrize(
    "change_it",
    [
        "UPDATE exchange SET state = 'done'",
        "UPDATE exchange SET next_attempt_at = ledger_now() + interval '1 min'",
        "UPDATE exchange SET not_before = ledger_now() + interval '1 min'",
        "UPDATE store SET paused_by = 'person'",
    ],
    ids=["done", "not due", "held back", "store paused"],
)
def test_what_is_not_due_cannot_be_claimed(ledger: Engine, change_it: str) -> None:
    exchange_id = add(ledger, "1")
    change(ledger, change_it)

    assert claim_run(ledger, exchange_id, worker="a") is None


def test_late_worker_can_neither_commit_nor_settle(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    late = claim(ledger, exchange_id)
    assert take_back(ledger) == [exchange_id]
    claim(ledger, exchange_id, "b")
    late.begin_document("batch_order", m3_scope="m", references=References(), plan={})

    with pytest.raises(LeaseLostError):
        late.commit()

    assert late.settle(Settlement(state=State.DONE)) is None
    assert one(ledger, exchange_id)["state"] == "running"
    with transaction(ledger) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM document").scalar_one() == 0


def test_every_commit_makes_the_lease_new(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    journal = claim(ledger, exchange_id)
    let_pass(ledger, LEASE_S - 5)
    journal.commit()

    assert take_back(ledger) == [exchange_id]  # 46 s later, not 6
    assert one(ledger, exchange_id)["crashes"] == 1


def test_live_lease_is_not_taken_back(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    claim(ledger, exchange_id)

    with transaction(ledger) as connection:
        assert take_back_expired(connection).exchange_ids == []


def test_news_during_a_run_turn_any_end_into_ready(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    journal = claim(ledger, exchange_id)
    add(ledger, "1", content="b")

    assert journal.settle(Settlement(state=State.DEAD_LETTER, reason="no")) is State.READY

    assert one(ledger, exchange_id)["done_rev"] == 0


def test_news_do_not_bring_a_settle_time_forward(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    claim(ledger, exchange_id).settle(Settlement(state=State.WAITING, reason="x", not_before_in_s=60))
    add(ledger, "1", content="b")

    assert claim_run(ledger, exchange_id, worker="a") is None
    let_pass(ledger, 61)
    assert claim(ledger, exchange_id).claim.revision == 2


def test_claim_number_never_falls_and_tries_are_given_back(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    for _ in range(3):
        claim(ledger, exchange_id).settle(Settlement(state=State.WAITING, reason="x", gives_try_back=True))
    claim(ledger, exchange_id).settle(Settlement(state=State.WAITING, reason="x"))

    assert (one(ledger, exchange_id)["claim_no"], one(ledger, exchange_id)["tries"]) == (4, 1)


def test_new_content_reopens_a_dead_letter_with_all_its_tries(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    claim(ledger, exchange_id).settle(Settlement(state=State.DEAD_LETTER, reason="no"))
    add(ledger, "1", content="a")
    assert one(ledger, exchange_id)["state"] == "dead_letter"

    add(ledger, "1", content="b")

    assert (one(ledger, exchange_id)["state"], one(ledger, exchange_id)["tries"]) == ("ready", 0)


def test_word_without_a_body_makes_the_stored_one_doubtful_until_a_run_ends_done(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    add(ledger, "1", is_full=False)
    journal = claim(ledger, exchange_id)
    assert journal.claim.is_doubtful is True
    journal.settle(Settlement(state=State.DONE))

    add(ledger, "1", content="b")

    assert claim(ledger, exchange_id).claim.is_doubtful is False


def test_reason_with_characters_the_database_refuses_is_kept_all_the_same(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    journal = claim(ledger, exchange_id)

    state = journal.settle(
        Settlement(state=State.DEAD_LETTER, reason_code="x", reason="SKU a\x00b\ud83d", resolution="Map it.\x00")
    )

    assert state is State.DEAD_LETTER
    held = one(ledger, exchange_id)
    assert (held["reason"], held["resolution"]) == ("SKU a\ufffdb\ufffd", "Map it.\ufffd")
