"""Draws the life of one order from both books: sold, in M3, paid, delivered, invoiced, given back. Called by demo/__main__.py."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from demo.books import Books
from demo.ledger import Kind, Ledger
from demo.stores import STORE
from demo.words import counted

WIDTH = 12


def print_life(console: Console, books: Books, ledger: Ledger, *, order_id: int) -> None:
    """Draws the life of one order of the first store."""
    console.print(f"\nThe life of order {order_id}, from both books", style="italic")
    stations = list(_stations(books, ledger, order_id))
    for place, (name, side, what) in enumerate(stations):
        end = place == len(stations) - 1
        console.print(Text.assemble((f"  {name:<{WIDTH}}", "bold"), "●  ", (f"{side:<5}", "dim"), what), soft_wrap=True)
        if not end:
            console.print(f"  {'':<{WIDTH}}│")


def _stations(books: Books, ledger: Ledger, order_id: int) -> Iterator[tuple[str, str, str]]:
    """Yields what happened, on which side it stands, and what."""
    order, sale = books.order(order_id), books.sale(order_id)
    currency = order["currency"]
    yield (
        "sold",
        "shop",
        f"{counted(len(order['lines']), 'line')}, {order['total']} {currency}, of it {order['total_tax']} tax",
    )
    if sale is None:
        return
    yield "carried", "M3", f"customer order {sale['orno']}, {sale['total']} {currency}, VAT {sale['vat']}"
    yield "", "shop", f"number {order['meta'].get('_m3_order_number', 'missing')}, once as meta and once as note"
    for one in ledger.of(STORE, Kind.PAYMENT):
        if one.order_id == order_id:
            entries = ", ".join(
                f"{account} {'D' if amount > 0 else 'C'} {abs(amount)}" for account, amount in one.sums.items()
            )
            yield "paid", "M3", f"journal: {entries}"
    for delivery in books.deliveries(sale["orno"]):
        numbers = ", ".join(parcel["tracking"] for parcel in delivery["packages"]) or delivery["tracking"]
        yield (
            "delivered",
            "M3",
            f"delivery {delivery['dlix']} with {counted(len(delivery['lines']), 'line')}, {numbers}",
        )
    yield "", "shop", f"{order['status']}, tracking {order['meta'].get('_m3_tracking', 'missing')}"
    for number in books.invoices(sale["orno"]):
        yield "invoiced", "M3", f"invoice {number}"
    yield "", "shop", f"invoices {order['meta'].get('_m3_invoices', 'missing')}"
    for refund in books.refunds(order_id):
        credit = books.credit(int(refund["id"]))
        found = "nothing" if credit is None else f"order {credit['orno']} of type {credit['ortp']}, {credit['total']}"
        yield "given back", "shop", f"refund {refund['id']}, {refund['amount']} {currency}"
        yield "", "M3", found
