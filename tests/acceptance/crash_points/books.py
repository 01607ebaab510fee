"""What has to be in both books and in the ledger when everything rests. Used by stories.py; reads, changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.acceptance.crash_points.world import World
from tests.harness import STORE

NUMBER_KEY = "_m3_order_number"
KINDS = ("tax", "rounding", "other")
MOST_ROUNDING, HALF_A_CENT = Decimal("0.05"), Decimal("0.005")


def of_posted_orders(world: World) -> list[str]:
    """Says what is wrong: every order placed is one order in M3, equal to the cent, and the shop knows its number once."""
    book = world.sandbox.m3_book()
    wrong = [*_of_rest(world, book), *_of_customers(world, book)]
    if len(book["orders"]) != len(world.placed):
        wrong.append(f"{len(book['orders'])} orders in M3, {len(world.placed)} in the shop")
    for order in world.placed:
        held = [one for one in book["orders"] if one["yref"].startswith(f"{STORE}-{order['id']}-")]
        wrong += _of_money(order, held[0]) if len(held) == 1 else [f"order {order['id']}: {len(held)} in M3"]
        wrong += _of_shop(world, order, held[0]["orno"]) if len(held) == 1 else []
    return wrong


def of_nothing_in_m3(world: World) -> list[str]:
    """Says what is wrong: nothing was carried across, and nothing is left behind."""
    book = world.sandbox.m3_book()
    wrong = _of_rest(world, book)
    return [*wrong, f"orders in M3: {[one['orno'] for one in book['orders']]}"] if book["orders"] else wrong


def of_one_batch_order(world: World) -> list[str]:
    """Says what is wrong: the order waits in M3 as one unconfirmed batch order with all its money."""
    book = world.sandbox.m3_book()
    waiting = book["batch_orders"]
    wrong = _of_rest(world, {**book, "batch_orders": []})
    if len(waiting) != 1 or book["orders"]:
        return [*wrong, f"{len(waiting)} batch orders and {len(book['orders'])} orders in M3"]
    return [*wrong, *_of_amounts(world.placed[0], waiting[0])]


def of_rest_alone(world: World) -> list[str]:
    """Says what is wrong where no order is carried across: everything rests."""
    return _of_rest(world, world.sandbox.m3_book())


def _of_rest(world: World, book: dict[str, Any]) -> list[str]:
    """Every exchange is done, no write is left open, no batch order is left behind, each order is bound once."""
    rows = world.connector.rows
    found = {
        "not done": rows("SELECT flow, state, reason FROM exchange WHERE state <> 'done'"),
        "steps left open": rows(
            "SELECT e.flow, d.state AS document, t.name, t.part FROM step t JOIN document d ON d.id = t.document_id"
            " JOIN exchange e ON e.id = d.exchange_id WHERE t.state = 'intended'"
        ),
        "documents left open": rows(
            "SELECT e.flow, d.kind, d.state FROM document d JOIN exchange e ON e.id = d.exchange_id"
            " WHERE e.state = 'done' AND d.state IN ('building', 'confirming') AND d.temporary_number IS NULL"
        ),
        "attempts left open": rows("SELECT exchange_id, claim_no FROM attempt WHERE ended_at IS NULL"),
        "bugs": rows("SELECT message FROM attempt WHERE code = 'bug'"),
        "batch orders left": [one["temporary_orno"] for one in book["batch_orders"]],
        "documents of one exchange": rows(
            "SELECT exchange_id FROM document WHERE state <> 'abandoned' GROUP BY exchange_id HAVING count(*) > 1"
        ),
        "written without an intended step": world.trap.unintended,
        "asked while a transaction was open": sorted(world.trap.held_over),
    }
    return [f"{what}: {which}" for what, which in found.items() if which]


def _of_customers(world: World, book: dict[str, Any]) -> list[str]:
    wanted = 0 if world.is_common else 1
    found = [one["cuno"] for one in book["customers"]]
    return [] if len(found) == wanted else [f"{len(found)} customers made in M3 instead of {wanted}"]


def _of_money(order: dict[str, Any], held: dict[str, Any]) -> list[str]:
    wrong = _of_amounts(order, held)
    return [*wrong, "held in M3"] if held["held"] else wrong


def _of_amounts(order: dict[str, Any], held: dict[str, Any]) -> list[str]:
    """Compares total, tax, each line's quantity and amount, and the sum of the charges.

    M3 computes VAT by itself; the cents it differs by stand on the rounding charge. In tax mode T it computes none, and
    the shop's tax stands on charges of its own, of lines and head.
    """
    others = [*order["shipping_lines"], *order["fee_lines"]]
    head = {kind: _sum(one["amount"] for one in held["charges"] if _kind_of(one) == kind) for kind in KINDS}
    on_lines = _sum(one["amount"] for line in held["lines"] for one in line["charges"])
    wanted = {
        "total": Decimal(order["total"]),
        "tax": Decimal(order["total_tax"]),
        "charges": _sum(one["total"] for one in others),
        "lines": sorted((Decimal(one["total"]), Decimal(one["quantity"])) for one in order["line_items"]),
    }
    found = {
        "total": Decimal(held["total"]),
        "tax": Decimal(held["vat"]) + on_lines + head["tax"] + head["rounding"],
        "charges": head["other"],
        "lines": sorted((Decimal(one["line_amount"]), Decimal(one["quantity"])) for one in held["lines"]),
    }
    wrong = [f"{what}: M3 has {found[what]} for {wanted[what]}" for what in wanted if wanted[what] != found[what]]
    most = MOST_ROUNDING + HALF_A_CENT * len(held["lines"])
    return wrong if abs(head["rounding"]) <= most else [*wrong, f"rounded by {head['rounding']}"]


def _kind_of(charge: dict[str, Any]) -> str:
    return {"STX": "tax", "RND": "rounding"}.get(charge["crid"][:3], "other")


def _sum(amounts: Iterable[str]) -> Decimal:
    return sum((Decimal(one) for one in amounts), Decimal())


def _of_shop(world: World, order: dict[str, Any], number: str) -> list[str]:
    """The shop's order tells the number in one meta row and one note."""
    shop = world.connector.process.runtime.store(STORE).shop
    rows = [one["value"] for one in shop.get_order(order["id"]).data["meta_data"] if one["key"] == NUMBER_KEY]
    notes = world.connector.notes(order["id"])
    wrong = [] if rows == [number] else [f"meta in the shop: {rows}, M3: {number}"]
    return wrong if notes == [f"M3 order {number}"] else [*wrong, f"notes in the shop: {notes}"]
