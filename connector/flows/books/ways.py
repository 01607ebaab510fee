"""How each kind of batch is written and seen: through GLS840 into the general ledger, or through ARS040 onto customer invoices.

A batch is begun, gets its lines, is controlled, and is posted by M3's own job or people. Used by posting.py and verdicts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.flows.books import looking, receipts
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.m3.calls import Call
from connector.m3.programs import ars040mi, gls840mi

CONTROL, UPDATE = "book_control", "book_update"
"""Steps. After the last one of a way M3 may post the batch at any time."""

Make = Callable[[Run, Sheet], Call]
Look = Callable[[Run, Sheet], str | None]


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way, with the words people are told."""

    program: str  # where a person finds the batch
    posted_by: str
    causes: str  # of a refusal
    look_again_s: float  # how often it is looked whether M3 has posted what it took
    add_head: Make
    add_line: Callable[[Run, Sheet, int, Mapping[str, str]], Call]
    control: Make
    update: Make | None  # None: nothing but the control is ours to send
    look: Look
    look_for_any: Look  # before the first write
    look_while_waiting: Look
    is_of_another: Callable[[Run, Sheet], bool]  # whether a posted batch of another fact has the key

    @property
    def last_step(self) -> str:
        """The name of the step after which M3 may post the batch."""
        return CONTROL if self.update is None else UPDATE

    def last(self, run: Run, sheet: Sheet) -> Call:
        """Returns the write of that step."""
        return (self.update or self.control)(run, sheet)


def _ledger(make: Callable[..., Call]) -> Make:
    def call(run: Run, sheet: Sheet) -> Call:
        config = run.store.config.m3
        return make(sheet.kind, sheet.key, company=config.company, division=config.division)

    return call


def _ledger_head(run: Run, sheet: Sheet) -> Call:
    config = run.store.config.m3
    return gls840mi.add_batch_head(
        sheet.kind,
        sheet.key,
        company=config.company,
        division=config.division,
        interface=sheet.interface,
        description=sheet.description,
    )


def _ledger_line(run: Run, sheet: Sheet, number: int, fields: Mapping[str, str]) -> Call:
    config = run.store.config.m3
    return gls840mi.add_batch_line(
        sheet.kind, sheet.key, line=number, company=config.company, division=config.division, fields=fields
    )


def _receipt_head(run: Run, sheet: Sheet) -> Call:
    config = run.store.config.m3
    return ars040mi.add_batch_head(
        sheet.key, company=config.company, division=config.division, batch_type=sheet.interface, day=sheet.day
    )


def _receipt_line(run: Run, sheet: Sheet, number: int, fields: Mapping[str, str]) -> Call:
    config = run.store.config.m3
    return ars040mi.add_batch_line(
        sheet.key, number=number, company=config.company, division=config.division, fields=fields
    )


def _receipt_control(run: Run, sheet: Sheet) -> Call:
    config = run.store.config.m3
    return ars040mi.control_batch(sheet.key, company=config.company, division=config.division)


LEDGER = Way(
    program="GLS840",
    posted_by="M3's job",
    causes="accounts and VAT codes of the store file, the interface in GLS850, the period",
    look_again_s=looking.JOB_LOOK_S,
    add_head=_ledger_head,
    add_line=_ledger_line,
    control=_ledger(gls840mi.control_batch),
    update=_ledger(gls840mi.update_batch),
    look=looking.look,
    look_for_any=looking.look_for_any,
    look_while_waiting=looking.look_while_waiting,
    is_of_another=looking.has_key,
)
RECEIPTS = Way(
    program="ARS040",
    posted_by="the person or job that updates payment batches in M3",
    causes="the invoice, the accounts and types under payments.settle of the store file, the period",
    look_again_s=receipts.LOOK_AGAIN_S,
    add_head=_receipt_head,
    add_line=_receipt_line,
    control=_receipt_control,
    update=None,
    look=receipts.look,
    look_for_any=receipts.look,
    look_while_waiting=receipts.look,
    is_of_another=receipts.is_of_another,
)
WAYS = {gls840mi.JOURNAL: LEDGER, gls840mi.INVOICE: LEDGER, ars040mi.RECEIPT: RECEIPTS}
"""By the kind of a sheet."""
