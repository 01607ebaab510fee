"""The bench table: `make bench` prints it and keeps it in bench/results/ with date and kind of machine.

Speed is told as ratios of two sides measured in one run, since machines are noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import catalogue, customers, orders, receiver, stock
from bench.marks import catalogue_marks, customer_marks, order_marks, receiver_marks, stock_marks

RESULTS = Path(__file__).parent / "results"
FEW_ITEMS = 2_000


def main() -> int:
    """Runs the benches; returns 0 only if every mark is reached."""
    options = _options()
    receiving = receiver.run(rounds=2 if options.quick else 5, requests=500 if options.quick else 1500)
    carrying = orders.run(
        rounds=1 if options.quick else 3,
        orders=60 if options.quick else 150,
        memory_orders=60 if options.quick else 2000,
    )
    loading = catalogue.run(items=FEW_ITEMS if options.quick else 20_000)
    following = customers.run(accounts=40 if options.quick else 200)
    showing = stock.run(seconds=10 if options.quick else 60)
    marks = [
        *receiver_marks(receiving),
        *order_marks(carrying),
        *catalogue_marks(loading),
        *customer_marks(following),
        *stock_marks(showing),
    ]
    lines = _table(marks)
    print("\n".join(lines))
    measured_at = datetime.now(UTC)
    kept = {
        "at": measured_at.isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "marks": marks,
        "receiver": receiving,
        "orders": carrying,
        "catalogue": loading,
        "customers": following,
        "stock": showing,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{measured_at:%Y-%m-%d-%H%M}.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return 0 if all(mark["reached"] for mark in marks) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measures the connector.")
    parser.add_argument("--quick", action="store_true", help="few rounds: to see that it runs, not to compare")
    return parser.parse_args()


def _table(marks: list[dict[str, Any]]) -> list[str]:
    rows = [("what", "value", "mark", "", "detail")]
    rows += [
        (one["what"], str(one["value"]), one["mark"], "reached" if one["reached"] else "MISSED", one["detail"])
        for one in marks
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


if __name__ == "__main__":
    sys.exit(main())
