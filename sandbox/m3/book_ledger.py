"""The ledgers in the book: vouchers as journals, customer invoices, batches that are no voucher; `book` uses it."""

from typing import Any

from sandbox.m3.general_ledger import Batch, BatchStatus, Invoice, Payment, Posting
from sandbox.m3.posting import update_due
from sandbox.m3.state import State


def ledger_of_book(state: State) -> dict[str, Any]:
    """Give journals (one a voucher, its lines in order), invoices, open batches and payment batches."""
    update_due(state)
    journals: dict[int, dict[str, Any]] = {}
    for posting in state.ledger.postings:
        journal = journals.setdefault(
            posting.voucher, {"vono": posting.voucher, "key1": posting.batch, "year": posting.year, "lines": []}
        )
        journal["lines"].append(_line(posting))
    batches = [one for one in state.ledger.batches.values() if one.status is not BatchStatus.UPDATED]
    return {
        "journals": list(journals.values()),
        "invoices": [_invoice(one) for one in state.ledger.invoices.values()],
        "journal_batches": [_batch(one) for one in batches],
        "payment_batches": [_payment(one) for one in state.ledger.payments.values()],
    }


def _line(posting: Posting) -> dict[str, Any]:
    fields = posting.fields
    return {
        "account": fields["AIT1"],
        "side": "debit" if posting.is_debit else "credit",
        "amount": str(posting.amount),
        "cucd": fields["CUCD"],
        "acdt": fields["ACDT"],
        "vtcd": fields.get("VTCD", ""),
        "vtxt": fields.get("VTXT", ""),
    }


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "cuno": invoice.customer,
        "cino": invoice.number,
        "inyr": invoice.year,
        "cucd": invoice.currency,
        "amount": str(invoice.amount),
        "paid": str(invoice.paid),
        "reco": invoice.status,
        "ivdt": invoice.fields["IVDT"],
        "dudt": invoice.fields["DUDT"],
        "vono": invoice.voucher,
    }


def _batch(batch: Batch) -> dict[str, Any]:
    return {"key1": batch.key, "intn": batch.interface, "stat": batch.status.value, "lines": len(batch.lines)}


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "pbid": payment.key,
        "controlled": payment.is_controlled,
        "updated": payment.is_updated,
        "lines": [dict(one) for one in payment.lines.values()],
    }
