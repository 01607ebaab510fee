"""Whose turn a message is: one store never holds all processes of a pool, and no place is lost with a killed process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from tests.harness import STORE, Connector
from tests.integration.flows.story import quick_store
from workers import turns
from workers.places import Places
from workers.turns import run_message

OTHER = "w2"


@contextmanager
def another_process_holding(places: Places, store: str) -> Iterator[int]:
    """Forks a process that holds a place of a store until it is killed; yields its id."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:  # never comes back into pytest
        with places.held(store):
            os.write(tell, b"x")
            signal.pause()
        os._exit(1)
    assert os.read(told, 1) == b"x"
    try:
        yield pid
    finally:
        os.close(told)
        os.close(tell)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def has_place(places: Places, store: str) -> bool:
    with places.held(store) as held:
        return held


@pytest.mark.parametrize(
    ("processes", "others", "expected"), [(1, 0, True), (2, 1, False), (3, 1, True), (3, 2, False)]
)
def test_a_store_may_hold_all_processes_but_one(processes: int, others: int, expected: bool) -> None:
    with closing(Places(processes)) as places, ExitStack() as holders:
        for _ in range(others):
            holders.enter_context(another_process_holding(places, STORE))

        assert has_place(places, STORE) is expected
        assert has_place(places, OTHER)


def test_place_of_a_killed_process_is_free_again() -> None:
    with closing(Places(2)) as places:
        with another_process_holding(places, STORE):
            assert not has_place(places, STORE)

        assert has_place(places, STORE)


@pytest.fixture
def two_stores(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connector]:
    for name in (STORE, OTHER):
        connector.configure(quick_store(guests="common"), name=name)
    monkeypatch.setattr(turns, "LONGEST_WAIT_S", 0.3)
    with another_process_holding(connector.process.places, STORE):
        yield connector


def states(connector: Connector) -> dict[str, tuple[str, bool]]:
    rows = connector.rows("SELECT store, state, sent_at IS NULL AS unsent FROM exchange WHERE flow = 'orders_to_m3'")
    return {row["store"]: (row["state"], row["unsent"]) for row in rows}


def test_message_of_a_store_without_a_place_is_left_to_the_sweeper(two_stores: Connector) -> None:
    (exchange_id,) = two_stores.ask(two_stores.sandbox.place(kind="guest")["id"])

    ended = run_message(two_stores.process, exchange_id)

    assert "has all the processes" in ended.text
    assert states(two_stores) == {STORE: ("ready", True)}


def test_its_turn_is_used_for_what_another_store_has_due(two_stores: Connector) -> None:
    (exchange_id,) = two_stores.ask(two_stores.sandbox.place(kind="guest")["id"])
    two_stores.ask(two_stores.sandbox.place(kind="guest")["id"], store=OTHER)

    run_message(two_stores.process, exchange_id)

    held = states(two_stores)
    assert (held[STORE], held[OTHER][0]) == (("ready", True), "done")


def test_store_alone_uses_every_process(two_stores: Connector) -> None:
    two_stores.rows("UPDATE store SET paused_by = 'person' WHERE name = 'w2' RETURNING name")
    (exchange_id,) = two_stores.ask(two_stores.sandbox.place(kind="guest")["id"])

    run_message(two_stores.process, exchange_id)

    assert states(two_stores)[STORE][0] == "done"


def test_turn_is_not_spent_on_a_flow_that_stands_still(two_stores: Connector) -> None:
    (exchange_id,) = two_stores.ask(two_stores.sandbox.place(kind="guest")["id"])
    two_stores.ask(two_stores.sandbox.place(kind="guest")["id"], store=OTHER)
    two_stores.rows(
        "INSERT INTO flow_pause (store, flow, reason, resolution, missing_ids) VALUES ('w2', 'orders_to_m3', '-', '-', '[]')"
        " RETURNING store"
    )

    run_message(two_stores.process, exchange_id)

    assert states(two_stores)[OTHER][0] == "ready"
    assert two_stores.rows("SELECT claim_no FROM exchange WHERE store = 'w2'") == [{"claim_no": 0}]
