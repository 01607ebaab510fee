"""What is old and no longer needed is removed, in batches; what anything rests on stays whatever its age."""

from __future__ import annotations

from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from connector.errors import ConfigurationError
from connector.ledger import purging
from connector.ledger.purging import Kind, count_purgeable, purge
from connector.ledger.session import transaction
from connector.settings import read_settings
from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run, make_run
from tests.integration.flows.story import quick_store
from workers.jobs import run_turn

DAY_S = 24 * 3600.0
DAYS = 100


@pytest.fixture
def world(connector: Connector) -> Connector:
    connector.configure(quick_store(guests="common"))
    return connector


@pytest.fixture
def run(world: Connector) -> Run:
    names = {"DATABASE_URL": world.settings.database_url, "REDIS_URL": world.settings.redis_url}
    return make_run({**names, "CONNECTOR_SECRET_KEYS": ",".join(world.settings.secret_keys)})


@pytest.fixture
def done(world: Connector) -> int:
    """An order that was told three times and carried, 101 days ago; returns its exchange."""
    order = world.sandbox.place(kind="guest")
    (exchange_id,) = world.ask(order["id"])
    for _ in range(2):
        world.settle()
        world.ask(order["id"])
    world.settle()
    world.pass_time(101 * DAY_S)
    return exchange_id


def change(world: Connector, statement: str, **values: Any) -> None:
    with transaction(world.engine) as connection:
        connection.execute(text(statement), values)


def ids(world: Connector, table: str, exchange_id: int) -> list[int]:
    return [
        row["id"] for row in world.rows(f"SELECT id FROM {table} WHERE exchange_id = :e ORDER BY id", e=exchange_id)
    ]


def test_old_deliveries_and_attempts_go_but_for_the_newest(world: Connector, done: int) -> None:
    deliveries, attempts = ids(world, "delivery", done), ids(world, "attempt", done)
    kept = {
        row["newest_delivery_id"] for row in world.rows("SELECT newest_delivery_id FROM exchange WHERE id = :e", e=done)
    }

    purged = purge(world.engine, days=DAYS)

    assert len(deliveries) >= 2 and len(attempts) == 3
    assert ids(world, "delivery", done)[-1] == deliveries[-1]
    assert kept - {None} <= set(ids(world, "delivery", done)) < set(deliveries)
    assert ids(world, "attempt", done) == attempts[-1:]
    assert purged.counts[Kind.ATTEMPT] >= 2
    assert purged.counts[Kind.DELIVERY] >= 1


def test_echo_of_an_order_whose_old_rows_went_is_still_nothing_new(world: Connector, done: int) -> None:
    purge(world.engine, days=DAYS)
    before = world.sandbox.m3_book()

    world.ask(int(world.exchange(done)["business_key"]))
    world.settle()

    assert world.exchange(done)["state"] == "done"
    assert [one["orno"] for one in world.sandbox.m3_book()["orders"]] == [one["orno"] for one in before["orders"]]
    assert world.sandbox.m3_book()["calls"].get("OIS100MI/AddBatchHead") == 1


@pytest.mark.parametrize("state", ["ready", "waiting", "dead_letter"])
def test_nothing_of_an_exchange_that_is_not_done_goes(world: Connector, done: int, state: str) -> None:
    change(world, "UPDATE exchange SET state = :s, reason = 'x' WHERE id = :e", s=state, e=done)
    before = ids(world, "delivery", done), ids(world, "attempt", done)

    purge(world.engine, days=DAYS)

    assert (ids(world, "delivery", done), ids(world, "attempt", done)) == before


def test_what_is_young_stays(world: Connector, done: int) -> None:
    assert set(purge(world.engine, days=102).counts.values()) == {0}


def test_documents_in_m3_stay_and_abandoned_ones_go_unless_an_outcome_is_unknown(world: Connector, done: int) -> None:
    (document,) = ids(world, "document", done)
    for number, state in ((1, "done"), (2, "unknown")):
        change(
            world,
            "WITH made AS (INSERT INTO document (exchange_id, kind, m3_scope, state, temporary_number, begun_at)"
            " SELECT exchange_id, kind, m3_scope, 'abandoned', :number, begun_at FROM document WHERE id = :d RETURNING id)"
            " INSERT INTO step (document_id, revision, name, state, claim_no, request_digest)"
            " SELECT id, 1, 'head', :state, 1, '' FROM made",
            number=f"T{number}",
            d=document,
            state=state,
        )
    steps = len(world.rows("SELECT 1 FROM step"))

    purged = purge(world.engine, days=DAYS)

    left = world.rows("SELECT state, temporary_number FROM document WHERE exchange_id = :e ORDER BY id", e=done)
    assert [(row["state"], row["temporary_number"] == "T2") for row in left] == [
        ("confirmed", False),
        ("abandoned", True),
    ]
    assert (purged.counts[Kind.DOCUMENT], len(world.rows("SELECT 1 FROM step"))) == (1, steps - 1)


def test_newest_batch_of_a_posting_stays_for_it_says_which_keys_were_begun(world: Connector, done: int) -> None:
    for key in ("W1P00000000A1", "W1P00000000A2"):
        change(
            world,
            "INSERT INTO document (exchange_id, kind, m3_scope, state, cuor, begun_at)"
            " SELECT exchange_id, 'ledger_batch', m3_scope, 'abandoned', :key, begun_at FROM document"
            " WHERE exchange_id = :e AND kind <> 'ledger_batch'",
            key=key,
            e=done,
        )

    purge(world.engine, days=DAYS)

    left = world.rows("SELECT cuor FROM document WHERE exchange_id = :e AND kind = 'ledger_batch'", e=done)
    assert [row["cuor"] for row in left] == ["W1P00000000A2"]


def test_sealed_audit_trail_stays(world: Connector, done: int) -> None:
    lines = len(world.rows("SELECT 1 FROM audit"))

    purge(world.engine, days=DAYS)

    assert len(world.rows("SELECT 1 FROM audit")) == lines > 0


def test_message_ids_and_deliveries_of_no_exchange_go(world: Connector) -> None:
    change(world, "INSERT INTO message (store, message_id, body_sha256) VALUES (:s, 'm', 'x')", s=STORE)
    change(
        world,
        "INSERT INTO delivery (store, source, topic, kind, body_size, body_sha256, is_full)"
        " VALUES (:s, 'webhook', 'ping', 'ping', 0, '', false)",
        s=STORE,
    )
    world.pass_time(101 * DAY_S)

    purged = purge(world.engine, days=DAYS)

    assert (purged.counts[Kind.MESSAGE], purged.counts[Kind.DELIVERY]) == (1, 1)


def test_much_is_removed_in_batches_and_goes_on_after_its_time(
    world: Connector, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "SOME", 1)
    told: list[tuple[Kind, int]] = []
    expected = len(ids(world, "attempt", done)) - 1

    stopped = purge(world.engine, days=DAYS, for_s=-1)
    purge(world.engine, days=DAYS, tell=lambda kind, count: told.append((kind, count)))

    assert (stopped.is_finished, set(stopped.counts.values())) == (False, {0})
    counts = [count for kind, count in told if kind is Kind.ATTEMPT]
    assert len(counts) > expected
    assert counts == sorted(counts)
    assert len(ids(world, "attempt", done)) == 1


def test_each_statement_looks_at_a_window_of_ids_whatever_stays_for_ever(
    world: Connector, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "WINDOW", 1)
    monkeypatch.setattr(purging, "SOME", 7)
    dry = count_purgeable(world.engine, days=DAYS)

    purged = purge(world.engine, days=DAYS)

    assert purged.counts == dry.counts
    assert len(ids(world, "attempt", done)) == 1


def test_a_purge_without_time_goes_on_where_it_stopped_and_then_begins_anew(
    world: Connector, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "WINDOW", 1)
    clock = count()
    monkeypatch.setattr(purging, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    places: list[tuple[str, int]] = []
    for _ in range(200):
        if purge(world.engine, days=DAYS, for_s=3.0, goes_on=True).is_finished:
            break
        places += [(row["kind"], row["after_id"]) for row in world.rows("SELECT kind, after_id FROM purge_place")]

    kinds = [kind for kind, _ in places]
    assert len(places) > 2 and kinds == sorted(kinds, key=list(Kind).index)
    assert all(after < later for (kind, after), (other, later) in pairwise(places) if kind == other)
    assert world.rows("SELECT 1 FROM purge_place") == []
    assert len(ids(world, "attempt", done)) == 1


def test_it_is_done_once_a_day_and_noted(world: Connector, done: int) -> None:
    world.pass_time(100 * DAY_S)

    said = [run_turn(world.process, "purge"), run_turn(world.process, "purge")]

    assert said[0].startswith("removed ") and said[0] != "removed 0"
    assert said[1] == "done by another worker"
    (line,) = world.rows("SELECT who, why FROM audit WHERE action = 'purged'")
    assert line["who"] == "connector"
    assert "attempt" in line["why"]


def test_by_hand_a_dry_run_counts_what_the_run_removes(world: Connector, done: int, run: Run) -> None:
    dry = run("purge", "--older-than", 100, "--dry-run", "--json")
    before = ids(world, "delivery", done)
    real = run("purge", "--older-than", 100, "--json")

    assert dry.data["counts"] == real.data["counts"]
    assert (dry.data["dry_run"], real.data["dry_run"]) == (True, False)
    assert sum(real.data["counts"].values()) > 0
    assert len(before) > len(ids(world, "delivery", done))
    assert run("purge", "--older-than", 100).status == 0


def test_too_short_an_age_is_refused(world: Connector, run: Run) -> None:
    said = run("purge", "--older-than", 29)

    assert said.status == 2
    with pytest.raises(ConfigurationError, match="at least 30 days"):
        read_settings({"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "CONNECTOR_KEEP_DAYS": "7"})
