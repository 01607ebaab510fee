"""A poll or pull that fails for a store is seen, waits a growing while, and people are told: that it fails, and that it is well."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from connector.errors import ConfigurationError
from connector.flows.stock import pull as stock_pull
from connector.ledger.job_troubles import LASTING
from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run, make_run
from tests.integration.flows.story import quick_store
from workers import dead_letters, jobs, rounds, sweeper
from workers.jobs import run_turn

SHOP_AWAY = {"rules": [{"method": "GET", "path": "/orders", "fault": "http_503", "rate": 1.0}]}
LASTING_S = LASTING.total_seconds()


@pytest.fixture
def world(connector: Connector) -> Connector:
    connector.configure(quick_store(guests="common", backoff_s="[60, 120, 7200]"))
    return connector


@pytest.fixture
def run(world: Connector) -> Run:
    names = {"DATABASE_URL": world.settings.database_url, "REDIS_URL": world.settings.redis_url}
    return make_run({**names, "CONNECTOR_SECRET_KEYS": ",".join(world.settings.secret_keys)})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(dead_letters, "_notify", lambda _, some: lines.extend(some) or True)
    return lines


def set_shop_faults(world: Connector, faults: dict[str, Any]) -> None:
    world.sandbox.post(f"{world.sandbox.shop_url}/_control/faults", faults)


def poll(world: Connector, *, after_s: float = 60) -> str:
    world.pass_time(after_s)
    return run_turn(world.process, "poll_orders")


def have_people_told(world: Connector) -> None:
    sweeper.sweep(world.process)
    dead_letters.alert(world.process)


def trouble(world: Connector) -> dict[str, Any]:
    (row,) = world.rows("SELECT *, extract(epoch FROM next_at - ledger_now()) AS next_in_s FROM job_trouble")
    return row


def test_failing_poll_is_seen_with_reason_and_next_try(world: Connector, run: Run) -> None:
    set_shop_faults(world, SHOP_AWAY)
    said = [poll(world), poll(world, after_s=61)]

    status, shown = run("status"), run("status", "--json").data["troubles"]

    assert said == ["1 stores, 1 failed"] * 2
    assert [(one["store"], one["job"], one["count"], one["code"], one["is_lasting"]) for one in shown] == [
        (STORE, "poll_orders", 2, "remote_unavailable", False)
    ]
    assert status.status == 0  # it waits with a time; nobody has to act
    assert "Failing jobs" in status.out


def test_pauses_grow_with_jitter_and_the_longest_is_five_minutes(world: Connector) -> None:
    set_shop_faults(world, SHOP_AWAY)
    waits: list[float] = []
    for _ in range(4):
        poll(world, after_s=301)
        waits.append(float(trouble(world)["next_in_s"]))

    assert 10 < waits[0] <= 60
    assert 40 < waits[1] <= 120
    assert waits[2:] == pytest.approx([300, 300], abs=30)


def test_job_is_left_alone_until_its_pause_is_over(world: Connector) -> None:
    set_shop_faults(world, SHOP_AWAY)
    for _ in range(3):
        poll(world, after_s=301)
    set_shop_faults(world, {})

    early, late = poll(world), poll(world, after_s=301)

    assert early == "1 stores, 0 failed, 1 wait"
    assert late == "1 stores, 0 failed"
    assert trouble(world)["well_at"] is not None


def test_people_are_told_once_when_it_lasts_and_again_when_it_is_well(
    world: Connector, run: Run, told: list[str]
) -> None:
    set_shop_faults(world, SHOP_AWAY)
    poll(world)
    have_people_told(world)
    early = list(told)
    for _ in range(2):
        poll(world, after_s=LASTING_S)
        have_people_told(world)
    status = run("status").status
    set_shop_faults(world, {})

    for _ in range(2):
        poll(world, after_s=301)
        have_people_told(world)

    assert (early, status, len(told)) == ([], 1, 2)
    assert told[0].startswith("w1 poll_orders: failing since ")
    assert "2 times in a row (remote_unavailable)" in told[0]
    assert told[1].startswith("w1 poll_orders: well again; failed 3 times")
    assert run("status").status == 0


def test_jobs_that_fail_for_one_reason_are_told_together(world: Connector, told: list[str]) -> None:
    set_shop_faults(world, {"rules": [{"method": "GET", "path": "/", "fault": "http_503", "rate": 1.0}]})
    for _ in range(2):
        poll(world, after_s=LASTING_S)
        run_turn(world.process, "watch_webhooks")

    have_people_told(world)

    assert len(told) == 1
    assert told[0].startswith("w1 poll_orders, watch_webhooks: failing since")


def test_alert_that_could_not_be_sent_is_sent_later(world: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    set_shop_faults(world, SHOP_AWAY)
    for _ in range(2):
        poll(world, after_s=LASTING_S)
    lines: list[str] = []
    monkeypatch.setattr(dead_letters, "_notify", lambda *_: False)
    dead_letters.alert(world.process)
    monkeypatch.setattr(dead_letters, "_notify", lambda _, some: lines.extend(some) or True)

    dead_letters.alert(world.process)

    assert len(lines) == 1


def test_what_does_not_go_away_by_itself_is_told_at_once(world: Connector, told: list[str]) -> None:
    world.sandbox.m3_rule("OIS100MI", "LstNewBalances", "nok", times=9)
    stock_pull.pull(world.process.runtime.engine, world.process.runtime.store(STORE), full=True)
    world.pass_time(60)

    said = run_turn(world.process, "pull_stock")
    have_people_told(world)

    assert said == "1 stores, 1 failed"
    assert trouble(world)["code"] == "m3_rejected"
    assert told[0].startswith("w1 pull_stock: failing since")


def test_bug_of_one_store_is_noted_without_what_its_text_says(
    world: Connector, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("jane.doe@example.com")

    monkeypatch.setattr(jobs, "poll_changed", fails)
    poll(world)
    have_people_told(world)

    assert trouble(world)["code"] == "bug"
    assert "ValueError at test_failing_jobs.py" in told[0]
    assert "jane.doe" not in f"{told} {trouble(world)}"


def test_wrong_configuration_pauses_the_store_once_and_then_waits_for_a_person(
    world: Connector, told: list[str]
) -> None:
    rules = [{"method": "GET", "path": "/orders", "fault": "http_401", "rate": 1.0}]
    set_shop_faults(world, {"rules": rules})
    poll(world)
    paused = world.rows("SELECT paused_by FROM store")
    world.pass_time(301)
    run_turn(world.process, "probe_stores")  # what it asks for is allowed

    poll(world)
    have_people_told(world)

    assert (paused, world.rows("SELECT paused_by FROM store")) == ([{"paused_by": "connector"}], [{"paused_by": None}])
    assert trouble(world)["needs_person"]
    assert any(one.startswith("w1 poll_orders: failing since") for one in told)


def test_resumed_store_tries_at_once(world: Connector, run: Run) -> None:
    set_shop_faults(world, SHOP_AWAY)
    for _ in range(3):
        poll(world, after_s=301)
    set_shop_faults(world, {})
    run("store", "pause", STORE)

    run("store", "resume", STORE)

    assert poll(world) == "1 stores, 0 failed"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Exception | None], None]:
    """Lets a job of no store fail, or go well again."""

    def set_error(job: str, error: Exception | None) -> None:
        def work(_: object) -> rounds.Turned:
            if error is not None:
                raise error
            return rounds.Turned("done")

        monkeypatch.setitem(jobs.JOBS, job, work)

    return set_error


@pytest.mark.parametrize("job", ["purge", "seal_audit", "hunt_orphans", "poll_orders"])
def test_job_that_fails_as_a_whole_is_shown_told_and_told_when_it_is_well(
    world: Connector, run: Run, told: list[str], broken: Callable[[str, Exception | None], None], job: str
) -> None:
    broken(job, ValueError("marked secret"))
    said = run_turn(world.process, job)
    have_people_told(world)
    failing, shown = run("status"), run("status", "--json").data["troubles"]
    broken(job, None)
    world.pass_time(301)
    run_turn(world.process, job)
    have_people_told(world)

    assert said == "failed: the sweeper has it tried again (connector status)"
    assert (failing.status, run("status").status) == (1, 0)
    assert [(one["store"], one["job"], one["code"]) for one in shown] == [("", job, "bug")]
    assert "(all)" in failing.out and "marked secret" not in failing.out
    assert len(told) == 2
    assert told[0].startswith(f"{job}: failing since ") and told[1].startswith(f"{job}: well again")
    assert not any("marked secret" in line for line in told)


def test_job_of_each_day_that_failed_is_tried_again_within_minutes(
    world: Connector, broken: Callable[[str, Exception | None], None]
) -> None:
    broken("purge", ValueError())
    run_turn(world.process, "purge")
    early = (run_turn(world.process, "purge"), sent_jobs(world))
    world.pass_time(61)
    broken("purge", None)

    late = (sent_jobs(world), run_turn(world.process, "purge"))

    assert early == ("failed: the sweeper has it tried again (connector status)", [])
    assert late == (["purge"], "done")
    assert sent_jobs(world) == []


def test_wrong_configuration_met_by_a_job_of_no_store_pauses_nobody(
    world: Connector, broken: Callable[[str, Exception | None], None]
) -> None:
    broken("purge", ConfigurationError("The rules cannot be read.", resolution="Correct them."))

    run_turn(world.process, "purge")

    assert world.rows("SELECT 1 FROM store WHERE paused_by IS NOT NULL") == []
    assert trouble(world)["needs_person"] is True


def sent_jobs(world: Connector) -> list[str]:
    """Sweeps, and returns the periodic jobs it has sent."""
    redis = world.process.runtime.redis
    redis.delete("system", "polls")
    sweeper.sweep(world.process)
    return [
        json.loads(base64.b64decode(json.loads(message)["body"]))[0][0]
        for queue in ("system", "polls")
        for message in redis.lrange(queue, 0, -1)
    ]
