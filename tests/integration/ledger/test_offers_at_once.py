"""Offers that are marked due by messages while runs write down what became of them: neither waits for the other in a circle."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Engine

from connector.ledger.offers import (
    POSTPONE_OFFERS,
    SETTLE_OFFERS,
    Result,
    Source,
    keep_sources,
    mark_due,
    postponed,
    settled,
)
from connector.ledger.prepared import Prepared
from connector.ledger.session import transaction
from connector.ledger.stores import save_store

ITEMS = [f"{letter}{number:03}" for number in range(80) for letter in ("I", "i", "Ä", "_")]
BACKWARDS = sorted(ITEMS, reverse=True)
FLOW = "stock_to_woo"
ROUNDS = 25


@pytest.fixture
def ledger(engine: Engine) -> Engine:
    with transaction(engine) as connection:
        save_store(connection, "w1", shop_url="https://shop.example", config="{}", config_source="test", sealed={})
        mark_due(connection, "w1", flow=FLOW, item_numbers=ITEMS)
    return engine


def run(ledger: Engine, statement: Prepared, values: dict[str, object]) -> None:
    with transaction(ledger) as connection:
        statement.make_known(connection.info, connection.exec_driver_sql)
        connection.exec_driver_sql(statement.call(), {f"{name}_0": values[name] for name in statement.values})


def settle(ledger: Engine, round_: int) -> None:
    results = [Result(item_number=one, rev=round_, written={"quantity": round_}) for one in BACKWARDS]
    run(ledger, SETTLE_OFFERS, settled("w1", flow=FLOW, results=results))


def postpone(ledger: Engine, _: int) -> None:
    run(ledger, POSTPONE_OFFERS, postponed("w1", flow=FLOW, item_numbers=BACKWARDS, in_s=1))


def keep(ledger: Engine, round_: int) -> None:
    with transaction(ledger) as connection:
        sources = [Source(item_number=one, facts={"read": round_}) for one in BACKWARDS]
        keep_sources(connection, "w1", flow=FLOW, sources=sources)


@pytest.mark.parametrize("work", [settle, postpone, keep])
def test_marking_and_working_at_once_never_wait_for_each_other_in_a_circle(
    ledger: Engine, work: Callable[[Engine, int], None]
) -> None:
    def mark(_: int) -> None:
        with transaction(ledger) as connection:
            mark_due(connection, "w1", flow=FLOW, item_numbers=BACKWARDS)

    def repeat(once: Callable[[int], None]) -> int:
        for round_ in range(ROUNDS):
            once(round_)
        return ROUNDS

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(repeat, (mark, partial(work, ledger))))

    assert done == [ROUNDS, ROUNDS]
