"""ARCreditMemos: a program only this site has, as some do, that takes credit memos. Listed in `registry`.

Its signatures are in site_signatures.json. Behind it is the same batch table as behind OIS100MI.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sandbox.m3.programs import batch_head, batch_lines, confirm
from sandbox.m3.programs.run import Row, Run

OURS = {"MEMO": "ORNO", "REFERENCE": "YREF", "INVOICE": "OIVR", "INVOICEYEAR": "OYEA"}


def add_credit_memo(run: Run) -> Iterable[Row]:
    """Begin a credit memo under the next number."""
    return _as_told(batch_head.add_batch_head(_as_batch(run)))


def add_credit_memo_line(run: Run) -> Iterable[Row]:
    """Add a line."""
    return batch_lines.add_batch_line(_as_batch(run))


def post_credit_memo(run: Run) -> Iterable[Row]:
    """Make it a credit order."""
    return _as_told(confirm.confirm(_as_batch(run)))


def _as_batch(run: Run) -> Run:
    return replace(run, record={OURS.get(field, field): value for field, value in run.record.items()})


def _as_told(rows: Iterable[Row]) -> Iterable[Row]:
    theirs: Mapping[str, str] = {"ORNO": "MEMO"}
    return [{theirs.get(field, field): value for field, value in row.items()} for row in rows]
