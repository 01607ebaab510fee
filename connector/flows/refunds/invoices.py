"""Which invoice of an order a return takes back; several where goods were invoiced apart. Called by refunds_to_m3.

M3 names the original invoice on the head of a return alone (OIVR, OYEA), so goods of two invoices come back on two returns.
Which goods an invoice carries is told by its deliveries; what earlier returns took of it is in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from connector.errors import NeedsPersonError
from connector.flows.context import Run
from connector.flows.refunds.billed import Billed
from connector.flows.refunds.reading import Found
from connector.flows.refunds.stage import Sale
from connector.ledger.kept import known
from connector.m3.programs import deliveries
from connector.m3.programs.ois100mi import MOST_LINES, LineKey, OrderLine
from connector.m3.programs.ois350mi import Invoice
from connector.money.portions import apart, from_json, portion, to_json
from connector.money.refunds import Of, Piece, Taken
from connector.money.rounding import ZERO

Lines = tuple[LineKey, ...]
"""The lines of M3 that stand for one line of the shop."""

Left = dict[Lines, dict[str, Decimal]]
"""How many pieces can come back of each invoice (by its name), in the unit sold."""


@dataclass(frozen=True)
class Portion:
    """What comes back of one invoice."""

    invoice: Invoice
    taken: Taken


def share_out(
    run: Run, found: Found, taken: Taken, *, sale: Sale, billed: Billed, decimals: int
) -> tuple[Portion, ...]:
    """Returns what comes back of which invoice, the oldest first; money alone belongs to one.

    Raises:
        NeedsPersonError: M3 does not tell of enough invoiced pieces.
        RetryableError: M3 cannot be asked now.
    """
    invoices = billed.invoices
    goods = [piece for piece in taken.pieces if piece.of is Of.GOODS]
    if len(invoices) == 1 or not goods:
        is_freight = all(piece.of in (Of.SHIPPING, Of.FEE) for piece in taken.pieces)  # billed with the first invoice
        return (Portion(invoices[0] if is_freight else invoices[-1], taken),)
    run.journal.pause()
    left = _left(run, found, goods, sale=sale, of_delivery=billed.of_delivery)
    by_invoice = _allot(goods, left, invoices=invoices, sale=sale, decimals=decimals)
    groups = list(by_invoice.values())
    groups[0] += [piece for piece in taken.pieces if piece.of is not Of.GOODS]
    parts = apart(taken, groups, decimals=decimals)
    return tuple(Portion(invoice, part) for invoice, part in zip(by_invoice, parts, strict=True))


def _left(run: Run, found: Found, goods: Iterable[Piece], *, sale: Sale, of_delivery: Mapping[str, Invoice]) -> Left:
    lines = list(dict.fromkeys(line for piece in goods for line in sale.lines[piece.source_id]))
    calls = [deliveries.list_quantities(sale.number, line=line.key.number, suffix=line.key.suffix) for line in lines]
    answers = run.store.m3.read(calls, max_records=MOST_LINES)
    invoiced = {
        line.key: dict(_invoiced(line, deliveries.read_quantities(one, sale.number, line.key.number), of_delivery))
        for line, one in zip(lines, answers, strict=True)
    }
    left: Left = {}
    for piece in goods:
        keys = _keys(sale, piece.source_id)
        left[keys] = {}
        for key in keys:
            for name, pieces in invoiced[key].items():
                left[keys][name] = left[keys].get(name, ZERO) + pieces
    for name, returned in found.returned.items():
        for line_id, pieces in returned.items():
            of_line = left.get(_keys(sale, line_id), {})
            of_line[name] = of_line.get(name, ZERO) - pieces
    return left


def _keys(sale: Sale, line_id: int) -> Lines:
    return tuple(line.key for line in sale.lines.get(line_id, ()))


def _invoiced(
    line: OrderLine, delivered: Mapping[str, Decimal], of_delivery: Mapping[str, Invoice]
) -> Iterator[tuple[str, Decimal]]:
    """Yields how much of a line each invoice carries, in the unit sold; deliveries are told in the basic unit."""
    pieces: dict[str, Decimal] = {}
    for number, basic in delivered.items():
        if number in of_delivery:
            name = of_delivery[number].name
            pieces[name] = pieces.get(name, ZERO) + basic
    in_unit = line.quantity_in_unit / line.quantity if line.quantity and line.quantity_in_unit else Decimal(1)
    yield from ((name, basic * in_unit) for name, basic in pieces.items())


def _allot(
    goods: Sequence[Piece], left: Left, *, invoices: Sequence[Invoice], sale: Sale, decimals: int
) -> dict[Invoice, list[Piece]]:
    """Gives each piece to an invoice that carries it: all to one if one can take them, else to the oldest first."""
    for invoice in invoices:
        if _takes_all(goods, left, invoice.name, sale):
            return {invoice: list(goods)}
    by_invoice: dict[Invoice, list[Piece]] = {}
    for piece in goods:
        rest: Piece | None = piece
        of_line = left[_keys(sale, piece.source_id)]
        for invoice in invoices:
            some = min(of_line.get(invoice.name, ZERO), rest.quantity if rest else ZERO)
            if some <= 0 or rest is None:
                continue
            of_line[invoice.name] -= some
            first, rest = (rest, None) if some == rest.quantity else portion(rest, some, decimals=decimals)
            by_invoice.setdefault(invoice, []).append(first)
        if rest is not None:
            raise _too_few(sale, piece, rest)
    return {invoice: by_invoice[invoice] for invoice in invoices if invoice in by_invoice}


def _takes_all(goods: Iterable[Piece], left: Left, name: str, sale: Sale) -> bool:
    wanted: dict[Lines, Decimal] = {}
    for piece in goods:
        keys = _keys(sale, piece.source_id)
        wanted[keys] = wanted.get(keys, ZERO) + piece.quantity
    return all(left[keys].get(name, ZERO) >= pieces for keys, pieces in wanted.items())


def _too_few(sale: Sale, piece: Piece, rest: Piece) -> NeedsPersonError:
    return NeedsPersonError(
        f"Order line {piece.source_id} is given back in more pieces than M3 tells to be invoiced of order {sale.number}, by "
        f"{rest.quantity.normalize():f}.",
        resolution=f"Look at deliveries and invoices of {sale.number} (MWS410, OIS350) and credit the buyer in M3 by hand; then "
        "discard this exchange.",
    )


def kept_of(portions: Sequence[Portion]) -> dict[str, Any]:
    """Returns what the first return keeps: which pieces it takes of its invoice, and what the further ones are to take."""
    first = portions[0]
    returned: dict[str, str] = {}
    for piece in first.taken.pieces:
        if piece.of is Of.GOODS:
            returned[str(piece.source_id)] = str(Decimal(returned.get(str(piece.source_id), 0)) + piece.quantity)
    further = [{"invoice": _invoice_json(one.invoice), "taken": to_json(one.taken)} for one in portions[1:]]
    return {"returned": {first.invoice.name: returned}, "further": further}


def _invoice_json(invoice: Invoice) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(invoice).items() if name != "invoice_date"}


def portion_from(kept: Mapping[str, Any]) -> Portion:
    """Reads back what is to be taken of a further invoice."""
    invoice = known(Invoice, kept["invoice"]) | {"invoice_date": None}
    return Portion(Invoice(**invoice), from_json(kept["taken"]))
