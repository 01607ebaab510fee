"""GLS200MI and ARS200MI: reading the general ledger and the customer invoices; listed in `registry`."""

from collections.abc import Iterable

from sandbox.m3.general_ledger import Invoice, Posting
from sandbox.m3.posting import update_due
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO, DIVI


def lst_vouchers_by_date(run: Run) -> Iterable[Row]:
    """List the rows of vouchers whose accounting date lies between two, by date and voucher."""
    update_due(run.state)
    for posting in sorted(run.state.ledger.postings, key=lambda one: (one.fields["ACDT"], one.voucher, one.number)):
        if run.text("FRDT") <= posting.fields["ACDT"] <= run.text("TODT"):
            yield _posting_row(posting)


def lst_voucher_lines(run: Run) -> Iterable[Row]:
    """List the rows of one voucher."""
    update_due(run.state)
    for posting in run.state.ledger.postings:
        if (posting.year, posting.voucher) == (run.text("YEA4"), run.whole("VONO")):
            yield _posting_row(posting)


def lst_invoices(run: Run) -> Iterable[Row]:
    """List a customer's invoices from a date on; AAC0 = 1 leaves paid ones out."""
    update_due(run.state)
    for invoice in run.state.ledger.invoices.values():
        is_wanted = invoice.customer == run.text("CUNO") and not (run.whole("AAC0") and invoice.status == "9")
        if is_wanted and invoice.fields["IVDT"] >= run.text("IVDT"):
            yield _invoice_row(invoice)


def lst_invoices_of_division(run: Run) -> Iterable[Row]:
    """List all invoices by customer."""
    update_due(run.state)
    for key in sorted(run.state.ledger.invoices):
        invoice = run.state.ledger.invoices[key]
        if not run.text("CUNO") or invoice.customer == run.text("CUNO"):
            yield _invoice_row(invoice)


def get_invoice_totals(run: Run) -> Iterable[Row]:
    """Read what is paid and what is open of an invoice."""
    update_due(run.state)
    found = run.state.ledger.invoices.get((run.text("CUNO"), run.text("CINO"), run.text("INYR")))
    if found is None:
        raise Refusal("XRE0103", "CINO")
    return [_invoice_row(found) | {"PCUA": str(found.paid), "OCUA": str(found.amount - found.paid)}]


def _posting_row(posting: Posting) -> dict[str, str]:
    fields = posting.fields
    amount = posting.amount if posting.is_debit else -posting.amount
    return {
        **{name: fields.get(name, "") for name in ("ACDT", "OCDT", "VTXT", "VTCD", "CUCD")},
        **{name: fields.get(name, "") for name in (f"AIT{place}" for place in range(1, 8))},
        "CONO": CONO,
        "DIVI": DIVI,
        "YEA4": posting.year,
        "JRNO": str(posting.voucher - 7_000_000),
        "JSNO": str(posting.number),
        "VSER": "WEB",
        "VONO": str(posting.voucher),
        "DBCR": "D" if posting.is_debit else "C",
        "CUAM": str(amount),
        "ACAM": str(amount),
    }


def _invoice_row(invoice: Invoice) -> dict[str, str]:
    return {
        "CONO": CONO,
        "DIVI": DIVI,
        "CUNO": invoice.customer,
        "PYNO": invoice.fields.get("PYNO") or invoice.customer,
        "CINO": invoice.number,
        "INYR": invoice.year,
        "YEA4": invoice.fields["ACDT"][:4],
        "JRNO": str(invoice.voucher - 7_000_000),
        "JSNO": "1",
        "VONO": str(invoice.voucher),
        "TRCD": "10",
        "CUCD": invoice.currency,
        "CUAM": str(invoice.amount),
        "IVDT": invoice.fields["IVDT"],
        "DUDT": invoice.fields["DUDT"],
        "ACDT": invoice.fields["ACDT"],
        "RECO": invoice.status,
    }
