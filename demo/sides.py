"""M3 and the shop side by side at the end, by `connector reconcile`: catalogue, prices, stock. Used by demo/__main__.py."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.stage import Stage
from demo.stores import STORE

KINDS = ("catalogue", "prices", "stock")
PENDING_LIMIT_S = 15.0
MOST_SHOWN = 10
WORDS = {
    "in_flight": "in orders M3 does not have",
    "buffer": "kept back by the store file",
    "part_of_unit": "where M3 counts parts of a unit, which the shop cannot sell",
    "not_sold": "of a status that is not sold",
    "below_none": "of which M3 lacks some",
    "pending": "on their way",
    "shop_owned": "left to the shop",
    "error": "not carried: see below",
    "unknown_in_shop": "not in the shop",
    "unknown_in_m3": "not in M3",
    "different": "different without a known reason",
}
"""Reasons of `connector reconcile` in words."""
AS_DUE = ("equal", "in_flight", "buffer", "part_of_unit", "not_sold", "below_none", "shop_owned")


@dataclass(frozen=True)
class Side:
    """What one comparison found."""

    kind: str
    is_well: bool
    said: Mapping[str, Any]


def compare_sides(stage: Stage) -> list[Side]:
    """Runs the three comparisons; one that finds items under way is made again for a while.

    Raises:
        DemoError: A comparison could not be made.
    """
    return [_compare(stage, kind) for kind in KINDS]


def _compare(stage: Stage, kind: str) -> Side:
    deadline = time.monotonic() + PENDING_LIMIT_S
    while True:
        said = json.loads(stage.commands.run("reconcile", kind, "--store", STORE, "--json", may_end_with=(0, 1)))
        is_well = said["equal"] == said["items"] > 0
        if not said["reasons"].get("pending") or time.monotonic() > deadline:
            return Side(kind, is_well, said)
        time.sleep(1)


def print_sides(console: Console, sides: list[Side]) -> None:
    """Prints the figures, and what differs without an explanation.

    `As due`: the shop shows what it should: what M3 has free, less what orders hold, in whole units.
    """
    table = Table(title="M3 and the shop side by side ($ connector reconcile ... --json)", title_justify="left")
    table.add_column("")
    for title in ("Items", "As due", "M3's very figures"):
        table.add_column(title, justify="right")
    table.add_column("Why not M3's")
    for side in sides:
        said = side.said
        reasons = [f"{count} {WORDS.get(name, name)}" for name, count in said["reasons"].items() if name != "equal"]
        table.add_row(
            side.kind,
            str(said["items"]),
            f"{said['equal_percent']} %",
            f"{said['same_as_m3_percent']} %",
            ", ".join(reasons),
        )
    console.print(table)
    for side in sides:
        if not side.is_well:
            _print_rows(console, side)


def _print_rows(console: Console, side: Side) -> None:
    rows = [one for one in side.said.get("rows", []) if one["reason"] not in AS_DUE]
    for one in rows[:MOST_SHOWN]:
        words = one["words"] or f"M3 says {one['m3']}, the shop {one['shop']}"
        console.print(
            f"[red]{side.kind}[/red] {escape(str(one['item_number'] or one['sku']))} {one['field']}: {escape(words)}"
        )
