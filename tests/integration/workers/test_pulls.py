"""The jobs that read M3: what changed since the last time, and everything once a day at the store's own time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml

from connector.flows.prices import pull as prices
from tests.harness import STORE, Connector
from tests.integration.flows.prices.shelf import PUBLISHED
from tests.integration.flows.story import quick_store
from workers import rounds
from workers.jobs import run_turn
from workers.process import Process

OTHER = "w2"
ITEMS = ("MUG-001", "PAN-28", "GARLIC-1")
DAY_S = 24 * 3600
WALKS = "OIS320MI/LstListPrices"


def publish(world: Connector, *, name: str = STORE, at: str = "03:00", zone: str = "Europe/Zagreb") -> None:
    file = yaml.safe_load(quick_store())
    file["m3"]["timezone"] = zone
    file["publish"] = {"prices": PUBLISHED, "times": {"prices": at}}
    world.configure(yaml.safe_dump(file), name=name)


@pytest.fixture
def world(connector: Connector) -> Connector:
    publish(connector)
    bind(connector, STORE)
    return connector


@pytest.fixture
def second(world: Connector) -> Iterator[Process]:
    other = world.another_process("test:second")
    yield other
    other.heartbeat.stop()
    other.runtime.close()


def bind(world: Connector, store: str) -> None:
    """Makes items known to be products of the shop."""
    for place, item in enumerate(ITEMS, start=1):
        world.rows(
            "INSERT INTO product (store, item_number, sku, product_id, kind) VALUES (:store, :item, :item, :id, 'simple')"
            " RETURNING sku",
            store=store,
            item=item,
            id=place,
        )


def now(world: Connector) -> datetime:
    moment: datetime = world.rows("SELECT ledger_now() AS now")[0]["now"]
    return moment


def go_to(world: Connector, clock: str, *, zone: str = "Europe/Zagreb") -> None:
    """Moves the ledger's clock forward until the clocks of a zone show a time."""
    hour, minute = map(int, clock.split(":"))
    local = now(world).astimezone(ZoneInfo(zone))
    then = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    while then <= local:
        then += timedelta(days=1)
    world.pass_time((then.astimezone(UTC) - now(world)).total_seconds())


def slots(world: Connector) -> list[dict[str, object]]:
    return world.rows("SELECT job, slot FROM slot WHERE job LIKE 'daily %' AND done_at IS NOT NULL ORDER BY slot, job")


def local_times(world: Connector, zone: str = "Europe/Zagreb") -> list[str]:
    return [f"{row['slot'].astimezone(ZoneInfo(zone)):%H:%M}" for row in slots(world)]  # type: ignore[attr-defined]


def begun_walks(world: Connector) -> int:
    """Returns how many times M3 was asked for the time, with which each walk begins."""
    calls: dict[str, int] = world.sandbox.m3_book()["calls"]
    return calls.get("MMS200MI/GetServerTime", 0)


def daily(world: Connector, process: Process | None = None) -> str:
    """Has the next turn, as beat sends one each minute."""
    world.pass_time(60)
    return run_turn(process or world.process, "compare_daily")


def test_everything_is_read_once_a_slot_whatever_the_number_of_beats(world: Connector, second: Process) -> None:
    go_to(world, "03:05")
    ended = [daily(world, process) for process in (world.process, second, world.process)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda one: run_turn(one, "compare_daily"), (world.process, second)))

    assert ended == ["1 stores, 0 failed"] * 3
    assert local_times(world) == ["03:00"]
    assert begun_walks(world) == 1


def test_next_slot_is_that_of_the_next_day(world: Connector) -> None:
    go_to(world, "03:05")
    daily(world)
    go_to(world, "02:58")
    daily(world)
    before = len(slots(world))

    go_to(world, "03:01")
    daily(world)

    assert (before, local_times(world)) == (1, ["03:00", "03:00"])


def test_days_without_a_beat_are_made_up_for_by_one_run(world: Connector) -> None:
    go_to(world, "03:05")
    daily(world)
    world.pass_time(3 * DAY_S)

    for _ in range(3):
        daily(world)

    assert local_times(world) == ["03:00"]  # the older slot is forgotten
    assert begun_walks(world) == 2


def test_each_store_has_its_own_time_and_zone(world: Connector) -> None:
    publish(world, name=OTHER, at="03:00", zone="America/New_York")
    go_to(world, "03:05")
    daily(world)
    go_to(world, "03:05", zone="America/New_York")
    before = [row["job"] for row in slots(world)]

    daily(world)

    assert [job for job in before if job.endswith(STORE)] == ["daily prices of w1"]
    newest = slots(world)[-1]
    assert newest["job"] == "daily prices of w2"
    assert f"{newest['slot'].astimezone(ZoneInfo('America/New_York')):%H:%M}" == "03:00"  # type: ignore[attr-defined]


def test_slot_is_not_done_while_m3_is_away(world: Connector) -> None:
    go_to(world, "03:05")
    world.sandbox.m3_faults(outage={"from_s": 0, "to_s": 1000})
    failed = daily(world)
    world.sandbox.m3_faults()
    before = slots(world)

    daily(world)

    assert (failed, before) == ("1 stores, 1 failed", [])
    assert local_times(world) == ["03:00"]


def test_long_reading_goes_on_at_once_in_another_process(
    world: Connector, second: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_to(world, "03:05")
    monkeypatch.setattr(prices, "PAGE", 1)
    monkeypatch.setattr(rounds, "SHARE_S", 0.0)
    monkeypatch.setattr("workers.pulls.DAILY_TURN_S", 0.0)
    first = daily(world)
    queued = world.process.runtime.redis.lrange("polls", 0, -1)

    monkeypatch.setattr("workers.pulls.DAILY_TURN_S", 60.0)
    rest = run_turn(second, "compare_daily")

    assert (first, rest) == ("1 stores, 0 failed, 1 go on", "1 stores, 0 failed")
    assert [b"compare_daily" in one for one in queued] == [True]
    assert (local_times(world), begun_walks(world)) == (["03:00"], 1)


def test_what_a_store_does_not_publish_is_not_read(world: Connector) -> None:
    file = yaml.safe_load(quick_store())
    del file["publish"]
    world.configure(yaml.safe_dump(file))

    for job in ("pull_prices", "pull_stock"):
        run_turn(world.process, job)
    daily(world)

    assert slots(world) == []
    assert begun_walks(world) == 0


def test_change_is_found_within_the_minute_and_its_message_sent(world: Connector) -> None:
    run_turn(world.process, "pull_prices")
    world.settle()
    world.process.runtime.redis.delete("catalog")
    world.sandbox.post(
        f"{world.sandbox.m3_url}/_control/prices", [{"prrf": "WEB", "cucd": "EUR", "itno": "PAN-28", "sapr": "55"}]
    )
    world.pass_time(60)

    run_turn(world.process, "pull_prices")

    (due,) = world.rows("SELECT item_number FROM offer WHERE wanted_rev > done_rev AND item_number = 'PAN-28'")
    assert due["item_number"] == "PAN-28"
    assert world.process.runtime.redis.llen("catalog") == 1
