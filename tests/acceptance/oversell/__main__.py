"""Shows what taking off the units in flight is good for: `python -m tests.acceptance.oversell --races 10`."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.table import Table

from tests.acceptance.oversell.market import made_market
from tests.acceptance.oversell.race import BUYERS, UNITS, Race, Raced

CONSOLE = Console()


def main() -> int:
    """Runs races, each with and without the correction; 0 only if nothing was ever published that was not there."""
    parser = argparse.ArgumentParser(prog="oversell", description=__doc__)
    parser.add_argument("--races", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    table = Table(title=f"{BUYERS} buyers, {UNITS} units, two shops on one warehouse")
    for name in ("seed", "units in flight", "sold", "there were", "oversold", "written", "written too high"):
        table.add_column(name, justify="right")
    races: dict[bool, list[Raced]] = {True: [], False: []}
    with made_market() as market:
        for seed in range(options.seed, options.seed + options.races):
            for corrects in (True, False):
                raced = Race(market, seed=seed).run(corrects=corrects)
                races[corrects].append(raced)
                table.add_row(*_row(raced, corrects=corrects))
    CONSOLE.print(table)
    for corrects, word in ((True, "taken off"), (False, "not taken off")):
        oversold = sum(one.oversold for one in races[corrects])
        too_high = sum(len(one.too_high) for one in races[corrects])
        CONSOLE.print(f"Units in flight {word}: {oversold} units oversold, {too_high} quantities written too high.")
    return 1 if any(one.too_high for one in races[True]) else 0


def _row(raced: Raced, *, corrects: bool) -> tuple[str, ...]:
    word = "taken off" if corrects else "not taken off"
    numbers = (raced.sold, raced.supply, raced.oversold, len(raced.published), len(raced.too_high))
    return (str(raced.seed), word, *map(str, numbers))


if __name__ == "__main__":
    sys.exit(main())
