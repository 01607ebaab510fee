"""A KEY1 that was begun is never begun a second time, whoever deleted what, and whatever was purged."""

from __future__ import annotations

from connector.ledger.purging import purge
from tests.integration.flows.books.counting_house import CountingHouse

NEXT_YEAR = "29991231"
OLD_S = 101 * 24 * 3600.0


def forget_while_unfinished(house: CountingHouse) -> str:
    """Leaves a batch in M3 that no ledger knows and no job posts; returns its KEY1."""
    house.m3_fault("GLS840MI/CtrlBatch", "lock")
    order = house.place()
    house.connector.drain()
    (key,) = house.open_batches()
    house.forget_everything()
    house.connector.ask(order["id"])
    house.connector.drain()
    return key


def test_batch_of_a_forgotten_run_waits_for_a_person_until_it_is_deleted(house: CountingHouse) -> None:
    key = forget_while_unfinished(house)
    held = house.say()
    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")
    assert "--rebuild" in held["resolution"]

    house.delete_batch(key)
    house.release(held["id"], rebuild=True)
    house.go_on()

    assert house.versions() == ["2"]
    assert house.open_batches() == []
    assert house.say()["state"] == "done"


def test_release_alone_begins_nothing_while_the_batch_may_still_be_updated(house: CountingHouse) -> None:
    key = forget_while_unfinished(house)
    house.release(house.say()["id"])
    house.go_on()

    assert house.say()["state"] == "dead_letter"
    assert (house.journals(), house.open_batches()) == ([], [key])


def test_batch_that_a_person_deleted_after_its_update_was_taken_is_posted_under_the_next_version(
    house: CountingHouse,
) -> None:
    house.set_ledger(fails_silently=True)
    house.place()
    house.connector.drain()
    house.connector.pass_time(25 * 3600)
    house.connector.drain()
    (key,) = house.open_batches()

    house.delete_batch(key)
    house.set_ledger()
    house.release(house.say()["id"], rebuild=True)
    house.go_on()

    assert house.versions() == ["2"]
    assert house.say()["state"] == "done"


def test_head_is_not_begun_anew_after_a_person_deleted_its_batch(house: CountingHouse) -> None:
    house.m3_fault("GLS840MI/AddBatchLineFld", "lock")
    house.place()
    house.connector.drain()
    (key,) = house.open_batches()
    house.delete_batch(key)
    house.go_on()
    held = house.say()
    assert held["state"] == "dead_letter"

    house.release(held["id"])
    house.go_on()

    assert house.versions() == ["2"]
    assert house.sandbox.m3_book()["calls"]["GLS840MI/AddBatchHead"] == 2


def test_version_goes_on_after_the_burnt_batch_grew_old(house: CountingHouse) -> None:
    house.set_ledger(closed_through=NEXT_YEAR)
    house.place()
    house.connector.drain()
    (key,) = house.open_batches()
    house.delete_batch(key)
    house.connector.rows("UPDATE exchange SET state = 'done' WHERE id = :id RETURNING id", id=house.say()["id"])
    house.connector.pass_time(OLD_S)
    purge(house.connector.engine, days=100)

    house.set_ledger()
    house.connector.rows(
        "UPDATE exchange SET state = 'ready', next_attempt_at = ledger_now() WHERE id = :id RETURNING id",
        id=house.say()["id"],
    )
    house.go_on()

    assert house.versions() == ["2"]


def test_refusal_after_a_lost_answer_keeps_the_words_of_m3(house: CountingHouse) -> None:
    house.set_ledger(fails_silently=True)
    house.m3_fault("GLS840MI/UpdBatch", "drop_after_commit")
    house.place()
    house.connector.drain()
    house.connector.pass_time(1)
    house.connector.drain()

    held = house.say()
    steps = house.connector.rows("SELECT result FROM step WHERE name = 'book_update' ORDER BY id")
    assert (held["state"], held["reason_code"]) == ("waiting", "not_yet")
    assert "refuses batch W1P" in held["reason"]
    assert "WST0301" in held["reason"] and "WST0301" in steps[-1]["result"]["said"]
