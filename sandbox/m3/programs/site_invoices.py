"""ARCustomers: a program only this site has, as some do, that takes customer invoices by fields. Listed in `registry`.

Its signatures are in site_signatures.json. Behind it is the same batch table as behind GLS840MI.
"""

from collections.abc import Iterable
from dataclasses import replace

from sandbox.m3.general_ledger import INVOICE_HEAD
from sandbox.m3.programs import journals
from sandbox.m3.programs.run import Row, Run

INTERFACE = "WEBARC"


def add_invoice(run: Run) -> Iterable[Row]:
    """Begin an invoice under a reference that was never used."""
    return journals.add_batch_head(_as_batch(run, INTN=INTERFACE))


def add_invoice_line(run: Run) -> Iterable[Row]:
    """Add a line; the one with a customer is the invoice itself."""
    identity = INVOICE_HEAD if run.text("CUNO") else "I2"
    return journals.add_batch_line_field(_as_batch(run, LINE=run.text("SEQUENCE"), INRI=identity))


def check_invoice(run: Run) -> Iterable[Row]:
    """Check it."""
    return journals.ctrl_batch(_as_batch(run))


def post_invoice(run: Run) -> Iterable[Row]:
    """Hand it to the job."""
    return journals.upd_batch(_as_batch(run))


def _as_batch(run: Run, **more: str) -> Run:
    return replace(run, record={**run.record, "KEY1": run.text("REFERENCE"), **more})
