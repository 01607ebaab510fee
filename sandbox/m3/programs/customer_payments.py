"""ARS040MI: batches of customer payments; a person in M3 updates them, `posting` plays that person. Listed in `registry`."""

from collections.abc import Iterable

from sandbox.m3.general_ledger import Payment
from sandbox.m3.posting import update_due
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal


def add_batch_head(run: Run) -> Iterable[Row]:
    """Begin a batch; a PBID that was used is refused."""
    if run.text("PBID") in run.state.ledger.payments:
        raise Refusal("XRE0104", "PBID")
    if (run.date("ACDT", "WDL0701") or "99") <= run.state.ledger.closed_through:
        raise Refusal("CPF9898", "ACDT", message=f"The period of {run.text('ACDT')} is closed")
    run.state.ledger.payments[run.text("PBID")] = Payment(run.text("PBID"), run.text("BOPE"), dict(run.record))
    return [{"PBID": run.text("PBID")}]


def add_batch_line(run: Run) -> Iterable[Row]:
    """Add what was paid of an invoice; each transaction number once."""
    payment = _open(run)
    if run.text("TRNO") in payment.lines:
        raise Refusal("XRE0104", "TRNO")
    run.number("PYAM")
    payment.lines[run.text("TRNO")] = dict(run.record)
    return ()


def control_batch(run: Run) -> Iterable[Row]:
    """Check a batch: its invoices must be there and open."""
    update_due(run.state)
    payment = _open(run)
    for line in payment.lines.values():
        invoice = run.state.ledger.invoices.get((line["CUNO"], line["CINO"], line["INYR"]))
        if invoice is None:
            raise Refusal("XRE0103", "CINO")
        if invoice.status == "9":
            raise Refusal("WST0301", "CINO", value="9")
    payment.is_controlled = True
    return ()


def _open(run: Run) -> Payment:
    found = run.state.ledger.payments.get(run.text("PBID"))
    if found is None:
        raise Refusal("XRE0103", "PBID")
    if found.is_updated:
        raise Refusal("WST0301", "PBID", value="90")
    return found
