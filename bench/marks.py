"""The rows of the bench table: what was measured, its mark, and whether it is reached. Used by bench/__main__.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST_GROWTH = 1.1
Mark = dict[str, Any]


def receiver_marks(found: dict[str, Any]) -> Iterator[Mark]:
    """Yields the rows of bench/receiver.py."""
    requests = found["requests_per_s"]
    yield _mark(
        "receiver / bare app",
        found["ratio"],
        f">= {found['target']}",
        found["ratio"] >= found["target"],
        f"{requests['receiver']} / {requests['bare']} requests a second",
    )


def order_marks(found: dict[str, Any]) -> Iterator[Mark]:
    """Yields the rows of bench/orders.py."""
    rates, memory = found["orders_per_s"], found["memory"]
    most_calls = max(found["m3_requests_per_order"].values())
    growth = round(memory["after"]["mean"] / memory["before"]["mean"], 2)
    yield _mark(
        "orders / six calls",
        found["ratio"],
        f">= {found['target']}",
        found["ratio"] >= found["target"],
        f"{rates['connector']} / {rates['reference']} orders a second",
    )
    yield _mark(
        "M3 requests an order",
        most_calls,
        f"<= {found['calls_target']}",
        most_calls <= found["calls_target"],
        ", ".join(f"{lines}: {count}" for lines, count in found["m3_requests_per_order"].items()),
    )
    yield _mark(
        "worker memory, PSS MB",
        memory["after"]["largest"],
        f"<= {memory['target_mb']}",
        memory["after"]["largest"] <= memory["target_mb"],
        f"mean {memory['before']['mean']} before, {memory['after']['mean']} after {memory['orders']} orders (x {growth})",
    )
    yield _mark(
        "worker memory, growth",
        growth,
        f"<= {MOST_GROWTH}",
        growth <= MOST_GROWTH,
        f"mean after / mean before {memory['orders']} orders, warm",
    )


def catalogue_marks(found: dict[str, Any]) -> Iterator[Mark]:
    """Yields the rows of bench/catalogue.py, which knows its marks."""
    many = found["many"]
    detail = f"{many['items']} items, first load in {many['took_s']} s, peak {many['peak_mb']} MB"
    yield from _own_marks("catalogue", found["marks"], detail=detail)


def customer_marks(found: dict[str, Any]) -> Iterator[Mark]:
    """Yields the rows of bench/customers.py, which knows its marks."""
    yield from _own_marks("customers", found["marks"], detail=f"{found['changed']} of {found['accounts']} changed")


def stock_marks(found: dict[str, Any]) -> Iterator[Mark]:
    """Yields the row of bench/stock.py."""
    yield _mark(
        "stock M3 -> shop, p95 s",
        found["p95_s"],
        f"<= {found['target_s']}",
        found["p95_s"] <= found["target_s"],
        f"p50 {found['p50_s']}, worst {found['worst_s']} at {found['changes_per_s']} changes a second, {found['element_ms']} ms an"
        f" element; {found['elements_per_change']} elements a change, {found['elements_per_burst']} a burst of five",
    )


def _own_marks(bench: str, marks: dict[str, Any], *, detail: str) -> Iterator[Mark]:
    for name, mark in marks.items():
        what, _, limit = name.replace(" = ", " <= ").rpartition(" <= ")
        yield _mark(f"{bench}: {what}", mark["value"], f"<= {limit}", mark["reached"], detail)
        detail = ""


def _mark(what: str, value: float, mark: str, reached: bool, detail: str) -> Mark:
    return {"what": what, "value": value, "mark": mark, "reached": reached, "detail": detail}
