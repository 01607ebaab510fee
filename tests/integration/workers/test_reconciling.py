"""The shop is compared with M3's books once a day at the store's own time; people are told of what nothing explains."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from connector.ledger.job_troubles import list_troubles
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run, make_run
from tests.integration.flows.books.counting_house import paying
from tests.integration.flows.reconciling.clerk import Clerk
from workers import dead_letters
from workers.jobs import run_turn

ZONE = ZoneInfo("Europe/Zagreb")
DAYS = 3


@pytest.fixture
def clerk(connector: Connector) -> Clerk:
    """A store that is compared at five o'clock, with an order of yesterday; it is one minute past."""
    clerk = Clerk(connector, guests="common")
    configure(clerk, reconcile={"at": "05:00", "days": DAYS})
    return clerk


def configure(clerk: Clerk, *, zone: ZoneInfo = ZONE, **parts: Any) -> None:
    """Gives the store its file, with or without `reconcile`."""
    file = yaml.safe_load(paying())
    file["m3"]["timezone"] = zone.key
    file.pop("reconcile", None)
    clerk.connector.configure(yaml.safe_dump({**file, **parts}))


@pytest.fixture
def run(clerk: Clerk) -> Run:
    settings = clerk.connector.settings
    names = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    return make_run({**names, "CONNECTOR_SECRET_KEYS": ",".join(settings.secret_keys)})


def now(clerk: Clerk) -> datetime:
    moment: datetime = clerk.connector.rows("SELECT ledger_now() AS now")[0]["now"]
    return moment.astimezone(ZONE)


def go_to_tomorrow(clerk: Clerk, *, hour: int, minute: int, zone: ZoneInfo = ZONE) -> None:
    """Moves the ledger's clock to when the clocks of the division show a time on their next day."""
    then = (now(clerk).astimezone(zone) + timedelta(days=1)).replace(hour=hour, minute=minute, second=0, microsecond=0)
    clerk.connector.pass_time((then - now(clerk).astimezone(UTC)).total_seconds())


def turn(clerk: Clerk) -> str:
    clerk.connector.pass_time(60)
    return run_turn(clerk.connector.process, "reconcile_daily")


def kept(clerk: Clerk) -> list[dict[str, Any]]:
    return clerk.connector.rows("SELECT day, facts, equal, unexplained, rows FROM reconciliation ORDER BY day")


def troubles(clerk: Clerk) -> list[str]:
    with transaction(clerk.connector.engine) as connection:
        return [one.reason for one in list_troubles(connection)]


def alerts(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    told: list[str] = []
    monkeypatch.setattr(dead_letters, "_notify", lambda _, lines: bool(told.extend(lines)) or True)
    dead_letters.alert(clerk.connector.process)
    return told


def test_a_store_is_compared_once_a_slot_however_often_beat_calls(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    today = now(clerk).date()
    go_to_tomorrow(clerk, hour=5, minute=1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run_turn(clerk.connector.process, "reconcile_daily"), range(4)))
    reads = clerk.sandbox.m3_book()["http_calls"]
    for _ in range(3):
        turn(clerk)

    days = kept(clerk)
    assert order["id"]
    assert [one["day"] for one in days] == _last_days(now(clerk).date())
    assert clerk.sandbox.m3_book()["http_calls"] == reads
    assert sum(one["facts"] for one in days if one["day"] == today) == 2  # the order and its payment
    assert troubles(clerk) == []


def _last_days(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(DAYS, 0, -1)]


def test_nothing_is_compared_before_the_first_slot_of_a_new_store(clerk: Clerk) -> None:
    turn(clerk)

    assert kept(clerk) == []


def test_people_are_told_once_of_what_nothing_explains(clerk: Clerk, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.delete_in_m3(clerk.number_of(order))
    go_to_tomorrow(clerk, hour=5, minute=1)

    turn(clerk)
    first, second = alerts(clerk, monkeypatch), alerts(clerk, monkeypatch)
    go_to_tomorrow(clerk, hour=5, minute=1)
    turn(clerk)
    next_day = alerts(clerk, monkeypatch)

    (line,) = first
    assert "1 differ between the shop and M3" in line
    assert f"order {order['number']}" in line
    assert f"connector reconcile money --store {STORE}" in line
    assert (second, next_day) == ([], [])
    said = run("status")
    assert said.status == 1
    assert "Shop and M3's books" in said.out
    assert run("reconcile", "kept").status == 1


def test_another_difference_is_told_anew_and_their_end_too(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    order, other = (clerk.place() for _ in range(2))
    clerk.go_on()
    clerk.delete_in_m3(clerk.number_of(order))
    go_to_tomorrow(clerk, hour=5, minute=1)
    turn(clerk)
    alerts(clerk, monkeypatch)

    clerk.delete_in_m3(clerk.number_of(other))
    go_to_tomorrow(clerk, hour=5, minute=1)
    turn(clerk)
    (more,) = alerts(clerk, monkeypatch)
    for one in (order, other):
        clerk.change(one, status="cancelled")
    clerk.go_on()
    go_to_tomorrow(clerk, hour=5, minute=1)
    turn(clerk)
    (well,) = alerts(clerk, monkeypatch)

    assert "2 differ" in more
    assert "well again" in well


def test_what_was_found_is_no_trouble_any_more_once_the_store_file_drops_the_comparison(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.delete_in_m3(clerk.number_of(order))
    go_to_tomorrow(clerk, hour=5, minute=1)
    turn(clerk)
    told = alerts(clerk, monkeypatch)

    configure(clerk)
    turn(clerk)
    without = (troubles(clerk), alerts(clerk, monkeypatch))
    configure(clerk, reconcile={"at": "05:00", "days": DAYS})
    go_to_tomorrow(clerk, hour=5, minute=1)
    turn(clerk)

    (again,) = alerts(clerk, monkeypatch)  # it is there all the same, and asked for again
    assert without == ([], [])
    assert "1 differ" in again and "1 differ" in told[0]


def test_a_killed_run_goes_on_with_the_next_day(clerk: Clerk) -> None:
    clerk.place()
    clerk.go_on()
    go_to_tomorrow(clerk, hour=5, minute=1)
    turn(clerk)
    clerk.connector.rows("DELETE FROM slot WHERE job LIKE 'daily reconciliation%' RETURNING job")
    first, *_ = clerk.connector.rows(
        "DELETE FROM reconciliation WHERE day = (SELECT max(day) FROM reconciliation) RETURNING day"
    )
    before = {one["day"]: one for one in kept(clerk)}
    stamps = clerk.connector.rows("SELECT day, compared_at FROM reconciliation")

    turn(clerk)

    assert len(kept(clerk)) == DAYS == len(before) + 1
    assert first["day"] in {one["day"] for one in kept(clerk)}
    later = clerk.connector.rows("SELECT day, compared_at FROM reconciliation")
    assert all(one in later for one in stamps)  # the days that were done are not read again


def test_what_was_kept_is_shown_day_by_day(clerk: Clerk, run: Run) -> None:
    clerk.place()
    clerk.go_on()
    go_to_tomorrow(clerk, hour=5, minute=1)
    turn(clerk)

    said = run("reconcile", "kept", "--json")

    assert said.status == 0
    assert [one["store"] for one in said.data] == [STORE] * DAYS
    assert sum(one["facts"] for one in said.data) == 2


def test_yesterday_is_shown_as_long_as_it_is_yesterday_in_the_division(clerk: Clerk, run: Run) -> None:
    hawaii = ZoneInfo("Pacific/Honolulu")
    configure(clerk, zone=hawaii, reconcile={"at": "22:00", "days": 1})
    go_to_tomorrow(clerk, hour=22, minute=1, zone=hawaii)
    turn(clerk)
    yesterday = now(clerk).astimezone(hawaii).date() - timedelta(days=1)

    said = run("reconcile", "kept", "--days", "1", "--json")

    assert [one["day"] for one in said.data] == [yesterday.isoformat()]
