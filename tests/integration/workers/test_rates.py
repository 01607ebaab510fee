"""Exchange rates are read once a day at the store's own time, days nobody was there for included, and a missing one is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from connector.errors import NotYetError
from connector.ledger.job_troubles import LASTING
from connector.ledger.rates import rate_on
from connector.ledger.session import transaction
from connector.money.rates import worth_on
from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run, make_run
from tests.integration.flows.story import quick_store
from workers import dead_letters, sweeper
from workers.jobs import run_turn

ZONE = ZoneInfo("Europe/Zagreb")
SCOPE: dict[str, Any] = {"division": "AAA", "currency": "USD", "rate_type": 1}
OF_STORE: dict[str, Any] = {**SCOPE, "store": STORE, "zone": ZONE}


def configure(world: Connector, **changes: Any) -> None:
    file = yaml.safe_load(quick_store())
    file["m3"]["timezone"] = ZONE.key
    file["rates"] = {"at": "06:00", "currencies": ["USD", "GBP"], **changes}
    world.configure(yaml.safe_dump(file))


@pytest.fixture
def world(connector: Connector) -> Connector:
    configure(connector)
    go_to(connector, "06:05")
    return connector


@pytest.fixture
def run(world: Connector) -> Run:
    names = {"DATABASE_URL": world.settings.database_url, "REDIS_URL": world.settings.redis_url}
    return make_run({**names, "CONNECTOR_SECRET_KEYS": ",".join(world.settings.secret_keys)})


def now(world: Connector) -> datetime:
    moment: datetime = world.rows("SELECT ledger_now() AS now")[0]["now"]
    return moment.astimezone(ZONE)


def go_to(world: Connector, clock: str) -> None:
    """Moves the ledger's clock forward until the clocks of the store show a time."""
    hour, minute = map(int, clock.split(":"))
    then = now(world).replace(hour=hour, minute=minute, second=0, microsecond=0)
    then += timedelta(days=then <= now(world))
    world.pass_time((then.astimezone(UTC) - now(world)).total_seconds())  # in UTC: a day may have 23 hours


def turn(world: Connector, *, after_s: float = 60) -> str:
    world.pass_time(after_s)
    return run_turn(world.process, "pull_rates")


def calls(world: Connector) -> int:
    asked: dict[str, int] = world.sandbox.m3_book()["calls"]
    return asked.get("CRS055MI/SelExchangeRate", 0)


def set_rate(world: Connector, day: date, **stated: Any) -> None:
    rates = {"cucd": "USD", "cutd": f"{day:%Y%m%d}", **stated}
    world.sandbox.post(f"{world.sandbox.m3_url}/_control/rates", [rates])


def kept(world: Connector, day: date) -> Decimal | None:
    scope = world.process.runtime.store(STORE).m3_scope
    with transaction(world.engine) as connection:
        found = rate_on(connection, scope, day=day, **SCOPE)
    return found and found.value


def test_rates_are_read_once_a_slot_whatever_the_number_of_beats(world: Connector) -> None:
    turn(world)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: run_turn(world.process, "pull_rates"), range(2)))
    turn(world, after_s=3600)

    assert calls(world) == 2  # two currencies, one type, one day
    assert kept(world, now(world).date()) is not None


def test_before_its_time_nothing_is_read_anew(world: Connector) -> None:
    turn(world)
    go_to(world, "05:58")

    turn(world)

    assert calls(world) == 2


def test_days_without_a_beat_are_made_up_for_by_one_run_with_the_rates_of_each(world: Connector) -> None:
    turn(world)
    first = now(world).date()
    for number in range(1, 4):
        set_rate(world, first + timedelta(days=number), arat=f"0.9{number}")
    world.pass_time(3 * 24 * 3600)

    for _ in range(3):
        turn(world)

    assert calls(world) == 2 + 2 * 4  # the last day read, again, and three more
    values = [kept(world, first + timedelta(days=number)) for number in range(1, 4)]
    assert values == [Decimal("0.91"), Decimal("0.92"), Decimal("0.93")]


def test_rate_that_m3_corrects_replaces_the_one_read_before(world: Connector) -> None:
    today = now(world).date()
    set_rate(world, today, arat="0.8")
    turn(world)
    set_rate(world, today, arat="0.81")
    go_to(world, "06:01")

    turn(world)

    assert kept(world, today) == Decimal("0.81")


def test_missing_rate_is_told_and_read_once_it_is_there(
    world: Connector, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(dead_letters, "_notify", lambda _, lines: told.extend(lines) or True)
    today = now(world).date()
    set_rate(world, today - timedelta(days=7), delete=True)
    said = [turn(world), turn(world, after_s=LASTING.total_seconds())]
    sweeper.sweep(world.process)
    dead_letters.alert(world.process)
    status = run("status")
    set_rate(world, today, arat="0.85")

    said.append(turn(world, after_s=301))

    assert said == ["1 stores, 1 failed", "1 stores, 1 failed", "1 stores, 0 failed"]
    assert len(told) == 1
    assert f"M3 has no rate of type 1 for USD on {today}; the newest is of" in told[0]
    assert "CRS058" in told[0]
    assert status.status == 1
    assert kept(world, today) == Decimal("0.85")


def test_money_waits_for_a_day_whose_rate_is_missing_or_too_old(world: Connector) -> None:
    turn(world)
    store = world.process.runtime.store(STORE)
    config = store.config.rates
    assert config is not None
    today = now(world).date()

    with transaction(world.engine) as connection:
        worth = partial(worth_on, connection, store.m3_scope, config=config, **OF_STORE)
        of_today = worth(day=today)
        with pytest.raises(NotYetError, match="the newest is of"):
            worth(day=today + timedelta(days=9))
        with pytest.raises(NotYetError, match="none at all"):
            worth(day=today - timedelta(days=30))

    assert of_today.numerator == kept(world, today)


@pytest.mark.parametrize("is_of_the_day_only", [False, True])
def test_rate_of_a_friday_counts_for_the_sunday_once_m3_was_asked_at_its_time(
    world: Connector, is_of_the_day_only: bool
) -> None:
    friday = read_until_saturday(world, is_of_the_day_only=is_of_the_day_only)
    config = world.process.runtime.store(STORE).config.rates
    scope = world.process.runtime.store(STORE).m3_scope
    assert config is not None
    go_to(world, "05:58")

    with transaction(world.engine) as connection, pytest.raises(NotYetError, match="are read at 06:00") as too_early:
        worth_on(connection, scope, config=config, day=friday + timedelta(days=2), **OF_STORE)
    assert 60 < (too_early.value.retry_after_s or 0) <= 180  # one look when they are read, not one every few seconds
    world.pass_time(180)
    turn(world)

    with transaction(world.engine) as connection:
        worth = worth_on(connection, scope, config=config, day=friday + timedelta(days=2), **OF_STORE)
    assert worth.numerator == kept(world, friday) == Decimal("0.85")


def test_a_currency_without_a_rate_holds_up_no_other(world: Connector) -> None:
    friday = read_until_saturday(world, is_of_the_day_only=True)
    configure(world, currencies=["SEK", "USD"])
    config = world.process.runtime.store(STORE).config.rates
    scope = world.process.runtime.store(STORE).m3_scope
    assert config is not None
    go_to(world, "05:58")

    said = turn(world, after_s=300)

    sunday = friday + timedelta(days=2)
    with transaction(world.engine) as connection:
        worth = worth_on(connection, scope, config=config, day=sunday, **OF_STORE)
        with pytest.raises(NotYetError, match="there is none at all"):
            worth_on(connection, scope, config=config, day=sunday, **{**OF_STORE, "currency": "SEK"})
    assert (said, worth.numerator) == ("1 stores, 1 failed", Decimal("0.85"))


def test_money_that_waits_though_the_rates_should_have_been_read_says_where_to_look(world: Connector) -> None:
    friday = read_until_saturday(world, is_of_the_day_only=True)
    config = world.process.runtime.store(STORE).config.rates
    scope = world.process.runtime.store(STORE).m3_scope
    assert config is not None
    go_to(world, "05:58")
    world.pass_time(1800)  # no beat, or M3 is away

    with transaction(world.engine) as connection, pytest.raises(NotYetError, match="was not asked yet") as waits:
        worth_on(connection, scope, config=config, day=friday + timedelta(days=2), **OF_STORE)
    assert "connector rates read" in (waits.value.resolution or "")


def test_the_first_reading_on_a_sunday_finds_the_rate_of_the_friday(world: Connector) -> None:
    sunday = now(world).date()
    configure(world, currencies=["USD"])
    world.sandbox.m3_faults(rates_of_the_day_only=True)
    for number in range(-8, 1):
        set_rate(world, sunday + timedelta(days=number), delete=True)
    set_rate(world, sunday - timedelta(days=2), arat="0.85")

    said = turn(world)

    assert (said, kept(world, sunday)) == ("1 stores, 0 failed", Decimal("0.85"))


def read_until_saturday(world: Connector, *, is_of_the_day_only: bool) -> date:
    """Has the rates of two days read, of which only the first has one, as none of that week has; returns that first day."""
    configure(world, currencies=["USD"])
    world.sandbox.m3_faults(rates_of_the_day_only=is_of_the_day_only)
    friday = now(world).date()
    for number in range(-6, 3):
        set_rate(world, friday + timedelta(days=number), delete=True)
    set_rate(world, friday, arat="0.85")
    turn(world)
    go_to(world, "06:05")
    turn(world)
    return friday


def test_how_a_rate_is_stated_is_kept(world: Connector) -> None:
    today = now(world).date()
    set_rate(world, today, arat="1.16", dmcu=2, rafa=0)

    turn(world)

    (row,) = world.rows(
        "SELECT value, method, factor FROM exchange_rate WHERE currency = 'USD' AND valid_from = :d", d=today
    )
    assert row == {"value": Decimal("1.16"), "method": 2, "factor": 0}


def test_store_without_rates_asks_for_none(world: Connector) -> None:
    world.configure(quick_store())

    turn(world)

    assert calls(world) == 0


def test_rates_are_listed_and_read_by_hand(world: Connector, run: Run) -> None:
    nothing = run("rates", "list")

    read, listed = run("rates", "read", "--json"), run("rates", "list", "--json")

    assert nothing.out == "None.\n"
    assert [one["currency"] for one in read.data] == ["USD", "GBP"]
    assert {(one["currency"], one["local_currency"], one["rate_type"]) for one in listed.data} == {
        ("USD", "EUR", 1),
        ("GBP", "EUR", 1),
    }
    assert all(Decimal(one["value"]) > 0 and one["read_at"] for one in listed.data)


def test_reading_by_hand_says_what_is_missing(world: Connector, run: Run) -> None:
    configure(world, currencies=["SEK"])

    said = run("rates", "read")

    assert said.status == 1
    assert "M3 has no rate of type 1 for SEK" in said.flat_err
