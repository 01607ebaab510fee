"""What people send to shop and M3 to change, deliver and give back; made of what either holds. Used by lives.py, sights.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from demo.books import Row

Request = Mapping[str, Any]
DELIVERED = "66"
NOTE = "Please ring twice"
NEW_HOME = {"address_1": "Vlaška 7", "postcode": "10000", "city": "Zagreb", "country": "HR", "state": "HR-21"}
SUMMER_HOUSE = {"address_1": "Obala 8", "postcode": "21220", "city": "Trogir", "country": "HR"}
IN_M3: Request = {"PHNO": "01 777 000", "TEPY": "030"}
"""What M3's people change of a customer: its telephone number and the terms of payment."""
GIFT_WRAP: Request = {"fee_lines": [{"name": "Gift wrap", "total": "4.00"}]}
ONE_MUG: Request = {"line_items": [{"sku": "MUG-001", "quantity": 1}]}


def twice_the_first(order: Row) -> Request:
    """Doubles the pieces of the first line at the same price."""
    line = order["line_items"][0]
    amounts = {name: str(Decimal(line[name]) * 2) for name in ("subtotal", "total")}
    return {"line_items": [{"id": line["id"], "quantity": line["quantity"] * 2, **amounts}]}


def without_the_last(order: Row) -> Request:
    """Takes the last line off."""
    return {"line_items": [{"id": order["line_items"][-1]["id"], "quantity": 0}]}


def first_a_tenth_cheaper(order: Row) -> Request:
    """Lowers what the first line costs."""
    line = order["line_items"][0]
    total = _cents(Decimal(line["total"]) * Decimal("0.9"))
    return {"line_items": [{"id": line["id"], "total": total, "subtotal": total}]}


def moved(order: Row) -> Request:
    """Gives the account of an order another address."""
    return {"billing": {**order["billing"], **NEW_HOME}}


def also_elsewhere(_order: Row) -> Request:
    """Gives an account a delivery address of its own."""
    return {"shipping": {"first_name": "Iva", "last_name": "Horvat", **SUMMER_HOUSE}}


def half_of_it(sale: Row) -> Request:
    """Delivers the first half of an order of M3, under one tracking number."""
    lines = sale["lines"]
    return {**_leaving(lines[: len(lines) // 2]), "tracking": "JD-1001"}


def first_in_two_parcels(sale: Row) -> Request:
    """Delivers the first line of an order of M3 in two parcels with a number each."""
    return {**_leaving(sale["lines"][:1]), "packages": ["JD-2001", "JD-2002"]}


def _leaving(lines: Sequence[Row]) -> Request:
    return {"to": DELIVERED, "lines": [{"ponr": line["ponr"]} for line in lines]}


def piece_restocked(order: Row) -> Request:
    """Takes one piece of the first line back, on sale again."""
    return _back([_piece(order["line_items"][0])], restock=True)


def piece_broken(order: Row) -> Request:
    """Takes one piece of the first line back, not to be sold again."""
    return _back([_piece(order["line_items"][0])])


def shipping(order: Row) -> Request:
    """Gives the shipping back."""
    return _back(_whole(order, "shipping_lines"))


def piece_and_shipping(order: Row) -> Request:
    """Gives a piece of the first line back, and the shipping."""
    return _back([_piece(order["line_items"][0]), *_whole(order, "shipping_lines")], restock=True)


def fees(order: Row) -> Request:
    """Gives the fees back."""
    return _back(_whole(order, "fee_lines"))


def everything(order: Row) -> Request:
    """Takes all goods back on sale, with shipping and fees."""
    goods = [_part(line, Decimal(1), pieces=line["quantity"]) for line in order["line_items"]]
    return _back([*goods, *_whole(order, "shipping_lines"), *_whole(order, "fee_lines")], restock=True)


def _back(rows: Sequence[Request], *, restock: bool = False) -> Request:
    return {"line_items": list(rows), "api_restock": restock}


def _piece(line: Row) -> Request:
    return _part(line, Decimal(1) / Decimal(line["quantity"]), pieces=1)


def _whole(order: Row, part: str) -> list[Request]:
    return [_part(line, Decimal(1), pieces=0) for line in order[part]]


def _part(line: Row, share: Decimal, *, pieces: int) -> Request:
    taxes = [{"id": tax["id"], "refund_total": _cents(Decimal(tax["total"] or 0) * share)} for tax in line["taxes"]]
    total = _cents(Decimal(line["total"]) * share)
    return {"id": line["id"], "quantity": pieces, "refund_total": total, "refund_tax": taxes}


def _cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))
