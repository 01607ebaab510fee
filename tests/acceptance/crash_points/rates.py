"""The story of the exchange rates of a day, and what has to be kept in the end. Told in stories.py."""

from __future__ import annotations

import yaml

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.harness import STORE
from tests.integration.flows.story import quick_store

CURRENCIES = ("GBP", "USD")
NEEDS_RATES = yaml.safe_dump({**yaml.safe_load(quick_store()), "rates": {"currencies": list(CURRENCIES)}})


def rates_of_the_day_are_read(world: World) -> None:
    world.turn("pull_rates")


def of_rates(world: World) -> list[str]:
    """Says what is wrong: each currency has its rate, and the slot of the day is done."""
    kept = [row["currency"] for row in world.connector.rows("SELECT currency FROM exchange_rate ORDER BY currency")]
    jobs = [
        row["job"]
        for row in world.connector.rows("SELECT job FROM slot WHERE job LIKE 'daily %' AND done_at IS NOT NULL")
    ]
    wrong = [] if kept == list(CURRENCIES) else [f"rates: {kept}"]
    wrong += [] if jobs == [f"daily rates of {STORE}"] else [f"slots: {jobs}"]
    return [*wrong, *books.of_rest_alone(world)]
