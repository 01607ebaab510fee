"""Which exchanges get a message: in turn over the stores, not twice a minute, and none that waits is forgotten."""

from __future__ import annotations

import threading

from sqlalchemy import Engine

from connector.ledger.dispatch import is_settled, revive_dead_letters, stamp_due, wake_blocked
from connector.ledger.pauses import pause_flow, resume_flow
from connector.ledger.session import transaction
from connector.ledger.settling import Settlement
from connector.ledger.steps import Journal, claim_run
from connector.ledger.tables import State
from tests.integration.ledger.conftest import add, change, let_pass, one

SENT_LONG_AGO = "UPDATE exchange SET sent_at = ledger_now() - interval '2 min'"


def due(ledger: Engine, most: int = 100) -> list[int]:
    with transaction(ledger) as connection:
        return [message.exchange_id for message in stamp_due(connection, "orders", most=most)]


def begin(ledger: Engine, exchange_id: int) -> Journal:
    journal = claim_run(ledger, exchange_id, worker="a")
    assert journal is not None
    journal.commit()
    return journal


def test_flooded_store_does_not_starve_another(ledger: Engine) -> None:
    flood = [add(ledger, str(number)) for number in range(50)]
    few = [add(ledger, str(number), store="w2") for number in range(2)]
    change(ledger, SENT_LONG_AGO)

    chosen = due(ledger, most=6)

    assert set(few) <= set(chosen)
    assert set(flood[:4]) <= set(chosen)  # the oldest first


def test_flow_that_stands_still_gets_no_messages_until_it_is_resumed(ledger: Engine) -> None:
    still, other = add(ledger, "1"), add(ledger, "1", store="w2")
    change(ledger, SENT_LONG_AGO)
    with transaction(ledger) as connection:
        pause_flow(connection, "w1", flow="orders_to_m3", reason="x", resolution="y", missing_ids=[1])

    assert due(ledger) == [other]
    with transaction(ledger) as connection:
        assert resume_flow(connection, "w1", flow="orders_to_m3") is not None
    assert due(ledger) == [still]


def test_paused_store_gets_no_messages(ledger: Engine) -> None:
    add(ledger, "1")
    other = add(ledger, "1", store="w2")
    change(ledger, SENT_LONG_AGO)
    change(ledger, "UPDATE store SET paused_by = 'person' WHERE name = 'w1'")

    assert due(ledger) == [other]


def test_message_is_not_sent_again_within_a_minute(ledger: Engine) -> None:
    exchange_id = add(ledger, "1")
    assert due(ledger) == []  # the one of its arrival is on its way
    let_pass(ledger, 61)

    assert [due(ledger), due(ledger)] == [[exchange_id], []]


def test_two_sweepers_at_once_send_each_message_once(ledger: Engine) -> None:
    exchange_ids = {add(ledger, str(number)) for number in range(30)}
    change(ledger, SENT_LONG_AGO)
    sent: list[list[int]] = []
    sweepers = [threading.Thread(target=lambda: sent.append(due(ledger))) for _ in range(4)]
    for one_of_them in sweepers:
        one_of_them.start()
    for one_of_them in sweepers:
        one_of_them.join()

    together = [exchange_id for each in sent for exchange_id in each]
    assert sorted(together) == sorted(exchange_ids)


def test_exchange_blocked_while_the_other_settles_is_woken_whichever_comes_first(ledger: Engine) -> None:
    key = "w1/1"
    for is_woken_first in (True, False):
        awaited, waiting = add(ledger, "1", content=str(is_woken_first)), add(ledger, "2", content=str(is_woken_first))
        one_run, other_run = begin(ledger, awaited), begin(ledger, waiting)
        started = threading.Event()

        def block(run: Journal = other_run, started: threading.Event = started) -> None:
            started.set()
            is_over = is_settled(run.connection, "orders_to_m3", key=key)
            blocked = Settlement(state=State.BLOCKED, reason="x", next_in_s=900, blocked_on=("orders_to_m3", key))
            run.settle(Settlement(state=State.WAITING, reason="x") if is_over else blocked)

        thread = threading.Thread(target=block)
        if not is_woken_first:
            block()
        wake_blocked(one_run.connection, "orders_to_m3", key=key)
        if is_woken_first:
            thread.start()
            started.wait(timeout=60)
        one_run.settle(Settlement(state=State.DONE))
        if is_woken_first:
            thread.join()

        journal = claim_run(ledger, waiting, worker="b")
        assert journal is not None, f"forgotten when woken first: {is_woken_first}"
        journal.commit()
        journal.settle(Settlement(state=State.DONE))


def test_dead_letter_that_may_cure_itself_is_looked_at_again_and_another_is_not(ledger: Engine) -> None:
    curable, other = add(ledger, "1"), add(ledger, "2")
    begin(ledger, curable).settle(Settlement(state=State.DEAD_LETTER, reason="no item", recheck_in_s=900))
    begin(ledger, other).settle(Settlement(state=State.DEAD_LETTER, reason="no"))
    let_pass(ledger, 901)

    with transaction(ledger) as connection:
        assert revive_dead_letters(connection) == [curable]

    assert one(ledger, other)["state"] == "dead_letter"
