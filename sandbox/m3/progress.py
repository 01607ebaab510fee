"""Move customer orders forward as warehouse and invoicing would; only control calls it."""

from sandbox.m3.entities import LINE_STATUSES, Line
from sandbox.m3.state import State


def advance(state: State, orno: str) -> str:
    """Take every line of an order one status further and move its stock; give the new status.

    Raises:
        Refusal: there is no such order.
    """
    order = state.order(orno)
    for line in order.body.lines.values():
        if line.status != LINE_STATUSES[-1]:
            line.status = LINE_STATUSES[LINE_STATUSES.index(line.status) + 1]
            _move_stock(state, line)
    return order.highest_status


def _move_stock(state: State, line: Line) -> None:
    balance = state.items[line.itno].balances[line.whlo]
    if line.status == "33":
        balance.allocated += line.basic_quantity
    elif line.status == "66":
        balance.on_hand -= line.basic_quantity
        balance.allocated -= line.basic_quantity
        balance.reserved -= line.basic_quantity
