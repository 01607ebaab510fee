"""Compares the book of the shop with the book of M3, order by order; called by the story, shown by demo/table.py.

It reads nothing else: neither the ledger nor any other state of the connector can make it say that all is well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

SENT_STATUSES = ("processing", "completed")
"""Orders in these states belong into M3 (config/stores/example.yaml, orders.statuses)."""
NUMBER_META = "_m3_order_number"


@dataclass(frozen=True)
class Compared:
    """One order of the shop beside what M3 has of it. `problems` is empty when they agree."""

    order_id: int
    kind: str
    status: str
    currency: str
    is_wanted: bool
    shop_lines: int
    shop_total: Decimal
    m3_numbers: tuple[str, ...]
    m3_lines: int
    m3_total: Decimal
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """The two books side by side."""

    orders: tuple[Compared, ...]
    strangers: tuple[str, ...]  # orders of M3 that belong to no order of this shop
    batch_orders: tuple[str, ...]  # begun in M3, neither confirmed nor deleted

    @property
    def agrees(self) -> bool:
        """Tells whether every order is once in M3, to the cent, and nothing else is there."""
        return not self.strangers and not self.batch_orders and not any(one.problems for one in self.orders)


def compare_books(
    shop: Mapping[str, Any], m3: Mapping[str, Any], *, store: str, kinds: Mapping[int, str]
) -> Comparison:
    """Compares the answers of both `GET /_book`.

    Args:
        shop: The shop's book.
        m3: M3's book.
        store: The store's code, with which each of its references in M3 begins.
        kinds: Order id -> kind, for the table.
    """
    by_order: dict[int, list[Mapping[str, Any]]] = {}
    strangers = []
    for order in m3["orders"]:
        order_id = _shop_order_id(order, store)
        if order_id is None:
            strangers.append(f"{order['orno']} ({order['yref'] or 'no reference'})")
        else:
            by_order.setdefault(order_id, []).append(order)
    compared = tuple(_compare(one, by_order.pop(one["id"], []), kinds) for one in shop["orders"])
    strangers += [f"{one['orno']} ({one['yref']})" for found in by_order.values() for one in found]
    batch_orders = tuple(f"{one['temporary_orno']} ({one['yref']})" for one in m3["batch_orders"])
    return Comparison(compared, tuple(strangers), batch_orders)


def _shop_order_id(order: Mapping[str, Any], store: str) -> int | None:
    """Reads the reference `<store>-<order id>-<creation time>`."""
    parts = str(order["yref"]).split("-")
    return int(parts[1]) if len(parts) == 3 and parts[0] == store and parts[1].isdecimal() else None


def _compare(order: Mapping[str, Any], found: list[Mapping[str, Any]], kinds: Mapping[int, str]) -> Compared:
    is_wanted = order["status"] in SENT_STATUSES
    return Compared(
        order_id=order["id"],
        kind=kinds.get(order["id"], "not placed by us"),
        status=order["status"],
        currency=order["currency"],
        is_wanted=is_wanted,
        shop_lines=len(order["lines"]),
        shop_total=Decimal(order["total"]),
        m3_numbers=tuple(one["orno"] for one in found),
        m3_lines=sum(len(one["lines"]) for one in found),
        m3_total=sum((Decimal(one["total"]) for one in found), Decimal(0)),
        problems=tuple(_problems(order, found) if is_wanted else _unwanted(order, found)),
    )


def _unwanted(order: Mapping[str, Any], found: list[Mapping[str, Any]]) -> list[str]:
    return [f"is {order['status']} in the shop, yet M3 has it"] if found else []


def _problems(order: Mapping[str, Any], found: list[Mapping[str, Any]]) -> list[str]:
    if not found:
        return ["is not in M3"]
    if len(found) > 1:
        return [f"is in M3 {len(found)} times"]
    one = found[0]
    figures = (
        ("the total", Decimal(order["total"]), Decimal(one["total"])),
        ("the currency", order["currency"], one["cucd"]),
        ("the number of lines", len(order["lines"]), len(one["lines"])),
        ("the pieces", _pieces(order), _pieces(one)),
        ("M3's number", order["meta"].get(NUMBER_META, "none"), one["orno"]),
    )
    return [f"{what} is {shop} in the shop, {m3} in M3" for what, shop, m3 in figures if shop != m3]


def _pieces(order: Mapping[str, Any]) -> Decimal:
    return sum((Decimal(line["quantity"]) for line in order["lines"]), Decimal(0))


def calls_of(m3: Mapping[str, Any]) -> Counter[str]:
    """Returns how often each transaction reached M3."""
    return Counter(m3["calls"])
