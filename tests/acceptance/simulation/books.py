"""What must hold at every moment and at rest, read from the two books and the ledger alone. Used by machine.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations
from typing import Any

from tests.acceptance.simulation.accounts_books import of_accounts, of_accounts_at_rest
from tests.acceptance.simulation.edited_lines import of_edited_lines
from tests.acceptance.simulation.ended_lines import of_ended_lines
from tests.acceptance.simulation.goods_books import of_goods, of_goods_at_rest, of_goods_by_day
from tests.acceptance.simulation.history import History
from tests.acceptance.simulation.invoices_at_rest import of_invoices_at_rest
from tests.acceptance.simulation.invoices_books import FLOWS, fact_of_exchange, may_wait, of_invoices
from tests.acceptance.simulation.issues_books import FLOW as ISSUES
from tests.acceptance.simulation.issues_books import of_issues, of_issues_at_rest
from tests.acceptance.simulation.orders_at_rest import of_delivered, of_wanted
from tests.acceptance.simulation.orders_history import CLOSED, CONFIRMED, Version, shop_id_of
from tests.acceptance.simulation.payments_at_rest import of_payments_at_rest
from tests.acceptance.simulation.payments_books import of_payments
from tests.acceptance.simulation.reconciled import of_reconciliation
from tests.acceptance.simulation.returns_books import MOST_ROUNDING, of_returned_pieces, of_returns, refund_of
from tests.acceptance.simulation.taken_off import TakenOff, grown, read_taken_off, totals_of
from tests.acceptance.simulation.told import of_trail
from tests.acceptance.simulation.world import World

WAITING = ("refunds_to_m3", *FLOWS)
"""Flows that may wait for an order of M3 or its invoice."""
MATCHED = ("settlements_to_m3", "repayments_to_m3")
"""What depends on how much M3 invoices; of an order whose line a person ended there, that person knows."""
WAITS_FOR_PERSON = ("15", "20", "25", "30", "55")


class ViolationError(AssertionError):
    """A promise is broken; the text says which and where."""


_BUGS = "SELECT exchange_id, message FROM attempt WHERE code = 'bug'"


def require_sound(world: World, history: History, *, kinds: tuple[str, ...] = ()) -> None:
    """Looks at what must hold at every moment.

    Args:
        world: The world.
        history: What the shop ever held.
        kinds: First words of the complaints that count; all if empty.

    Raises:
        ViolationError: Something is doubled, unexpected or of wrong value, or the connector failed itself.
    """
    m3, shop = world.m3_book(), world.shop_book()
    taken_off = read_taken_off(world, shop)
    complaints = [
        *_of_orders(m3, history, taken_off),
        *_of_batch_orders(m3, history),
        *_of_shop(m3, shop),
        *_of_customers(m3),
        *of_goods(world, history.goods),
        *of_accounts(history.accounts),
        *of_invoices(world, m3, history.money),
        *of_payments(world, m3, history.money),
        *of_issues(world, m3, history.money),
        *(of_returns(m3, history.money, totals_of(taken_off)) if world.sort.delivers else ()),
        *(of_returned_pieces(m3) if world.sort.delivers else ()),
        *(f"bug: exchange {row['exchange_id']}: {row['message']}" for row in world.rows(_BUGS)),
    ]
    _raise_any(complaints, kinds)


def _raise_any(complaints: list[str], kinds: tuple[str, ...]) -> None:
    counting = [one for one in complaints if not kinds or one.startswith(kinds)]
    if counting:
        raise ViolationError("; ".join(counting))


def _of_orders(m3: dict[str, Any], history: History, off: dict[int, list[TakenOff]]) -> Iterator[str]:
    for number, times in Counter(shop_id_of(one) for one in m3["orders"]).items():
        if times > 1:
            yield f"doubled: M3 holds {times} orders of the shop's order {number}"
    for order in m3["orders"]:
        number = shop_id_of(order)
        versions, taken_off = history.versions.get(number), off.get(number, [])
        if versions is None or not any(one.status in CONFIRMED for one in versions):
            yield f"unexpected: M3 holds {order['orno']}, which the shop never wanted ({order['yref']})"
            continue
        if order["held"] and (taken_off or len({(one.lines, one.total) for one in versions}) > 1):
            continue  # locked while it is changed; at rest only one that waits for a person may be
        yield from of_edited_lines(order, history.edited_in_m3.get(number, {}))
        is_ended = number in history.deleted or any(one.status in (*CLOSED, "refunded") for one in versions)
        if is_ended and not order["lines"] and Decimal(order["total"]) == 0:
            continue
        if number in history.delivered and history.money.has_deleted_refund(number):
            continue  # what a refund took off before picking, and the shop took back since, only a person gives it again
        if number not in history.touched_in_m3:
            cents = MOST_ROUNDING if number in history.delivered else Decimal(0)  # its rounding stays once M3 picks
            yield from _of_content(order, versions, taken_off, cents=cents)
        elif number not in history.edited_in_m3 and not history.money.refunds_of(number):
            yield from of_ended_lines(order, versions, history.ended_in_m3[number])


def _of_content(
    order: dict[str, Any], versions: list[Version], off: list[TakenOff], *, cents: Decimal
) -> Iterator[str]:
    """M3 holds some version of the order, with or without what refunds take off it, but for cents of its rounding."""
    held = [grown(order, some) for count in range(len(off) + 1) for some in combinations(off, count)]
    where = f"order {order['orno']} ({order['yref']})"
    if not any(one.lines == lines for one in versions for lines, _ in held):
        yield f"doubled or wrong quantities: {where} has {held[0][0]}, the shop has {dict(versions[-1].lines)}"
    elif not any(one.is_like(lines, total, cents=cents) for one in versions for lines, total in held):
        yield f"wrong money: {where} has {order['total']}, the shop has {versions[-1].total}"


def _of_batch_orders(m3: dict[str, Any], history: History) -> Iterator[str]:
    for batch in m3["batch_orders"]:
        if shop_id_of(batch) not in history.versions and refund_of(batch) not in history.money.refunds:
            yield f"unexpected: batch order {batch['temporary_orno']} is of no order of the shop ({batch['yref']})"


def _of_shop(m3: dict[str, Any], shop: dict[str, Any]) -> Iterator[str]:
    numbers = {shop_id_of(one): one["orno"] for one in m3["orders"]}
    for order in shop["orders"]:
        told = [note for note in order["notes"] if note.startswith("M3 order")]
        if len(told) > 1:
            yield f"doubled: order {order['id']} of the shop has {len(told)} notes of its number"
        known = order["meta"].get("_m3_order_number")
        if known is not None and known != numbers.get(order["id"]):
            yield f"unexpected: the shop calls order {order['id']} {known}, M3 has {numbers.get(order['id'])}"


def _of_customers(m3: dict[str, Any]) -> Iterator[str]:
    mails = Counter(str(one["fields"].get("MAIL", "")) for one in m3["customers"])
    for mail, times in mails.items():
        if mail and times > 1:
            yield f"doubled: M3 holds {times} customers with one e-mail address"


_OPEN = """
SELECT id, flow, business_key, state, blocked_kind, reason_code, reason FROM exchange
WHERE state NOT IN ('done', 'dead_letter') ORDER BY id
"""
_DEAD = """
SELECT e.id, e.flow, e.business_key, e.reason_code, e.reason, e.resolution,
       EXISTS (SELECT 1 FROM document d WHERE d.exchange_id = e.id AND d.state = 'confirmed') AS is_posted
FROM exchange e WHERE e.state = 'dead_letter' ORDER BY e.id
"""


def require_complete(world: World, history: History, *, kinds: tuple[str, ...] = ()) -> None:
    """Looks at what must hold when nothing is left to do; see `require_sound`.

    Raises:
        ViolationError: An order is lost or old, a batch order left behind, an exchange stuck, or a dead letter nobody caused.
    """
    require_sound(world, history, kinds=kinds)
    m3, shop = world.m3_book(), world.shop_book()
    dead = world.rows(_DEAD)
    waiting = {int(row["business_key"]) for row in dead if row["flow"] == "orders_to_m3"}
    complaints = [
        *(complaint for row in world.rows(_OPEN) for complaint in _of_open(row, history, waiting)),
        *(complaint for row in dead for complaint in _of_dead_letter(row, history)),
        *(
            ()
            if world.sort.posts_invoices
            else of_wanted(m3, shop, history, waiting=waiting, off=read_taken_off(world, shop))
        ),
        *(f"left behind: batch order {one['temporary_orno']} ({one['yref']})" for one in m3["batch_orders"]),
        *(of_delivered(world, m3, shop, history, dead) if world.sort.delivers else ()),
        *of_trail(world),
        *of_goods_at_rest(world, history.goods),
        *of_accounts_at_rest(world, history.accounts),
        *of_reconciliation(world, m3, history),
        *of_invoices_at_rest(world, m3, history.money, {fact_of_exchange(row) for row in dead}),
        *of_payments_at_rest(world, m3, history, dead),
        *of_issues_at_rest(
            world, m3, history.money, {int(row["business_key"]) for row in dead if row["flow"] == ISSUES}
        ),
    ]
    _raise_any(complaints, kinds)


def require_shown(world: World, history: History, *, kinds: tuple[str, ...] = ()) -> None:
    """Looks at what the shop must show of M3's goods before a night has passed; see `require_sound`.

    Raises:
        ViolationError: A change of M3 that nobody told is not shown, though M3 was asked for changes.
    """
    del history  # whatever happened, the shop has to show what M3 says
    _raise_any(list(of_goods_by_day(world)), kinds)


def _of_open(row: dict[str, Any], history: History, waiting: set[int]) -> Iterator[str]:
    """A refund waits for an invoice of what M3 delivers after the day, and with its order where that waits for a person; what is
    paid waits with either.
    """
    number, kind = int(row["business_key"].split("-")[0]) if row["flow"] in WAITING else 0, row["blocked_kind"]
    is_with_order = history.is_poison(number) or number in waiting
    if row["flow"] == "refunds_to_m3" and (kind == "invoice" or is_with_order):
        return
    if row["flow"] in FLOWS and (kind in ("invoice", "refunds_to_m3") or (kind == "posted_order" and is_with_order)):
        return
    yield f"stuck: exchange {row['id']} ({row['flow']}) is {row['state']}: {row['reason']}"


def _of_dead_letter(row: dict[str, Any], history: History) -> Iterator[str]:
    is_of_order = row["flow"] in ("orders_to_m3", "refunds_to_m3", ISSUES)
    number = int(row["business_key"].split("-")[0]) if is_of_order else 0
    is_caused = (
        history.is_poison(number)
        or (row["is_posted"] and (history.changes[number] > 0 or history.money.has_deleted_refund(number)))
        or (row["flow"] == "stock_to_m3" and history.goods.counted_by_hand[row["business_key"]] > 0)
        or (row["flow"] == "m3_events" and history.goods.garbled > 0)
        or (row["flow"] == "refunds_to_m3" and number in history.deleted)  # did the buyer get the money?
        or (row["flow"] == "refunds_to_m3" and history.may_contradict(row["business_key"]))
        or (row["flow"] in FLOWS and may_wait(row, history.money, history.changes))
        or (row["flow"] in MATCHED and int(row["business_key"].split("-")[0]) in history.ended_in_m3)
    )
    if not is_caused:
        yield f"lost: exchange {row['id']} waits for a person without cause: {row['reason_code']}: {row['reason']}"
    if not (row["reason"] and row["resolution"]):
        yield f"stuck: dead letter {row['id']} says not what happened or what to do"
