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

from bench import orders, receiver

MOST_GROWTH = 1.1
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Runs the benches; returns 0 only if every mark is reached."""
    options = _options()
    receiving = receiver.run(rounds=2 if options.quick else 5, requests=500 if options.quick else 1500)
    carrying = orders.run(
        rounds=1 if options.quick else 3,
        orders=60 if options.quick else 150,
        memory_orders=60 if options.quick else 2000,
    )
    marks = _marks(receiving, carrying)
    lines = _table(marks)
    print("\n".join(lines))
    measured_at = datetime.now(UTC)
    kept = {
        "at": measured_at.isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "marks": marks,
        "receiver": receiving,
        "orders": carrying,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{measured_at:%Y-%m-%d-%H%M}.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return 0 if all(mark["reached"] for mark in marks) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measures the connector.")
    parser.add_argument("--quick", action="store_true", help="few rounds: to see that it runs, not to compare")
    return parser.parse_args()


def _marks(receiving: dict[str, Any], carrying: dict[str, Any]) -> list[dict[str, Any]]:
    requests, rates, memory = receiving["requests_per_s"], carrying["orders_per_s"], carrying["memory"]
    most_calls = max(carrying["m3_requests_per_order"].values())
    growth = round(memory["after"]["mean"] / memory["before"]["mean"], 2)
    return [
        _mark(
            "receiver / bare app",
            receiving["ratio"],
            f">= {receiving['target']}",
            receiving["ratio"] >= receiving["target"],
            f"{requests['receiver']} / {requests['bare']} requests a second",
        ),
        _mark(
            "orders / six calls",
            carrying["ratio"],
            f">= {carrying['target']}",
            carrying["ratio"] >= carrying["target"],
            f"{rates['connector']} / {rates['reference']} orders a second",
        ),
        _mark(
            "M3 requests an order",
            most_calls,
            f"<= {carrying['calls_target']}",
            most_calls <= carrying["calls_target"],
            ", ".join(f"{lines}: {count}" for lines, count in carrying["m3_requests_per_order"].items()),
        ),
        _mark(
            "worker memory, PSS MB",
            memory["after"]["largest"],
            f"<= {memory['target_mb']}",
            memory["after"]["largest"] <= memory["target_mb"],
            f"mean {memory['before']['mean']} before, {memory['after']['mean']} after {memory['orders']} orders (x {growth})",
        ),
        _mark(
            "worker memory, growth",
            growth,
            f"<= {MOST_GROWTH}",
            growth <= MOST_GROWTH,
            f"mean after / mean before {memory['orders']} orders, warm",
        ),
    ]


def _mark(what: str, value: float, mark: str, reached: bool, detail: str) -> dict[str, Any]:
    return {"what": what, "value": value, "mark": mark, "reached": reached, "detail": detail}


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
