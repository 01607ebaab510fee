"""What both books show of what was done to an order, and whether it has arrived. Used by demo/lives.py."""

from __future__ import annotations

from decimal import Decimal

from demo.acts import Sight
from demo.books import ZERO, Books, Row, pieces_of, total_of
from demo.handling import DELIVERED, IN_M3, NEW_HOME, NOTE, SUMMER_HOUSE
from demo.ledger import credited_of
from demo.stores import DIRECT
from demo.units import held_of, moved_by
from demo.words import counted

ENDED = ("cancelled", "trash", "refunded")
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
    return f"{counted(len(row['lines']), 'line')}, {counted(pieces_of(row), 'piece')}, {row['total']} {currency}"


def closed(books: Books, order_id: int) -> Sight:
    """Is an order that ended in the shop closed in M3, worth nothing?"""
    order, sale = books.order(order_id), books.sale(order_id)
    if sale is None:
        return Sight(order["status"], "not there", is_there=False)
    is_closed = order["status"] in ENDED and not sale["lines"] and not Decimal(sale["total"])
    return Sight(
        order["status"],
        f"{sale['orno']}: {counted(len(sale['closed_lines']), 'line')} closed, {sale['total']}",
        is_closed,
    )


def smaller(books: Books, order_id: int) -> Sight:
    """Is M3's order what is left of the shop's without what was given back, with no return made?"""
    order, sale, refunds = books.order(order_id), books.sale(order_id), books.refunds(order_id)
    given, back = total_of(refunds, "amount"), sum((pieces_of(one) for one in refunds), Decimal(0))
    shop = f"{_worth(order)}; {given} given back"
    if sale is None:
        return Sight(shop, "not there", is_there=False)
    is_left = Decimal(sale["total"]) == Decimal(order["total"]) - given and pieces_of(sale) == pieces_of(order) - back
    is_returned = any(books.credit(int(one["id"])) for one in refunds)
    is_there = bool(refunds) and is_left and not is_returned and not sale["held"]
    return Sight(shop, f"{sale['orno']}: {_worth(sale)}", is_there)


def noted(books: Books, order_id: int) -> Sight:
    """Does M3 hold the note?"""
    sale = books.sale(order_id)
    blocks = "" if sale is None else " / ".join(str(text) for text in sale["text_blocks"].values())
    return Sight("the note", f"{sale['orno'] if sale else ''}: {blocks}", is_there=NOTE in blocks)


def followed(books: Books, order: Row) -> Sight:
    """Has M3's customer moved where the account has?"""
    home, customer = books.account(order)["billing"], books.customer(order)
    fields = {} if customer is None else customer["fields"]
    held = tuple(str(fields.get(name, "")) for name in ("CUA1", "PONO", "TOWN"))
    wanted = tuple(str(home[name]) for name in ("address_1", "postcode", "city"))
    is_there = held == wanted and home["address_1"] == NEW_HOME["address_1"]
    return Sight(_place(wanted), f"{customer['cuno'] if customer else ''}: {_place(held)}", is_there)


def sent_elsewhere(books: Books, order: Row) -> Sight:
    """Has M3's customer the delivery address of the account?"""
    customer = books.customer(order)
    places = [] if customer is None else [one for one in customer["addresses"] if one.get("TOWN")]
    held = [tuple(str(one.get(name, "")) for name in ("CUA1", "PONO", "TOWN")) for one in places]
    wanted = tuple(SUMMER_HOUSE[name] for name in ("address_1", "postcode", "city"))
    shown = f"{customer['cuno'] if customer else ''}: {'; '.join(map(_place, held)) or 'none'}"
    return Sight(_place(wanted), shown, is_there=held == [wanted])


def told_to_the_account(books: Books, order: Row) -> Sight:
    """Does the account show what M3's people changed of its customer?"""
    account, customer = books.account(order), books.customer(order)
    shown = {"PHNO": account["billing"].get("phone"), "TEPY": account["meta"].get("_m3_payment_terms")}
    fields = {} if customer is None else {name: customer["fields"].get(name) for name in IN_M3}
    words = [f"{one['PHNO']}, terms {one['TEPY']}" if one else "not there" for one in (shown, fields)]
    return Sight(words[0], f"{customer['cuno'] if customer else ''}: {words[1]}", is_there=shown == fields == IN_M3)


def _place(address: tuple[str, ...]) -> str:
    street, postcode, town = address
    return f"{street}, {postcode} {town}"


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
    shop = f"{order['status']}, {meta.get('_m3_delivery', '-')}, {counted(len(told), 'note')}: {meta.get('_m3_tracking', '-')}"
    is_there = meta.get("_m3_delivery") == how_much and order["status"] == status and len(told) == len(left)
    return Sight(
        shop,
        f"{sale['orno']} at {sale['lowest_stat']}/{sale['stat']}, {counted(len(left), 'delivery', 'deliveries')}",
        is_there,
    )


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


def credited_in_ledger(books: Books, order_id: int) -> Sight:
    """Is what the second shop gave back credited in M3's ledger, once?"""
    given = total_of(books.direct_refunds(order_id), "amount")
    credits = credited_of(books.m3, store=DIRECT, order_id=order_id)
    words = ", ".join(f"credit invoice: {-one}" for one in credits) or "not there"
    return Sight(f"{given} given back", words, is_there=bool(given) and credits == [given])


def booked_in(books: Books, order_id: int) -> Sight:
    """Has M3 booked units of an order of the second shop in again, so that just what the order holds is out of stock?"""
    held = held_of(books.direct_order(order_id))
    units = moved_by(books.m3, remark=f"{DIRECT}-{order_id}")
    out, back = sum((one.out for one in units.values()), ZERO), sum((one.back for one in units.values()), ZERO)
    is_there = back > 0 and {item: one.left for item, one in units.items() if one.left} == held
    return Sight(f"{counted(sum(held.values()), 'piece')} held", f"{out:f} booked out, {back:f} in again", is_there)


def _kind(credit: Row) -> str:
    is_goods = not all(line["itno"].startswith("CREDIT") for line in credit["lines"])
    return "return" if is_goods else f"credit ({', '.join(line['itno'] for line in credit['lines'])})"


def all_received(books: Books) -> Sight:
    """Is everything that came back received and invoiced in M3?"""
    returns = books.returns()
    done = [one for one in returns if one["lowest_stat"] >= INVOICED]
    return Sight("", f"{len(done)} of {len(returns)} at {INVOICED}", is_there=len(done) == len(returns))
