"""Asks M3's receivables whether the invoices of a payment batch are paid: the only proof there is of it. Called by posting.py.

A batch of ARS040 cannot be read by any published transaction. What each invoice will have been paid when the batch is posted is
fixed before the first write.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.m3.programs import ars200mi
from connector.m3.programs.ars200mi import InvoiceKey

LOOK_AGAIN_S = 900.0
"""A person or a nightly job posts payment batches; there is no hurry."""


def look(run: Run, sheet: Sheet) -> str | None:
    """Asks for every invoice of a batch.

    Returns:
        The number of the batch if all are paid as far as it pays them, or wholly; else None.
    """
    run.journal.pause()
    keys = [key_of(line) for line in sheet.lines]
    answers = run.store.m3.read([ars200mi.get_totals(key, division=run.store.config.m3.division) for key in keys])
    totals = [ars200mi.read_totals(answer) for answer in answers]
    is_paid = all(one.is_paid or one.paid >= sheet.expected[key.label] for key, one in zip(keys, totals, strict=True))
    return sheet.key if is_paid else None


def key_of(line: Mapping[str, str]) -> InvoiceKey:
    """Returns which invoice a line of a batch pays."""
    return InvoiceKey(payer=line["PYNO"], customer=line["CUNO"], number=line["CINO"], year=line["INYR"])


def is_of_another(run: Run, sheet: Sheet) -> bool:
    """Nothing tells whose a number is that is taken: a person looks."""
    return False
