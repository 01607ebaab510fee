"""MWS410MI, MWS411MI, MWS423MI, OIS350MI and OIS100MI: what left and what was invoiced; listed in `registry`.

The lists by order or delivery begin at the key sent and go on past it: the caller has to compare every row.
"""

from collections.abc import Iterable

from sandbox.m3.dispatch import CUSTOMER_ORDER, Delivery, Invoice
from sandbox.m3.money import plain
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO


def get_delivery(run: Run) -> Iterable[Row]:
    """Read the head of a delivery."""
    delivery = run.state.dispatch.deliveries.get(run.whole("DLIX"))
    if delivery is None:
        raise Refusal("XRE0103", "DLIX", value=run.text("DLIX"))
    head = run.state.order(delivery.orno).body.head
    return [
        {
            "DLIX": str(delivery.dlix),
            "RORC": str(CUSTOMER_ORDER),
            "RIDN": delivery.orno,
            "WHLO": delivery.whlo,
            "CUOR": head.get("CUOR", ""),
            "YREF": head.get("YREF", ""),
            "MODL": head.get("MODL", ""),
            "PGRS": delivery.status,
            "ETRN": delivery.tracking,
            "NRUL": str(len(delivery.packages)),
            "DSDT": delivery.day,
            "FWNO": "DHL",
            "IVNO": str(delivery.ivno),
        }
    ]


def lst_lines_by_order(run: Run) -> Iterable[Row]:
    """List delivery lines in order and line number order; another category than customer orders has none here."""
    if run.whole("RORC", CUSTOMER_ORDER) > CUSTOMER_ORDER:
        return
    for ponr, delivery in run.state.dispatch.lines_from(run.text("RIDN"), run.whole("RIDL")):
        yield _line_row(run, ponr, delivery)


def lst_lines_by_order_line(run: Run) -> Iterable[Row]:
    """List the deliveries of one order line (OIS100MI/LstDelLineByCO)."""
    order, ponr = run.state.order(run.text("ORNO")), run.whole("PONR")
    for delivery in run.state.dispatch.of_order(order.orno):
        if ponr in delivery.quantities:
            yield {**_line_row(run, ponr, delivery), "PGRS": delivery.status}


def lst_packages(run: Run) -> Iterable[Row]:
    """List packages in delivery and package number order."""
    for delivery, package in run.state.dispatch.packages_from(run.whole("DLIX"), run.text("PANR")):
        yield {
            "CONO": CONO,
            "INOU": "1",
            "DLIX": str(delivery.dlix),
            "PANR": package.panr,
            "SSCC": package.sscc,
            "ETRN": package.tracking,
            "RORC": str(CUSTOMER_ORDER),
            "PGRS": delivery.status,
        }


def lst_invoices_by_order(run: Run) -> Iterable[Row]:
    """List the invoices of an order, one row for each delivery."""
    order = run.state.order(run.text("ORNO"))
    for invoice in run.state.dispatch.invoices_of(order.orno):
        yield {
            "ORNO": invoice.orno,
            "WHLO": invoice.whlo,
            "DLIX": str(invoice.dlix),
            "ORST": order.highest_status,
            "AMT1": str(invoice.net),
            "AMT2": str(invoice.net),
            **_invoice_row(run, invoice),
        }


def lst_all_invoices_by_order(run: Run) -> Iterable[Row]:
    """List the invoices of an order with their amounts including VAT."""
    for invoice in run.state.dispatch.invoices_of(run.state.order(run.text("ORNO")).orno):
        yield {"IVTP": "31", "IDAT": invoice.day, **_invoice_row(run, invoice)}


def get_invoice(run: Run) -> Iterable[Row]:
    """Read the head of an invoice."""
    invoice = run.state.dispatch.invoices.get(run.whole("IVNO"))
    if invoice is None or invoice.year != run.text("YEA4"):
        raise Refusal("XRE0103", "IVNO", value=run.text("IVNO"))
    gross = str(invoice.net + invoice.vat)
    return [{"IDAT": invoice.day, "ACDT": invoice.day, "AMT1": gross, "AMT2": gross, **_invoice_row(run, invoice)}]


def _line_row(run: Run, ponr: int, delivery: Delivery) -> Row:
    line = run.state.order(delivery.orno).body.lines[ponr]
    quantity = plain(delivery.quantities[ponr])
    return {
        "DLIX": str(delivery.dlix),
        "RORC": str(CUSTOMER_ORDER),
        "RIDN": delivery.orno,
        "RIDL": str(ponr),
        "RIDX": "0",
        "ITNO": line.itno,
        "FACI": run.state.order(delivery.orno).body.head.get("FACI", ""),
        "TRQT": quantity,
        "PLQT": quantity,
        "ALUN": line.unit,
    }


def _invoice_row(run: Run, invoice: Invoice) -> Row:
    cuno = run.state.order(invoice.orno).body.cuno
    gross = str(invoice.net + invoice.vat)
    return {
        "IVNO": str(invoice.ivno),
        "EXIN": invoice.exin,
        "YEA4": invoice.year,
        "IVDT": invoice.day,
        "CUNO": cuno,
        "PYNO": cuno,
        "CUCD": invoice.currency,
        "IVAV": gross,
        "RAFC": gross,
    }
