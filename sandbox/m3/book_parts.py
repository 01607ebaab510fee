"""The parts of the book that grow with the catalogue: items, stock, prices, page by page; `book` and `app` use it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sandbox.m3.dispatch import Delivery, Invoice
from sandbox.m3.entities import Balance, Item
from sandbox.m3.money import plain
from sandbox.m3.prices import Price, PriceList
from sandbox.m3.state import State

MOST_STOCK_ROWS = 2_000
DEFAULT_LIMIT = 500


def stock_of_book(state: State) -> dict[str, Any]:
    """Give the stock rows for the whole book: all that is not zero, or with too many of them only what moved."""
    rows = list(islice(_stock_rows(state, ""), MOST_STOCK_ROWS + 1))
    if len(rows) <= MOST_STOCK_ROWS:
        return {"stock": rows}
    return {"stock": list(_moved_rows(state)), "stock_is_cut": True}


def book_part(state: State, part: str, *, start: str, limit: int) -> dict[str, Any]:
    """Give a page of `items`, `stock` or `prices`: the rows of at most `limit` items from an item number on.

    Raises:
        ValueError: there is no such part.
    """
    if part not in ("items", "stock", "prices"):
        raise ValueError(f"the book has no part {part!r}, only items, stock and prices")
    with state.lock:
        found = list(islice(state.items.from_number(start), limit + 1))
        page, rest = found[:limit], found[limit:]
        rows: list[dict[str, Any]] = []
        for item in page:
            rows.extend(_rows_of(state, part, item))
        return {part: rows, "next": rest[0].itno if rest else None}


def _rows_of(state: State, part: str, item: Item) -> Iterator[dict[str, Any]]:
    if part == "items":
        yield _item_row(item)
    elif part == "stock":
        for whlo, balance in item.balances.items():
            yield _stock_row(item.itno, whlo, balance)
    else:
        for head, price in state.prices.of_item(item.itno):
            yield _price_row(head, price)


def _item_row(item: Item) -> dict[str, Any]:
    return {
        "itno": item.itno,
        "name": item.name,
        "status": item.status,
        "unit": item.unit,
        "vat_code": item.vat_code,
        "list_price": plain(item.list_price),
        "price_quantity": item.price_quantity,
        "lmdt": item.changed_on,
        "names": {lncd: name.itds for lncd, name in sorted(item.names.items())},
        "units": {unit.unit: plain(unit.basic_units) for unit in item.units.values()},
        "aliases": [{"alwt": alias.alwt, "alwq": alias.alwq, "popn": alias.popn} for alias in item.aliases],
        "fields": dict(sorted(item.fields.items())),
    }


def _price_row(head: PriceList, price: Price) -> dict[str, Any]:
    return {
        "prrf": head.prrf,
        "cucd": head.cucd,
        "cuno": head.cuno,
        "fvdt": head.fvdt,
        "lvdt": price.lvdt,
        "itno": price.itno,
        "sapr": plain(price.sapr),
        "sacd": price.sacd,
        "tinc": head.tinc,
    }


def dispatch_of_book(state: State) -> dict[str, Any]:
    """Give the deliveries and invoices of all orders."""
    dispatch = state.dispatch
    return {
        "deliveries": [_delivery(one) for _, one in sorted(dispatch.deliveries.items())],
        "order_invoices": [_invoice(one) for _, one in sorted(dispatch.invoices.items())],
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "dlix": delivery.dlix,
        "orno": delivery.orno,
        "stat": delivery.status,
        "tracking": delivery.tracking,
        "packages": [{"panr": one.panr, "sscc": one.sscc, "tracking": one.tracking} for one in delivery.packages],
        "lines": {str(ponr): plain(quantity) for ponr, quantity in sorted(delivery.quantities.items())},
    }


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "ivno": invoice.ivno,
        "exin": invoice.exin,
        "yea4": invoice.year,
        "orno": invoice.orno,
        "dlix": invoice.dlix,
        "cucd": invoice.currency,
        "net": str(invoice.net),
        "vat": str(invoice.vat),
        "total": str(invoice.net + invoice.vat),
    }


def stock_messages_of_book(state: State) -> list[dict[str, str]]:
    """Give the messages of MMS850."""
    return [
        {
            **{"msnr": one.number, "itno": one.itno, "whlo": one.whlo, "whsl": one.fields["WHSL"], "stat": one.status},
            **{"quantity": plain(one.quantity), "pmsn": one.fields["PMSN"], "rscd": one.fields["RSCD"]},
            "brem": one.fields["BREM"],
        }
        for one in state.stock_messages.values()
    ]


def _stock_rows(state: State, start: str) -> Iterator[dict[str, str]]:
    for item in state.items.from_number(start):
        for whlo, balance in item.balances.items():
            if balance.on_hand or balance.allocated or balance.reserved:
                yield _stock_row(item.itno, whlo, balance)


def _moved_rows(state: State) -> Iterator[dict[str, str]]:
    for itno, whlo in sorted(state.moved_balances):
        yield _stock_row(itno, whlo, state.items[itno].balances[whlo])


def _stock_row(itno: str, whlo: str, balance: Balance) -> dict[str, str]:
    return {
        "itno": itno,
        "whlo": whlo,
        "on_hand": plain(balance.on_hand),
        "allocated": plain(balance.allocated),
        "reserved": plain(balance.reserved),
        "av01": plain(balance.allocatable_net),
        "av02": plain(balance.available),
    }
