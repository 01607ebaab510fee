"""What both books show of what was done to an order, and whether it has arrived. Used by demo/lives.py."""

from __future__ import annotations

from decimal import Decimal

from demo.acts import Sight
from demo.books import Books, Row, pieces_of, total_of
from demo.handling import DELIVERED, NOTE

ENDED = ("cancelled", "trash")
INVOICED = "77"


def equal(books: Books, order_id: int) -> Sight:
    """Are lines, pieces and total the same on both sides?"""
    order, sale = books.order(order_id), books.sale(order_id)
    if sale is None:
        return Sight(_worth(order), "not there", is_there=False)
    is_same = Decimal(order["total"]) == Decimal(sale["total"]) and pieces_of(order) == pieces_of(sale)
    return Sight(_worth(order), f"{sale['orno']}: {_worth(sale)}", is_there=is_same and not sale["held"])


def _worth(row: Row) -> str:
    currency = row.get("currency") or row.get("cucd")
    return f"{len(row['lines'])} lines, {pieces_of(row):f} pieces, {row['total']} {currency}"


def closed(books: Books, order_id: int) -> Sight:
    """Is an order that ended in the shop closed in M3, worth nothing?"""
    order, sale = books.order(order_id), books.sale(order_id)
    if sale is None:
        return Sight(order["status"], "not there", is_there=False)
    is_closed = order["status"] in ENDED and not sale["lines"] and not Decimal(sale["total"])
    return Sight(
        order["status"], f"{sale['orno']}: {len(sale['closed_lines'])} lines closed, {sale['total']}", is_closed
    )


def noted(books: Books, order_id: int) -> Sight:
    """Does M3 hold the note?"""
    sale = books.sale(order_id)
    blocks = "" if sale is None else " / ".join(str(text) for text in sale["text_blocks"].values())
    return Sight("the note", f"{sale['orno'] if sale else ''}: {blocks}", is_there=NOTE in blocks)


def left_in_part(books: Books, order_id: int) -> Sight:
    """Does the shop say that a part left, and was the buyer told of it?"""
    return _on_its_way(books, order_id, how_much="part", status="processing")


def left_whole(books: Books, order_id: int) -> Sight:
    """Does the shop say that everything left, with each delivery told once?"""
    return _on_its_way(books, order_id, how_much="all", status="completed")


def _on_its_way(books: Books, order_id: int, *, how_much: str, status: str) -> Sight:
    order, sale = books.order(order_id), books.sale(order_id)
    if sale is None:
        return Sight(order["status"], "not there", is_there=False)
    meta, left = order["meta"], books.deliveries(sale["orno"])
    told = [note for note in order["notes"] if "is on its way" in note]
    shop = f"{order['status']}, {meta.get('_m3_delivery', '-')}, {len(told)} notes: {meta.get('_m3_tracking', '-')}"
    is_there = meta.get("_m3_delivery") == how_much and order["status"] == status and len(told) == len(left)
    return Sight(shop, f"{sale['orno']} at {sale['lowest_stat']}/{sale['stat']}, {len(left)} deliveries", is_there)


def all_delivered(books: Books) -> Sight:
    """Are all orders that left completed in the shop?"""
    open_ = [(books.order(order_id), sale) for order_id, sale in books.sales() if sale["lines"]]
    there = [
        order for order, _ in open_ if order["meta"].get("_m3_delivery") == "all" and order["status"] == "completed"
    ]
    left = [sale for _, sale in open_ if sale["lowest_stat"] >= DELIVERED]
    return Sight(
        f"{len(there)} completed", f"{len(left)} of {len(open_)} delivered", len(there) == len(left) == len(open_)
    )


def all_invoiced(books: Books) -> Sight:
    """Do all orders of the shop name M3's invoices?"""
    open_ = [(books.order(order_id), books.invoices(sale["orno"])) for order_id, sale in books.sales() if sale["lines"]]
    there = [order for order, numbers in open_ if numbers and order["meta"].get("_m3_invoices") == ", ".join(numbers)]
    count = sum(len(numbers) for _, numbers in open_)
    return Sight(
        f"{len(there)} orders with all numbers", f"{count} invoices of {len(open_)} orders", len(there) == len(open_)
    )


def credited(books: Books, order_id: int) -> Sight:
    """Is there one credit in M3 for each refund, of its amount?"""
    refunds = books.refunds(order_id)
    pairs = [(refund, books.credit(int(refund["id"]))) for refund in refunds]
    given = total_of(refunds, "amount")
    found = [credit for _, credit in pairs if credit is not None]
    is_there = bool(pairs) and all(
        credit is not None and Decimal(credit["total"]) == -Decimal(refund["amount"]) for refund, credit in pairs
    )
    words = ", ".join(f"{one['orno']} {_kind(one)}: {one['total']}" for one in found) or "not there"
    return Sight(f"{given} given back", words, is_there)


def _kind(credit: Row) -> str:
    is_goods = not all(line["itno"].startswith("CREDIT") for line in credit["lines"])
    return "return" if is_goods else f"credit ({', '.join(line['itno'] for line in credit['lines'])})"


def all_received(books: Books) -> Sight:
    """Is everything that came back received and invoiced in M3?"""
    returns = books.returns()
    done = [one for one in returns if one["lowest_stat"] >= INVOICED]
    return Sight("", f"{len(done)} of {len(returns)} at {INVOICED}", is_there=len(done) == len(returns))
