"""Shows what taking off the units in flight is good for, cause by cause: `python -m tests.acceptance.oversell --races 4`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from tests.acceptance.oversell.market import Market, made_market
from tests.acceptance.oversell.race import BUYERS, CAUSES, UNITS, Race, Raced

CONSOLE = Console()
BOTH = (True, False)  # with what is in flight taken off, and without

Races = dict[bool, list[Raced]]


def main() -> int:
    """Runs the same races for each cause, with and without the correction; 0 only if nothing was published that was not there."""
    parser = argparse.ArgumentParser(prog="oversell", description=__doc__)
    parser.add_argument("--races", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.races)
    told: dict[str, Races] = {}
    with made_market() as market:
        for cause in CAUSES:
            told[cause] = _race(market, cause, seeds)
            CONSOLE.print(f"{cause}: {_in_words(told[cause])}")
    CONSOLE.print(_table(told, seeds))
    return 1 if any(one.too_high for races in told.values() for one in races[True]) else 0


def _race(market: Market, cause: str, seeds: Sequence[int]) -> Races:
    return {
        corrects: [Race(market, seed=seed, troubles=CAUSES[cause]).run(corrects=corrects) for seed in seeds]
        for corrects in BOTH
    }


def _in_words(races: Races) -> str:
    parts = [f"{sum(one.oversold for one in races[corrects])} oversold {_word(corrects)}" for corrects in BOTH]
    return ", ".join(parts)


def _table(told: dict[str, Races], seeds: Sequence[int]) -> Table:
    table = Table(
        title=f"{BUYERS} buyers, {UNITS} units, {len(seeds)} races a row (seeds {seeds[0]} to {seeds[-1]}); "
        "what is in flight taken off / not taken off"
    )
    table.add_column("what goes wrong")
    for name in ("sold", "there were", "oversold", "quantities written", "of them too high"):
        table.add_column(name, justify="right")
    for cause, races in told.items():
        table.add_row(
            cause,
            _sums(races, lambda one: one.sold),
            _sums(races, lambda one: one.supply),
            _sums(races, lambda one: one.oversold),
            _sums(races, lambda one: len(one.published)),
            _sums(races, lambda one: len(one.too_high)),
        )
    return table


def _sums(races: Races, count: Callable[[Raced], int]) -> str:
    return " / ".join(str(sum(count(one) for one in races[corrects])) for corrects in BOTH)


def _word(corrects: bool) -> str:
    return "with what is in flight taken off" if corrects else "without"


if __name__ == "__main__":
    sys.exit(main())
