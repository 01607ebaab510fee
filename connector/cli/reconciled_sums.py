"""Writes the sums of a comparison with M3's books for a spreadsheet; used by connector/cli/reconciling.py."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from connector.cli.rows import csv_cell
from connector.flows.reconciling.totals import Totals

COLUMNS = (
    *("by", "store", "day", "zone", "currency", "fact", "account", "shop_count", "shop", "m3_count", "m3"),
    *("difference", "unexplained_count", "unexplained"),
)
"""What the sums of days and those of accounts have together; a cell that one of them has not is empty."""


def write_sums(stream: TextIO, totals: Totals, *, store: str, zone: str) -> None:
    """Writes one line for each day, currency and kind of fact, then one for each account and currency: those of the JSON."""
    out = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    out.writeheader()
    for row in _rows(totals.to_json()):
        out.writerow({name: csv_cell(value) for name, value in {**row, "store": store, "zone": zone}.items()})


def _rows(figures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from ({"by": "day", **one} for one in figures["totals"])
    yield from ({"by": "account", **one} for one in figures["accounts"])
