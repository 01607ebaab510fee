"""Units of the second store's invoices beside M3's stock: what its orders hold, what M3 has booked out and in. Used by __main__.py.

Read from both books; the connector is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.checker.books import WANTED
from demo.books import ZERO, Row
from demo.stage import Stage
from demo.stores import DIRECT


@dataclass(frozen=True)
class Moved:
    """What M3 has booked of an item for orders of the second store, and what is not executed."""

    out: Decimal = ZERO
    back: Decimal = ZERO
    waiting: int = 0

    @property
    def left(self) -> Decimal:
        """What is out of stock for them."""
        return self.out - self.back

    def with_message(self, quantity: Decimal, *, is_executed: bool) -> Moved:
        """Returns it with one message of M3 more, negative: taken out."""
        if not is_executed:
            return Moved(self.out, self.back, self.waiting + 1)
        return Moved(self.out + max(-quantity, ZERO), self.back + max(quantity, ZERO), self.waiting)


@dataclass(frozen=True)
class Units:
    """By item: what the orders hold of the shop's stock, what M3 moved, what lies in M3's warehouse."""

    held: Mapping[str, Decimal]
    moved: Mapping[str, Moved]
    on_hand: Mapping[str, Decimal]

    @property
    def items(self) -> list[str]:
        """All of them."""
        return sorted({*self.held, *self.moved})

    @property
    def findings(self) -> list[str]:
        """What is wrong: M3 has something else out of stock than the orders hold."""
        nothing = Moved()
        different = [item for item in self.items if self.moved.get(item, nothing).left != self.held.get(item, ZERO)]
        return [
            f"of {item} the orders of {DIRECT} hold {self.held.get(item, ZERO):f}, M3 has booked out "
            f"{self.moved.get(item, nothing).left:f}"
            for item in different
        ]

    @property
    def is_well(self) -> bool:
        """Tells whether nothing is wrong."""
        return not self.findings


def read_units(stage: Stage) -> Units:
    """Reads both books."""
    held: dict[str, Decimal] = {}
    for order in stage.direct.book()["orders"]:
        if order["status"] in WANTED:
            for item, units in held_of(order).items():
                held[item] = held.get(item, ZERO) + units
    book = stage.m3.book()
    moved = moved_by(book, remark=f"{DIRECT}-")
    on_hand = {one["itno"]: Decimal(one["on_hand"]) for one in book["stock"] if one["whlo"] == "001"}
    return Units(held, moved, on_hand)


def held_of(order: Row) -> dict[str, Decimal]:
    """Returns what an order of the shop holds of its stock, by SKU."""
    held: dict[str, Decimal] = {}
    for line in order["lines"]:
        if line["reduced_stock"]:
            held[str(line["sku"])] = held.get(str(line["sku"]), ZERO) + Decimal(line["reduced_stock"])
    return held


def moved_by(book: Row, *, remark: str) -> dict[str, Moved]:
    """Returns what M3's messages with a remark have moved, by item; one that ends with a hyphen is the beginning of many."""
    messages: Iterable[Row] = book.get("stock_messages", ())
    moved: dict[str, Moved] = {}
    for one in messages:
        is_meant = one["brem"].startswith(remark) if remark.endswith("-") else one["brem"] == remark
        if is_meant:
            before = moved.get(one["itno"], Moved())
            moved[one["itno"]] = before.with_message(Decimal(one["quantity"]), is_executed=one["stat"] == "90")
    return moved


def print_units(console: Console, units: Units) -> None:
    """Prints a row for each item, and what is wrong."""
    title = f"Store {DIRECT}: units of its invoices, booked out of M3's stock and in again"
    table = Table(title=title, title_justify="left")
    table.add_column("Item")
    for column in ("Held by orders", "Booked out", "In again", "Not executed", "On hand in M3"):
        table.add_column(column, justify="right")
    for item in units.items:
        one = units.moved.get(item, Moved())
        figures = (units.held.get(item, ZERO), one.out, one.back)
        table.add_row(
            item, *(f"{figure:f}" for figure in figures), str(one.waiting or ""), f"{units.on_hand.get(item, ZERO):f}"
        )
    console.print(table)
    for what in units.findings:
        console.print(f"[red]{escape(what)}[/red]")
