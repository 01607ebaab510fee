"""Move customer orders forward as warehouse and invoicing would; only control calls it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.m3.changes import Operation, Record
from sandbox.m3.dispatch import INVOICED, PLANNED, SENT, Delivery
from sandbox.m3.entities import LINE_STATUSES, Line, Order
from sandbox.m3.invoicing import invoice_delivery
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import State

ALLOCATED, PICKED, DELIVERED, DONE = LINE_STATUSES[1:]


@dataclass(frozen=True, kw_only=True)
class Parcels:
    """How a delivery is labelled: ETRN of the delivery, and of each of its packages.

    None of either: the delivery gets a number and one package with the same.
    """

    tracking: str | None = None
    packages: tuple[str, ...] = ()


def advance(
    state: State,
    orno: str,
    *,
    to: str = "",
    lines: Mapping[int, Decimal | None] | None = None,
    parcels: Parcels | None = None,
) -> str:
    """Take lines of an order one status further, or up to the status `to`, and move their stock; give the highest status.

    What is delivered at once is one delivery; what is invoiced gets an invoice for each delivery.

    Args:
        state: The company.
        orno: The order.
        to: The status; empty for one step.
        lines: Which lines (PONR), and how much of each (basic units, None for all that is open); None for all lines.
        parcels: How a delivery made by this is labelled.

    Raises:
        Refusal: there is no such order, line, quantity or status.
    """
    order = state.order(orno)
    if to and to not in LINE_STATUSES:
        raise Refusal("WST0301", "ORST", value=to)
    chosen = _choose(order, lines, to=to)
    labels = parcels or Parcels()
    if not to:
        _step(state, order, chosen, labels)
    while to and (behind := _furthest_behind(order, chosen, to=to)):
        _step(state, order, behind, labels)
    return order.highest_status


def advance_all(state: State, *, to: str) -> list[str]:
    """Take every order that is below a status up to it; give their numbers."""
    if to not in LINE_STATUSES:
        raise Refusal("WST0301", "ORST", value=to)
    below = [order.orno for order in state.orders.values() if order.lowest_status < to]
    for orno in below:
        advance(state, orno, to=to)
    return below


def close_rest(state: State, orno: str, *, lines: Iterable[int]) -> str:
    """End what is open of lines (PONR) that are delivered in part, as a person does; give the order's highest status.

    Raises:
        Refusal: there is no such order or line, or nothing of it has left, or nothing is open.
    """
    order = state.order(orno)
    for ponr in lines:
        line = order.body.lines.get(ponr)
        if line is None:
            raise Refusal("XRE0103", "PONR", value=str(ponr))
        if not line.delivered or line.open_quantity <= 0:
            raise Refusal("WST0301", "PONR", value=line.status)
        rest, is_allocated = line.open_quantity, line.status[0] in (ALLOCATED[0], PICKED[0])
        state.move_stock(line.itno, line.whlo, reserved=-rest, allocated=-rest if is_allocated else Decimal(0))
        line.undelivered += rest
        _show(line, rest=DELIVERED[0])
    _plan(state, order)
    state.tell(Record.ORDER, Operation.UPDATE, orno)
    return order.highest_status


def _choose(order: Order, lines: Mapping[int, Decimal | None] | None, *, to: str) -> dict[int, Decimal]:
    """Give how far the delivered quantity of each line may go."""
    if lines is None:
        return {ponr: line.basic_quantity for ponr, line in order.body.lines.items()}
    chosen = {}
    for ponr, quantity in lines.items():
        line = order.body.lines.get(ponr)
        if line is None:
            raise Refusal("XRE0103", "PONR", value=str(ponr))
        if quantity is not None and (to not in (DELIVERED, DONE) or not 0 < quantity <= line.open_quantity):
            raise Refusal("WST0301", "DLQT", value=str(quantity))
        chosen[ponr] = line.basic_quantity if quantity is None else line.delivered + quantity
    return chosen


def _furthest_behind(order: Order, chosen: Mapping[int, Decimal], *, to: str) -> dict[int, Decimal]:
    """Give the chosen lines below `to` that have come least far, so that what is ready leaves together."""
    below = {ponr: most for ponr, most in chosen.items() if _is_below(order.body.lines[ponr], to, most)}
    stages = {ponr: _stage(order.body.lines[ponr], most) for ponr, most in below.items()}
    return {ponr: most for ponr, most in below.items() if stages[ponr] == min(stages.values())}


def _stage(line: Line, most: Decimal) -> str:
    return line.status[0] if line.delivered != most else DELIVERED[0]


def _is_below(line: Line, to: str, most: Decimal) -> bool:
    if most == line.basic_quantity:
        return line.status < to
    return line.delivered != most or (to == DONE and line.invoiced != most)


def _step(state: State, order: Order, chosen: Mapping[int, Decimal], parcels: Parcels) -> None:
    """Take each chosen line one status further; all that is delivered in this step leaves together."""
    leaving: dict[int, Decimal] = {}
    is_moved = to_invoice = False
    for ponr, most in chosen.items():
        line = order.body.lines[ponr]
        rest = line.open_quantity
        if rest and line.delivered != most:
            is_moved = True
            if line.status[0] == PICKED[0]:
                leaving[ponr] = most - line.delivered
            else:
                _rise(state, line, PICKED if line.status[0] == ALLOCATED[0] else ALLOCATED)
        elif line.invoiced != line.delivered:
            is_moved = to_invoice = True
    if leaving:
        _deliver(state, order, leaving, parcels)
    _plan(state, order)
    if to_invoice:
        _invoice(state, order, chosen)
    if is_moved:
        state.tell(Record.ORDER, Operation.UPDATE, order.orno)


def _rise(state: State, line: Line, status: str) -> None:
    if status == ALLOCATED:
        state.move_stock(line.itno, line.whlo, allocated=max(line.open_quantity, Decimal(0)))
    _show(line, rest=status[0])


def _show(line: Line, *, rest: str) -> None:
    """Write both digits of a line's status: its least and its most progressed part; `rest` is where what is open stands."""
    delivered_to = DONE[0] if line.invoiced == line.delivered else DELIVERED[0]
    lowest = rest if line.open_quantity else delivered_to
    highest = DONE[0] if line.invoiced else DELIVERED[0] if line.delivered else rest
    line.status = lowest + highest


def _plan(state: State, order: Order) -> Delivery | None:
    """Keep the order's open delivery as its picking lists are."""
    lines = order.body.lines
    picked = {
        ponr: line.open_quantity for ponr, line in lines.items() if line.status[0] == PICKED[0] and line.open_quantity
    }
    whlo = next((lines[ponr].whlo for ponr in picked), "")
    return state.dispatch.plan(order.orno, whlo, picked)


def _deliver(state: State, order: Order, leaving: Mapping[int, Decimal], parcels: Parcels) -> None:
    _plan(state, order)
    whlo = order.body.lines[next(iter(leaving))].whlo
    delivery = state.dispatch.plan(order.orno, whlo, dict(leaving))
    assert delivery is not None, "there is something in it"
    label = f"JD0146{delivery.dlix:014d}"
    delivery.status, delivery.day = SENT, state.today()
    delivery.tracking = (label if not parcels.packages else "") if parcels.tracking is None else parcels.tracking
    state.dispatch.pack(delivery, list(parcels.packages) or [delivery.tracking])
    for ponr, quantity in leaving.items():
        line = order.body.lines[ponr]
        held = max(quantity, Decimal(0))  # what comes back (a return) was never allocated
        state.move_stock(line.itno, line.whlo, on_hand=-quantity, allocated=-held, reserved=-held)
        line.delivered += quantity
        _show(line, rest=PICKED[0])
    state.tell(Record.DELIVERY, Operation.CREATE, str(delivery.dlix))


def _invoice(state: State, order: Order, chosen: Mapping[int, Decimal]) -> None:
    """Invoice each delivery that holds a chosen line and is not invoiced yet."""
    for delivery in state.dispatch.of_order(order.orno):
        if delivery.status not in (PLANNED, INVOICED) and chosen.keys() & delivery.quantities.keys():
            invoice_delivery(state, order, delivery)
            for ponr in delivery.quantities:
                _show(order.body.lines[ponr], rest=order.body.lines[ponr].status[0])
