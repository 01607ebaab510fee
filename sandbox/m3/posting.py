"""The job behind GLS840 and the person behind ARS040: what is sent becomes vouchers; programs and control call it."""

from decimal import Decimal
from itertools import count

from sandbox.m3.dispatch import Invoice as OrderInvoice
from sandbox.m3.general_ledger import (
    BANK_ACCOUNT,
    CONTROL_ACCOUNT,
    INVOICE_HEAD,
    Batch,
    BatchStatus,
    Invoice,
    Payment,
    Posting,
)
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import State


def update_due(state: State) -> None:
    """Post every sent batch whose time has come; to be called before the ledger is read."""
    ledger = state.ledger
    for batch in ledger.batches.values():
        is_due = batch.sent_ms + ledger.lag_s * 1000 <= state.now_ms()
        if batch.status is BatchStatus.SENT and is_due and not ledger.fails_silently:
            _post(state, batch)
    if ledger.posts_payments:
        update_payments(state)


def delete_unposted(state: State, key: str) -> str:
    """Do what a person does in GLS840 with a batch the ledger does not have; give its key."""
    batch = state.ledger.batches.get(key)
    if batch is None or batch.status is BatchStatus.UPDATED:
        raise Refusal("XRE0103", "KEY1", value=key)
    return state.ledger.batches.pop(key).key


def update_payments(state: State) -> list[str]:
    """Do what a person does in ARS041 with every controlled payment batch; give the batches."""
    waiting = [one for one in state.ledger.payments.values() if one.is_controlled and not one.is_updated]
    for payment in waiting:
        for line in payment.lines.values():
            invoice = state.ledger.invoices.get((line["CUNO"], line["CINO"], line["INYR"]))
            if invoice is None:
                raise Refusal("XRE0103", "CINO", value=line["CINO"])
            invoice.paid += Decimal(line["PYAM"])
        _post_payment(state, payment)
    return [one.key for one in waiting]


def _post_payment(state: State, payment: Payment) -> None:
    """Write the voucher of a payment batch: the accounts of its lines against the receivables."""
    voucher = state.ledger.take_voucher()
    numbers = count(1)
    for line in payment.lines.values():
        amount = Decimal(line["PYAM"])
        fields = {"CUCD": line.get("CUCD", ""), "ACDT": payment.fields["ACDT"], "OCDT": state.today(), "VTXT": ""}
        for account, is_debit in ((line.get("AIT1", BANK_ACCOUNT), amount > 0), (CONTROL_ACCOUNT, amount < 0)):
            row = {**fields, "AIT1": account}
            year = payment.fields["ACDT"][:4]
            posting = Posting(voucher, next(numbers), year, row, abs(amount), is_debit, payment.key)
            state.ledger.postings.append(posting)
    payment.is_updated = True


def record_invoice(state: State, made: OrderInvoice, *, customer: str) -> None:
    """Put the invoice of a customer order into the receivables, as M3's invoicing does."""
    ledger = state.ledger
    fields = {"IVDT": made.day, "DUDT": made.day, "ACDT": made.day, "CUCD": made.currency, "PYNO": customer}
    invoice = Invoice(customer, made.exin, made.year, made.currency, made.net + made.vat, ledger.take_voucher(), fields)
    ledger.invoices[(invoice.customer, invoice.number, invoice.year)] = invoice


def enter_by_hand(state: State, *, cuno: str, cino: str, cucd: str, amount: Decimal) -> str:
    """Put an invoice into the receivables as a person does, dated today."""
    ledger, today = state.ledger, state.today()
    fields = {"IVDT": today, "DUDT": today, "ACDT": today, "CUCD": cucd, "PYNO": cuno}
    invoice = Invoice(cuno, cino, today[:4], cucd, amount, ledger.take_voucher(), fields)
    ledger.invoices[(cuno, cino, invoice.year)] = invoice
    return cino


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
                line.amount if line.is_debit else -line.amount,
                voucher,
                line.fields,
            )
            ledger.invoices[(invoice.customer, invoice.number, invoice.year)] = invoice
    batch.status = BatchStatus.UPDATED
