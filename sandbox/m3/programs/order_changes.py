"""OIS100MI: changing a customer order after Confirm: lines, head charges, texts, deletion; listed in `registry`.

A line is changed below picking only. A change by ...BatchEnt may hold at once or, as some sites have it, a while later.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from sandbox.m3.changes import Operation, Record
from sandbox.m3.entities import CLOSED, Charge, Line, Order
from sandbox.m3.money import line_amount
from sandbox.m3.programs.batch_lines import build_line, sellable_item
from sandbox.m3.programs.batch_parts import new_charge
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal

ALLOCATED, INVOICED, RESERVED = "33", "77", "22"
TEXT_KEYS = ("TXVR", "FLDN", "LNCD")


def chg_line_batch_ent(run: Run) -> Iterable[Row]:
    """Change the quantity of a line, in its own unit; price and discounts stay, the amount follows."""
    order = run.state.order(run.text("ORNO"))
    line = open_line(run, order)
    quantity = run.number("ORQA")
    if quantity is not None and quantity <= 0:
        raise Refusal("XNU0003", "ORQA")
    if quantity is not None:
        _enter(run, order, lambda: _set_quantity(run, order, line.ponr, quantity))
    return [{"ORNO": order.orno, "STAT": order.highest_status}]


def add_line_batch_ent(run: Run) -> Iterable[Row]:
    """Add a line to a customer order; it is reserved as any other."""
    order = run.state.order(run.text("ORNO"))
    if order.highest_status == INVOICED:
        raise Refusal("WST0301", "ORNO", value=INVOICED)
    ponr = max((*order.body.lines, *order.body.closed), default=0) + 1 + len(order.entries)
    line = build_line(run, order.body, item=sellable_item(run), ponr=ponr)
    _enter(run, order, lambda: _put_line(run, order, line))
    return [{"ORNO": order.orno, "STAT": order.highest_status, "PONR": str(ponr), "POSX": "0", "ATNR": "0"}]


def clo_line(run: Run) -> Iterable[Row]:
    """End a line of which nothing is picked: it stays as a trace at 99 and is worth nothing."""
    order = run.state.order(run.text("ORNO"))
    line = open_line(run, order)
    _move(run, line, -line.basic_quantity)
    order.body.closed[line.ponr] = replace(line, status=CLOSED, sent={**line.sent, "RSCD": run.text("RSCD")})
    del order.body.lines[line.ponr]
    _tell(run, order)
    return ()


def del_head(run: Run) -> Iterable[Row]:
    """Delete an order of which no line is past 22; nothing of it remains."""
    order = run.state.order(run.text("ORNO"))
    if order.highest_status != RESERVED:
        raise Refusal("WST0301", "ORNO", value=order.highest_status)
    run.state.delete_order(order)
    return ()


def open_line(run: Run, order: Order) -> Line:
    """Find the line PONR names and see that nothing of it is picked."""
    ponr = run.whole("PONR")
    line = order.body.lines.get(ponr) or order.body.closed.get(ponr)
    if line is None or run.whole("POSX"):
        raise Refusal("XRE0103", "PONR")
    if _is_picked(line):
        raise Refusal("WST0301", "PONR", value=line.status)
    return line


def _is_picked(line: Line) -> bool:
    """Say whether a part of it is past allocation: the first digit is the least progressed part's, the second the most's."""
    return any(digit > "3" for digit in line.status)


def _set_quantity(run: Run, order: Order, ponr: int, quantity: Decimal) -> None:
    line = order.body.lines.get(ponr)
    if line is None or _is_picked(line):
        return  # entered in time, but the warehouse was faster: nothing tells of it
    item = run.state.item(line.itno)
    basic = quantity * (item.basic_units(line.unit) or Decimal(1))
    amount = line_amount(
        line.net_price,
        quantity=basic / (item.basic_units(line.price_unit) or Decimal(1)),
        price_quantity=line.price_quantity,
        currency=order.body.head["CUCD"],
    )
    _move(run, line, basic - line.basic_quantity)
    order.body.lines[ponr] = replace(line, quantity=quantity, basic_quantity=basic, amount=amount)
    _tell(run, order)


def _put_line(run: Run, order: Order, line: Line) -> None:
    order.body.lines[line.ponr] = line
    _move(run, line, line.basic_quantity)
    _tell(run, order)


def _move(run: Run, line: Line, quantity: Decimal) -> None:
    allocated = quantity if line.status == ALLOCATED else Decimal(0)
    run.state.move_stock(line.itno, line.whlo, reserved=quantity, allocated=allocated)


def _enter(run: Run, order: Order, change: Callable[[], object]) -> None:
    wait_ms = int(run.settings.batch_entry_s * 1000)
    if wait_ms:
        order.entries.append((run.state.now_ms() + wait_ms, change))
    else:
        change()


def _tell(run: Run, order: Order) -> None:
    run.state.tell(Record.ORDER, Operation.UPDATE, order.orno)


def add_conn_co_charge(run: Run) -> Iterable[Row]:
    """Connect a charge to the head of a customer order; only once an id, only in the order's currency."""
    order = _order_with_charges(run)
    charge = new_charge(run, order.body.head["CUCD"], is_line_charge=False)
    if charge.crid in order.body.charges:
        raise Refusal("XRE0104", "CRID")
    order.body.charges[charge.crid] = charge
    return ()


def upd_conn_co_charge(run: Run) -> Iterable[Row]:
    """Change the amount of a head charge."""
    order = _order_with_charges(run)
    _known_charge(run, order)
    order.body.charges[run.text("CRID")] = new_charge(run, order.body.head["CUCD"], is_line_charge=False)
    return ()


def del_conn_co_charge(run: Run) -> Iterable[Row]:
    """Take a charge off the head."""
    order = _order_with_charges(run)
    del order.body.charges[_known_charge(run, order).crid]
    return ()


def _order_with_charges(run: Run) -> Order:
    order = run.state.order(run.text("ORNO"))
    if order.highest_status == INVOICED:
        raise Refusal("WST0301", "ORNO", value=INVOICED)
    return order


def _known_charge(run: Run, order: Order) -> Charge:
    charge = order.body.charges.get(run.text("CRID"))
    if charge is None:
        raise Refusal("XRE0103", "CRID")
    return charge


def add_text(run: Run) -> Iterable[Row]:
    """Write a text block of a customer order (FILE OOHEAD, KFLD its number); one that is there is replaced."""
    order = run.state.order(run.text("KFLD"))
    if run.text("FILE") != "OOHEAD" or not run.text("TXVR"):
        raise Refusal("XRE0103", "FILE")
    order.text_blocks[_text_key(run)] = run.text("TEXT")
    return [{"TXID": order.orno}]


def get_text(run: Run) -> Iterable[Row]:
    """Read a text block of a customer order."""
    text = run.state.order(run.text("KFLD")).text_blocks.get(_text_key(run))
    if text is None:
        raise Refusal("XRE0103", "TXVR")
    return [{"TXEI": "0", "TEXT": text}]


def _text_key(run: Run) -> tuple[str, ...]:
    return tuple(run.text(name) for name in TEXT_KEYS)
