"""The job behind GLS840 and the person behind ARS040: what is sent becomes vouchers; programs and control call it."""

from decimal import Decimal

from sandbox.m3.general_ledger import INVOICE_HEAD, Batch, BatchStatus, Invoice, Posting
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import State


def update_due(state: State) -> None:
    """Post every sent batch whose time has come; to be called before the ledger is read."""
    ledger = state.ledger
    for batch in ledger.batches.values():
        is_due = batch.sent_ms + ledger.lag_s * 1000 <= state.now_ms()
        if batch.status is BatchStatus.SENT and is_due and not ledger.fails_silently:
            _post(state, batch)


def update_payments(state: State) -> list[str]:
    """Do what a person does in ARS041 with every controlled payment batch; give the batches."""
    waiting = [one for one in state.ledger.payments.values() if one.is_controlled and not one.is_updated]
    for payment in waiting:
        for line in payment.lines.values():
            invoice = state.ledger.invoices.get((line["CUNO"], line["CINO"], line["INYR"]))
            if invoice is None:
                raise Refusal("XRE0103", "CINO", value=line["CINO"])
            invoice.paid += Decimal(line["PYAM"])
        payment.is_updated = True
    return [one.key for one in waiting]


def _post(state: State, batch: Batch) -> None:
    ledger = state.ledger
    voucher = ledger.take_voucher()
    for number in sorted(batch.lines):
        line = batch.lines[number]
        fields = {**line.fields, "OCDT": state.today()}
        ledger.postings.append(
            Posting(voucher, number, line.fields["ACDT"][:4], fields, line.amount, line.is_debit, batch.key)
        )
        if line.fields.get("INRI") == INVOICE_HEAD:
            invoice = Invoice(
                line.fields["CUNO"],
                line.fields["CINO"],
                line.fields["INYR"],
                line.fields["CUCD"],
                line.amount,
                voucher,
                line.fields,
            )
            ledger.invoices[(invoice.customer, invoice.number, invoice.year)] = invoice
    batch.status = BatchStatus.UPDATED
