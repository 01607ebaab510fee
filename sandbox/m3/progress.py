"""Move customer orders forward as warehouse and invoicing would; only control calls it."""

from sandbox.m3.changes import Operation, Record
from sandbox.m3.entities import LINE_STATUSES, Line, Order
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import State


def advance(state: State, orno: str, *, to: str = "") -> str:
    """Take every line of an order one status further, or up to the status `to`, and move its stock; give the new status.

    Raises:
        Refusal: there is no such order, or no such status.
    """
    order = state.order(orno)
    if not to:
        _step(state, order)
        return order.highest_status
    _check(to)
    while order.body.lines and order.lowest_status < to:
        _step(state, order)
    return order.highest_status


def advance_all(state: State, *, to: str) -> list[str]:
    """Take every order that is below a status up to it; give their numbers."""
    _check(to)
    below = [order.orno for order in state.orders.values() if order.lowest_status < to]
    for orno in below:
        advance(state, orno, to=to)
    return below


def _check(status: str) -> None:
    if status not in LINE_STATUSES:
        raise Refusal("WST0301", "ORST", value=status)


def _step(state: State, order: Order) -> None:
    moving = [line for line in order.body.lines.values() if line.status != LINE_STATUSES[-1]]
    for line in moving:
        line.status = LINE_STATUSES[LINE_STATUSES.index(line.status) + 1]
        _move_stock(state, line)
    if moving:
        state.tell(Record.ORDER, Operation.UPDATE, order.orno)


def _move_stock(state: State, line: Line) -> None:
    quantity = line.basic_quantity
    if line.status == "33":
        state.move_stock(line.itno, line.whlo, allocated=quantity)
    elif line.status == "66":
        state.move_stock(line.itno, line.whlo, on_hand=-quantity, allocated=-quantity, reserved=-quantity)
