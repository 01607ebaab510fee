"""OIS100MI: charges of the lines of a customer order; listed in `registry`. They are changed below picking only."""

from collections.abc import Iterable

from sandbox.m3.entities import Charge, Line, Order
from sandbox.m3.programs.batch_lines import find_line
from sandbox.m3.programs.batch_parts import new_charge
from sandbox.m3.programs.order_changes import open_line
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal


def lst_line_charge(run: Run) -> Iterable[Row]:
    """List the charges of a line from a charge id on; the list goes on with the lines after it."""
    order = run.state.order(run.text("ORNO"))
    find_line(run, order.body)
    start = (run.whole("PONR"), run.text("CRID"))
    rows = sorted((line.ponr, crid) for line in order.body.lines.values() for crid in line.charges)
    for ponr, crid in rows:
        if (ponr, crid) >= start:
            charge = order.body.lines[ponr].charges[crid]
            yield {
                "ORNO": order.orno,
                "PONR": str(ponr),
                "POSX": "0",
                "CRID": crid,
                "CRD0": charge.text,
                "PBAM": str(charge.amount),
                "VTCD": str(charge.vat_code),
                "CUCD": order.body.head["CUCD"],
            }


def add_line_charge(run: Run) -> Iterable[Row]:
    """Connect a charge to a line; only once an id, only in the order's currency."""
    order, line = _line(run)
    charge = new_charge(run, order.body.head["CUCD"], is_line_charge=True)
    if charge.crid in line.charges:
        raise Refusal("XRE0104", "CRID")
    line.charges[charge.crid] = charge
    return ()


def upd_line_charge(run: Run) -> Iterable[Row]:
    """Change the amount of a line charge."""
    order, line = _line(run)
    _known(run, line)
    line.charges[run.text("CRID")] = new_charge(run, order.body.head["CUCD"], is_line_charge=True)
    return ()


def dlt_line_charge(run: Run) -> Iterable[Row]:
    """Take a charge off a line."""
    _, line = _line(run)
    del line.charges[_known(run, line).crid]
    return ()


def _line(run: Run) -> tuple[Order, Line]:
    order = run.state.order(run.text("ORNO"))
    line = open_line(run, order)
    if line.ponr not in order.body.lines:
        raise Refusal("XRE0103", "PONR")
    return order, line


def _known(run: Run, line: Line) -> Charge:
    charge = line.charges.get(run.text("CRID"))
    if charge is None:
        raise Refusal("XRE0103", "CRID")
    return charge
