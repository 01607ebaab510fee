"""A refund of what M3 has not picked yet: the order there becomes smaller, instead of a return. Called by refunds_to_m3.

What is taken off is kept in the ledger, and the order's own flow brings M3 to it (order_changes), as it does with any change:
two flows never write to one order. This one waits until that is done. What is picked already is credited once it is invoiced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from connector.errors import ConnectorError, MissingDependencyError, NeedsPersonError, NotYetError
from connector.flows.acceptance import accepted_of
from connector.flows.context import Run
from connector.flows.order_changes.keeping import is_under_way
from connector.flows.order_changes.reduced import ORDERS, as_reduced, is_nothing, without
from connector.flows.orders.making import make_plan
from connector.flows.orders.plan import content_of
from connector.flows.refunds.reading import Found
from connector.flows.refunds.stage import Sale, Stage
from connector.flows.refunds.taking_along import bears
from connector.ledger import reductions
from connector.ledger.leaving import asked_again
from connector.ledger.posted import Posted
from connector.ledger.standing import standing_state
from connector.ledger.tables import State
from connector.money.portions import apart, from_json, to_json
from connector.money.reducing import everything
from connector.money.refunds import Of, Piece, Taken, amount_piece
from connector.money.rounding import ZERO
from connector.stores.orders import ChangePolicy
from connector.stores.refunds import BeforeInvoice
from connector.woocommerce.models import Order

POOL = "orders"
LOOK_AGAIN_S = 300.0
AT_REST = (State.DONE, State.DEAD_LETTER)


@dataclass(frozen=True)
class Split:
    """What of a refund is taken off the order now, and what is credited once it is invoiced."""

    now: Taken | None
    later: Taken | None

    def as_kept(self, decimals: int) -> dict[str, Any]:
        """Returns it as the ledger keeps it."""
        now, later = (None if one is None else to_json(one) for one in (self.now, self.later))
        return {"decimals": decimals, "now": now, "later": later}


def what_is_left(run: Run, found: Found, posted: Posted, taken: Taken) -> Taken | None:
    """Returns what is still to be credited once M3's order was made smaller: all, if nothing was taken off it."""
    kept = _kept(run, found)
    if kept is None or not _is_made(run, found, posted):
        return taken
    return None if kept["later"] is None else from_json(kept["later"])


def _kept(run: Run, found: Found) -> dict[str, Any] | None:
    order, refund = found.order, found.refund
    assert order is not None and refund is not None, "asked for before"
    return reductions.of_order(run.journal.connection, run.store.name, order_id=order.id).get(refund.id)


def _is_made(run: Run, found: Found, posted: Posted) -> bool:
    """Tells whether the order's flow has brought M3 to the order as it is now, without what refunds took off it."""
    assert found.order is not None, "asked for before"
    wanted = content_of(run.store, as_reduced(run, found.order))["money"]
    return posted.document.plan["content"]["money"] == wanted and not is_under_way(posted.document)


def make_smaller(run: Run, found: Found, posted: Posted, sale: Sale, *, taken: Taken, decimals: int) -> None:
    """Has the order in M3 made smaller by what of a refund is not picked; returns if there is nothing of that kind.

    Raises:
        MissingDependencyError: The order's flow is at it.
        NotYetError: It has not seen yet what it is to do.
        NeedsPersonError: A person has to make the order smaller.
        AmountsDifferError: What would be left is no order.
    """
    order = found.order
    assert order is not None, "asked for before"
    kept = _kept(run, found)
    wanted = what_to_take_off(run, found, posted, sale, taken=taken, decimals=decimals)
    state = standing_state(run.journal.connection, posted.exchange_id)
    if wanted is None and (kept is None or _is_ended_by_hand(run, order, posted, sale, taken)):
        return
    if wanted == kept or (kept is not None and state not in AT_REST):
        raise _wait(run, order, sale, state, has_news=False)
    _keep(run, order, taken.refund_id, wanted)
    if wanted is not None:
        raise _wait(run, order, sale, state, has_news=True)


def _is_ended_by_hand(run: Run, order: Order, posted: Posted, sale: Sale, taken: Taken) -> bool:
    """Tells whether a person has ended in M3 what a refund takes off the order, and settled the order as it is without it."""
    accepted = accepted_of(posted.document)
    if accepted is None or sale.stage_for(taken.pieces) is not Stage.ENDED:
        return False
    return bool(accepted.content["money"] == content_of(run.store, as_reduced(run, order))["money"])


def what_to_take_off(
    run: Run, found: Found, posted: Posted, sale: Sale, *, taken: Taken, decimals: int
) -> dict[str, Any] | None:
    """Returns what of a refund is to be taken off the order, as the ledger keeps it; None if nothing is.

    Raises:
        NeedsPersonError, AmountsDifferError: See `make_smaller`.
    """
    if sale.stage is Stage.ENDED:
        return None
    if not _may_be_changed(run, posted):
        if sale.stage_for(taken.pieces) is Stage.UNPICKED and _asks_for_less(found, taken, sale):
            raise _by_hand(run, sale, taken)
        return None
    split = divide(run, found, sale, taken=taken, before=_kept(run, found), decimals=decimals)
    return None if split.now is None else split.as_kept(decimals)


def order_left(run: Run, order: Order, refund_id: int, kept: dict[str, Any]) -> Order:
    """Returns what is left of an order without what refunds took off it, that of one of them as it would be kept."""
    return without(order, [*_others(run, order, refund_id), kept])


def _may_be_changed(run: Run, posted: Posted) -> bool:
    """Tells whether the order's flow may change an order that M3 holds, and a person has not settled it."""
    return run.store.config.orders.changes is ChangePolicy.APPLY and accepted_of(posted.document) is None


def _asks_for_less(found: Found, taken: Taken, sale: Sale) -> bool:
    """Tells whether goods shall not be delivered: they are refunded themselves, or the whole order is."""
    return any(piece.of is Of.GOODS for piece in taken.pieces) or _is_whole(found, taken, sale)


def _is_whole(found: Found, taken: Taken, sale: Sale) -> bool:
    assert found.order is not None, "asked for before"
    is_all = taken.total + sum(one.amount for one in found.earlier) == found.order.total
    return bool(taken.total) and is_all and sale.stage is Stage.UNPICKED


def divide(run: Run, found: Found, sale: Sale, *, taken: Taken, before: dict[str, Any] | None, decimals: int) -> Split:
    """Says what of a refund is taken off the order now: all of the order if nothing of it is to be delivered.

    Args:
        run: This run.
        found: The refund.
        sale: The order in M3.
        taken: What the refund takes back.
        before: What was to be taken off when this was asked last; some of it may be done.
        decimals: Places of the currency.

    Raises:
        NeedsPersonError: Only charges would be left, which may never be invoiced.
        AmountsDifferError: A row would be below zero.
    """
    order = found.order
    assert order is not None, "asked for before"
    if _is_whole(found, taken, sale):
        rest = without(order, _others(run, order, taken.refund_id))
        return Split(everything(rest, taken.refund_id, decimals=decimals), None)
    begun = {piece.source_id for piece in from_json(before["now"]).pieces} if before is not None else set()
    now = [piece for piece in taken.pieces if _is_now(run, piece, sale, begun)]
    if not now:
        return Split(None, taken)
    later = [piece for piece in taken.pieces if piece not in now]
    parts = apart(taken, [now, later] if later else [now], decimals=decimals)
    split = Split(parts[0], parts[1] if later else None)
    left = order_left(run, order, taken.refund_id, split.as_kept(decimals))
    if not left.line_items and not is_nothing(left):
        raise _by_hand(run, sale, taken)
    if sale.stage is Stage.UNPICKED or is_nothing(left):
        return split
    return _with_rounding_left(run, order, split, sale, left=left, decimals=decimals)


def _with_rounding_left(run: Run, order: Order, split: Split, sale: Sale, *, left: Order, decimals: int) -> Split:
    """Has what is credited later carry the cents of rounding: no head charge of the order is changed once M3 picks.

    Where nothing else is, the cents themselves are credited. What M3 holds too little of rounding nothing can credit: it stays
    so, and the order says it; so do cents that what is credited later cannot bear.
    """
    now = split.now
    assert now is not None, "asked for before"
    before = without(order, _others(run, order, now.refund_id))
    was, would_be = (make_plan(run, one, sale.customer, charges=sale.charges).money.rounding for one in (before, left))
    cents = was - would_be
    if cents <= 0 if split.later is None else not _takes_along(run, split.later, cents, decimals=decimals):
        return split
    later = split.later or Taken(now.refund_id, _cents_of(order, now, cents, decimals=decimals), ZERO)
    return Split(replace(now, total=now.total - cents), replace(later, total=later.total + cents))


def _takes_along(run: Run, later: Taken, cents: Decimal, *, decimals: int) -> bool:
    """Tells whether what is credited later can carry cents of rounding and still gives something back."""
    return later.total + cents > 0 and bears(run, later, cents, decimals=decimals)


def _cents_of(order: Order, taken: Taken, cents: Decimal, *, decimals: int) -> tuple[Piece, ...]:
    """Returns cents of rounding as money at the rate of what is taken off."""
    return (amount_piece(order, 1, taken.pieces[0].rates, cents, decimals=decimals),)


def _others(run: Run, order: Order, refund_id: int) -> list[dict[str, Any]]:
    listed = {one.id for one in order.refunds} - {refund_id}
    rows = reductions.of_order(run.journal.connection, run.store.name, order_id=order.id)
    return [content for one, content in rows.items() if one in listed]


def _is_now(run: Run, piece: Piece, sale: Sale, begun: set[int]) -> bool:
    """Tells whether M3 lets the order be made smaller by a piece: head charges only while nothing of it is picked."""
    if piece.of in (Of.GOODS, Of.PRICE):
        stage = sale.stage_of_line(piece.source_id)
        return stage is Stage.UNPICKED or (stage is Stage.ENDED and piece.source_id in begun)
    if sale.stage is not Stage.UNPICKED:
        return False
    config = run.store.config.refunds
    assert config is not None, "asked for before"
    return piece.of is not Of.AMOUNT or config.before_invoice is BeforeInvoice.CHARGE


def _keep(run: Run, order: Order, refund_id: int, wanted: dict[str, Any] | None) -> None:
    """Stages what is to be taken off, or that nothing is any more, and has the order's flow look."""
    connection, store = run.journal.connection, run.store.name
    if wanted is None:
        reductions.drop(connection, store, order_id=order.id, refund_id=refund_id)
    else:
        reductions.keep(
            connection,
            store,
            order_id=order.id,
            refund_id=refund_id,
            exchange_id=run.claim.exchange_id,
            content=wanted,
        )
    run.journal.audit("take off the order", system="ledger", key=f"{order.id}-{refund_id}", after=wanted or {})
    run.leave(asked_again(store, order.id, flow=ORDERS, pool=POOL))


def _wait(run: Run, order: Order, sale: Sale, state: State, *, has_news: bool) -> ConnectorError:
    if state is State.DONE and not has_news:  # it looked, and the shop has changed since
        run.leave(asked_again(run.store.name, order.id, flow=ORDERS, pool=POOL))
        return NotYetError(
            f"Order {sale.number} in M3 is not as the shop has it now.",
            retry_after_s=LOOK_AGAIN_S,
            resolution="Nothing to do: the order is looked at again.",
        )
    person = (
        " The order waits for a person: see its own exchange." if state is State.DEAD_LETTER and not has_news else ""
    )
    return MissingDependencyError(
        f"Order {sale.number} in M3 is made smaller by what M3 has not picked of it.{person}",
        kind=ORDERS,
        key=f"{run.store.name}/{order.id}",
        resolution="Nothing to do: the refund goes on when the order is as it has to be, and is looked at every quarter of an "
        "hour.",
    )


def give_up(run: Run, found: Found, *, order_id: int, refund_id: int) -> dict[str, Any] | None:
    """Stages that a refund which the shop does not have any more takes nothing off its order.

    Returns:
        What it took, if anything; the order then becomes again in M3 what the shop has, as far as M3 allows.
    """
    kept = reductions.drop(run.journal.connection, run.store.name, order_id=order_id, refund_id=refund_id)
    if kept is None:
        return None
    run.journal.audit("take off the order", system="ledger", key=f"{order_id}-{refund_id}", before=kept)
    if found.order is not None:
        run.leave(asked_again(run.store.name, order_id, flow=ORDERS, pool=POOL))
    return kept


def _by_hand(run: Run, sale: Sale, taken: Taken) -> NeedsPersonError:
    """Returns what hands a refund before picking to a person; the audit trail shows what the shop took back and M3 holds.

    Looked at again by itself: once the order is invoiced as it is, the refund goes on as a return.
    """
    given_back = {
        str(piece.source_id): {"quantity": piece.quantity, "net": piece.net}
        for piece in taken.pieces
        if piece.of is Of.GOODS
    }
    held = {
        str(line_id): {"quantity": sum(line.quantity_in_unit for line in lines), "status": lines[0].status}
        for line_id, lines in sale.lines.items()
        if not given_back or str(line_id) in given_back
    }
    if run.claim.last_code != NeedsPersonError.code:  # looked at again and again: told once
        run.journal.audit("refund before picking", system="shop", key=sale.number, before=held, after=given_back)
    return NeedsPersonError(
        f"Refund {taken.refund_id} ({taken.total}) takes back what order {sale.number} in M3 has not picked yet.",
        resolution=f"`connector exchanges show {run.claim.exchange_id}` shows both sides. Reduce or close the lines of order "
        f"{sale.number} in OIS300, then discard this exchange. If the order is delivered and invoiced as it is, the refund "
        "goes on as a return by itself.",
    )
