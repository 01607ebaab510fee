"""OIS100MI: reading, locking and correcting a customer order; listed in `registry`."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from sandbox.m3.entities import Line, Order
from sandbox.m3.money import line_amount, net_price, plain, totals
from sandbox.m3.programs.batch_lines import find_line, line_row
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO, DIVI

REFERENCES = ("CUOR", "YREF", "OREF", "PYRE", "RESP", "SMCD", "WCON", "CUDT", "FRE1")


def get_head(run: Run) -> Iterable[Row]:
    """Read the head with its totals."""
    order = run.state.order(run.text("ORNO"))
    return [head_row(order) | value_row(run, order)]


def get_order_value(run: Run) -> Iterable[Row]:
    """Read the totals."""
    return [value_row(run, run.state.order(run.text("ORNO")))]


def head_row(order: Order) -> dict[str, str]:
    """Write a head by M3's field names."""
    return order.body.head | {
        "CONO": CONO,
        "DIVI": DIVI,
        "ORNO": order.orno,
        "CUNO": order.body.cuno,
        "STAT": order.highest_status,
        "ORSL": order.lowest_status,
        "ORST": order.highest_status,
        "OBLC": order.stop,
    }


def value_row(run: Run, order: Order) -> dict[str, str]:
    """Write the totals by M3's field names; information fields that stay empty are left to the signature."""
    is_taxed = run.state.customer(order.body.cuno).is_taxed
    figures = totals(order.body, is_taxed=is_taxed, counts_undelivered=run.settings.counts_undelivered)
    return {
        "NTAM": str(figures.net),
        "ONET": str(figures.net),
        "BRAM": str(figures.net),
        "EXAM": str(figures.charges),
        "EFAM": str(figures.line_charges),
        "ORVA": str(figures.order_value),
        "VTAM": str(figures.vat),
        "TOAM": str(figures.to_pay),
        "ROAM": "0",
        "TOPY": str(figures.to_pay),
        "CUCD": order.body.head["CUCD"],
        "TXAP": "1" if is_taxed else "0",
    }


def lst_line(run: Run) -> Iterable[Row]:
    """List the lines in line order."""
    order = run.state.order(run.text("ORNO"))
    lowest = run.text("ORST")
    lines = {**order.body.lines, **order.body.closed}
    for ponr in sorted(lines):
        if lines[ponr].status >= lowest:
            yield order_line_row(order, lines[ponr])


def get_line(run: Run) -> Iterable[Row]:
    """Read one line."""
    order = run.state.order(run.text("ORNO"))
    closed = order.body.closed.get(run.whole("PONR"))
    return [order_line_row(order, closed or find_line(run, order.body))]


def order_line_row(order: Order, line: Line) -> dict[str, str]:
    """Write a line of a customer order with its progress."""
    return line_row(line) | {
        "ORST": line.status,
        "NLAM": str(line.amount),
        "LNA2": str(line.amount),
        "NEPR": plain(line.net_price),
        "CUCD": order.body.head["CUCD"],
        "VTCD": str(line.vat_code),
        "ALQT": plain(line.open_quantity if line.status[0] in "34" else Decimal(0)),
        "DLQT": plain(line.delivered),
        "IVQT": plain(line.invoiced),
    }


def get_address(run: Run) -> Iterable[Row]:
    """Read an address of a customer order."""
    address = run.state.order(run.text("ORNO")).body.addresses.get(run.whole("ADRT"))
    if address is None:
        raise Refusal("XRE0103", "ADRT")
    return [address]


def lock_order(run: Run) -> Iterable[Row]:
    """Hold the order (hold code 9)."""
    run.state.order(run.text("ORNO")).is_held = True
    return ()


def release_order(run: Run) -> Iterable[Row]:
    """Lift the hold."""
    run.state.order(run.text("ORNO")).is_held = False
    return ()


def lst_conn_co_charge(run: Run) -> Iterable[Row]:
    """List the head charges from a charge id on."""
    order = run.state.order(run.text("ORNO"))
    for crid in sorted(order.body.charges):
        if crid >= run.text("CRID"):
            charge = order.body.charges[crid]
            yield {
                "ORNO": order.orno,
                "CRID": crid,
                "CRD0": charge.text,
                "CRAM": str(charge.amount),
                "PBAM": str(charge.amount),
                "VTCD": str(charge.vat_code),
                "CUCD": order.body.head["CUCD"],
            }


def upd_price_info(run: Run) -> Iterable[Row]:
    """Change price and discounts of a line that is not invoiced; an explicit price 0 holds here."""
    order = run.state.order(run.text("ORNO"))
    line = find_line(run, order.body)
    if line.status >= "77":
        raise Refusal("WST0301", "PONR", value=line.status)
    sent = {**line.sent, **{name: value for name, value in run.record.items() if name[:3] in ("DIA", "DIP", "DIC")}}
    given = run.number("SAPR")
    price = line.price if given is None else given
    price_quantity = run.whole("SACD", line.price_quantity)
    item = run.state.item(line.itno)
    net = net_price(price, sent, item=item)
    quantity = line.basic_quantity / (item.basic_units(line.price_unit) or Decimal(1))
    order.body.lines[line.ponr] = replace(
        line,
        price=price,
        price_quantity=price_quantity,
        net_price=net,
        sent=sent,
        amount=line_amount(net, quantity=quantity, price_quantity=price_quantity, currency=order.body.head["CUCD"]),
    )
    return ()


def chg_order_ref(run: Run) -> Iterable[Row]:
    """Change the references of a customer order."""
    order = run.state.order(run.text("ORNO"))
    run.state.change_references(order, {name: run.text(name) for name in REFERENCES if run.text(name)})
    return ()
