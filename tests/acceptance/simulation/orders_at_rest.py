"""What M3 must hold of orders when nothing is left to do: as the shop has them, or a person is told. Used by books.py."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.acceptance.simulation.history import History
from tests.acceptance.simulation.orders_history import CLOSED, CONFIRMED, Version, shop_id_of
from tests.acceptance.simulation.progress_books import of_progress
from tests.acceptance.simulation.returns_books import INVOICED, MOST_ROUNDING, of_returns_at_rest
from tests.acceptance.simulation.taken_off import TakenOff, grown, read_taken_off, totals_of
from tests.acceptance.simulation.world import World

_FOR_INVOICE = """
SELECT split_part(business_key, '-', 1) AS number FROM exchange
WHERE flow = 'refunds_to_m3' AND state = 'blocked' AND blocked_kind = 'invoice'
"""


def of_wanted(
    m3: dict[str, Any], shop: dict[str, Any], history: History, *, waiting: set[int], off: dict[int, list[TakenOff]]
) -> Iterator[str]:
    """Says which orders are not, or not as the shop has them; see `require_complete`."""
    held = {shop_id_of(one): one for one in m3["orders"]}
    for order in shop["orders"]:
        number, posted = order["id"], held.get(order["id"])
        if posted is None:
            if order["status"] in CONFIRMED and not history.is_poison(number):
                yield f"lost: order {number} ({order['status']}) is not in M3"
            continue
        if number not in waiting and number not in history.touched_in_m3:
            given = sum((Decimal(one["amount"]) for one in shop["refunds"] if one["order_id"] == number), Decimal(0))
            is_whole = bool(given) and given == Decimal(order["total"]) and number not in history.delivered
            now = history.versions[number][-1]
            cents = MOST_ROUNDING if number in history.delivered else Decimal(0)
            taken_off = off.get(number, [])
            yield from _of_followed(order["status"], posted, now, taken_off, given, is_given_back=is_whole, cents=cents)
        if number in waiting and number in history.touched_in_m3:
            continue  # found otherwise in M3 than in the shop before the connector took it for its own
        if order["status"] != "trash" and order["meta"].get("_m3_order_number") != posted["orno"]:
            yield f"lost: the shop does not know that order {number} is {posted['orno']} in M3"
    for number in history.deleted & held.keys() - waiting:
        yield from _of_ended(held[number])


def _of_followed(
    status: str,
    posted: dict[str, Any],
    now: Version,
    off: list[TakenOff],
    given: Decimal,
    *,
    is_given_back: bool,
    cents: Decimal,
) -> Iterator[str]:
    """M3 holds the order as the shop has it now, less what refunds take off it; an ended one stays closed until it is confirmed
    again, and one that was refunded as a whole until it is edited.
    """
    if status in CLOSED or is_given_back:
        yield from _of_ended(posted)
        return
    is_closed = not posted["lines"] and status not in CONFIRMED
    if not is_closed and not now.is_like(*grown(posted, off), cents=cents):
        yield f"lost: order {posted['yref']} was changed after posting ({status}), and M3 did not follow"
    if sum((one.total for one in off), Decimal(0)) > given:
        yield f"wrong money: more is taken off order {posted['yref']} than the shop gave back"
    if posted["held"]:
        yield f"stuck: order {posted['orno']} is locked, and nobody is told"


def _of_ended(posted: dict[str, Any]) -> Iterator[str]:
    if posted["lines"] or posted["charges"] or posted["held"]:
        yield f"lost: order {posted['yref']} was ended in the shop, and M3 did not close it"


def of_delivered(
    world: World, m3: dict[str, Any], shop: dict[str, Any], history: History, dead: list[dict[str, Any]]
) -> Iterator[str]:
    """What M3 has sent is completed in the shop, and what was refunded of it is given back."""
    waiting = {
        int(row["business_key"].split("-")[0]) for row in dead if row["flow"] in ("orders_to_m3", "refunds_to_m3")
    }
    unclear = waiting | history.touched_in_m3 | {history.money.refunds[one].order_id for one in history.money.deleted}
    sent = {shop_id_of(one) for one in m3["orders"] if one["lines"] and one["lowest_stat"] == INVOICED}
    taken_off = totals_of(read_taken_off(world, shop))
    untold = {int(row["business_key"].split("-")[0]) for row in dead if row["flow"] == "order_status_to_woo"}
    yield from of_progress(m3, shop, untold=untold | history.put_back)
    yield from of_returns_at_rest(m3, history.money, taken_off, delivered=sent, unclear=unclear)
    for order in shop["orders"]:
        if order["id"] in sent - waiting - history.put_back and order["status"] == "processing":
            yield f"lost: order {order['id']} is invoiced in M3, and {order['status']} in the shop"
    for row in world.rows(_FOR_INVOICE):
        if int(row["number"]) in sent - waiting:
            yield f"stuck: a refund of order {row['number']} waits for its invoice, which M3 has"
