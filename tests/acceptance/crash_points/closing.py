"""The story of a day that is closed: the shop is compared with M3's books. Told in stories.py."""

from __future__ import annotations

import yaml

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.harness import STORE
from tests.integration.flows.story import quick_store

DAY_S = 24 * 3600
DAILY = {"at": "05:00", "days": 1}
COMPARES_DAILY = yaml.safe_dump({**yaml.safe_load(quick_store(guests="common")), "reconcile": DAILY})


def day_is_closed(world: World) -> None:
    """An order was carried; after the next night the job compares its day."""
    with world.quietly():
        world.turn("reconcile_daily")
        world.place()
        world.go_on()
    world.connector.pass_time(DAY_S)
    world.turn("reconcile_daily")


def of_closed(world: World) -> list[str]:
    """Says what is wrong: the day is kept once, nothing is unexplained, and its slot is done."""
    kept = world.connector.rows("SELECT store, unexplained FROM reconciliation")
    open_ = world.connector.rows("SELECT job, slot FROM slot WHERE job LIKE 'daily %' AND done_at IS NULL")
    wrong = [] if kept == [{"store": STORE, "unexplained": 0}] else [f"days: {kept}"]
    wrong += [f"slots left: {open_}"] if open_ else []
    return [*wrong, *books.of_rest_alone(world)]
