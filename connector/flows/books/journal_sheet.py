"""The sheet of a journal: a payment or a repayment, converted where the books are. Called by their flows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connector.accounting.payments import PaymentsConfig
from connector.flows.books.converting import into_books
from connector.flows.books.keys import book_day, key_of, text_of
from connector.flows.books.sheet import Sheet, fields_of, sums_by_account
from connector.flows.context import Run
from connector.m3.programs.gls840mi import JOURNAL
from connector.m3.values import day_text
from connector.money.journal import Journal
from connector.woocommerce.models import Order


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a journal is about: `document_id` and `epoch` name it in KEY1 and text, `moment` is when it happened."""

    letter: str
    document_id: int
    epoch: str
    moment: datetime
    description: str


def journal_sheet(
    run: Run, order: Order, journal: Journal, *, subject: Subject, config: PaymentsConfig, version: int
) -> Sheet:
    """Returns everything that will be sent of a journal.

    Raises:
        MappingError: The day is closed; nothing was written.
        NotYetError: M3 has no rate for the day.
    """
    day = book_day(run.store.config, subject.moment)
    into = into_books(run, journal.currency, day=day.happened_on)
    stated, journal = journal, journal if into is None else into(journal)
    key = key_of(run.store.name, subject.letter, subject.document_id, version=version)
    currency = run.store.config.lookups.get("currency", {}).get(journal.currency, journal.currency)
    common = {
        "INRI": config.identity,
        "CUCD": currency,
        "ACDT": day_text(day.day),
        "VTXT": text_of(key, order, epoch=subject.epoch),
    }
    return Sheet(
        kind=JOURNAL,
        key=key,
        epoch=subject.epoch,
        interface=config.interface,
        description=subject.description,
        day=day.day,
        happened_on=day.happened_on,
        currency=currency,
        expected=sums_by_account(journal),
        lines=tuple({**common, **fields} for fields in fields_of(journal)),
        conversion={} if into is None else into.note(stated, journal),
        into=None if into is None else into.to_json(),
    )
