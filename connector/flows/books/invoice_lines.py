"""A customer invoice or its credit as it is sent: positional, or by fields. Called by invoices_to_m3 and credits_to_m3."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from connector.accounting.invoices import InvoicesConfig
from connector.flows.books.categories import read_categories
from connector.flows.books.converting import into_books
from connector.flows.books.keys import BookDay, book_day, key_of, text_of
from connector.flows.books.sheet import Sheet, sums_by_account
from connector.flows.books.sold import SOLD, Sold
from connector.flows.context import Run
from connector.flows.orders.dates import currency_decimals
from connector.ledger.document_records import DocumentRecord
from connector.m3.layout import RecordKind, Value
from connector.m3.programs.gls840mi import INVOICE
from connector.m3.values import day_text, number_text
from connector.money.invoice_accounts import accounts_of
from connector.money.invoice_journal import RECEIVABLE
from connector.money.journal import Entry, Journal
from connector.woocommerce.models import Order

DESCRIPTION = "Invoices of the web shop"


def invoice_sheet(
    run: Run,
    order: Order,
    journal: Journal,
    *,
    letter: str,
    document_id: int,
    epoch: str,
    number: str,
    customer: str,
    day: BookDay,
    conversion: Mapping[str, str],
    version: int,
    made_on: date | None = None,
) -> Sheet:
    """Returns everything that will be sent for an invoice or credit.

    Args:
        run: This run.
        order: The order.
        journal: What is posted, in the currency of the books.
        letter: The kind of document, in KEY1.
        document_id: The shop's id of the order or refund.
        epoch: What tells it from another one that is given the same id.
        number: CINO.
        customer: CUNO.
        day: When it happened, and when it is posted.
        conversion: How the amounts came out of another currency.
        version: Of KEY1.
        made_on: The order's day, where what is posted may bear that instead.

    Raises:
        MappingError: A place in the layout is missing; nothing was written.
    """
    config = run.store.config.invoices
    assert config is not None, "only a store with invoices makes any"
    key = key_of(run.store.name, letter, document_id, version=version)
    common: dict[str, Value] = {
        "CUCD": run.store.config.lookups.get("currency", {}).get(journal.currency, journal.currency),
        "ACDT": day.day,
        "VTXT": text_of(key, order, epoch=epoch),
    }
    invoice: dict[str, Value] = {
        "CUNO": customer,
        "PYNO": customer,
        "CINO": number,
        "INYR": str(day.day.year),
        "IVDT": day.day,
        "DUDT": day.day + timedelta(days=config.due_days),
    }
    return Sheet(
        kind=INVOICE,
        key=key,
        epoch=epoch,
        interface=config.interface if run.store.layout is None else run.store.layout.interface,
        description=DESCRIPTION,
        day=day.day,
        happened_on=day.happened_on,
        currency=str(common["CUCD"]),
        expected=sums_by_account(journal),
        lines=tuple(_line(run, one, common, invoice) for one in _in_order(journal)),
        customer=customer,
        number=number,
        made_on=made_on,
        conversion=conversion,
    )


def _in_order(journal: Journal) -> list[Entry]:
    return sorted(journal.entries, key=lambda one: one.what != RECEIVABLE)


def _line(run: Run, entry: Entry, common: Mapping[str, Value], invoice: Mapping[str, Value]) -> dict[str, str]:
    """Returns a line as it is sent: positional, or by fields where the site has a program of its own."""
    kind = RecordKind.RECEIVABLE if entry.what == RECEIVABLE else RecordKind.OTHER
    values: dict[str, Value] = {
        **common,
        **(invoice if kind is RecordKind.RECEIVABLE else {}),
        "AIT1": entry.account.account,
        **entry.account.dimensions,
        "CUAM": entry.amount,
        "DBCR": entry.side.value,
        "VTCD": entry.account.vat_code,
    }
    if run.store.layout is not None:
        return {"PARM": run.store.layout.render(kind, values)}
    return {name: _as_text(value) for name, value in values.items() if value != ""}


def _as_text(value: Value) -> str:
    if isinstance(value, date):
        return day_text(value)
    return value if isinstance(value, str) else number_text(value)


def sell(run: Run, order: Order, config: InvoicesConfig) -> Sold:
    """Finds the accounts and the rate of an order that is to be invoiced.

    Raises:
        MappingError: A row has no account, or its day is closed; nothing was written.
        NotYetError: M3 has no rate for the day.
    """
    decimals = currency_decimals(run, order.currency).amounts
    run.journal.pause()
    categories = read_categories(run.store.shop, [order], config)
    accounts = accounts_of(order, config=config, categories=categories, decimals=decimals)
    day = book_day(run.store.config, invoiced_at(order))
    return Sold(order, accounts, decimals, into_books(run, order.currency, day=day.happened_on))


def sold_of(run: Run, invoice: DocumentRecord, order: Order, config: InvoicesConfig) -> Sold:
    """Returns an order as it was invoiced; what a former version posted, which kept nothing of it, as it is now.

    Raises:
        MappingError, NotYetError: See `sell`; of a former version's only.
    """
    kept = invoice.plan.get(SOLD)
    return sell(run, order, config) if kept is None else Sold.from_json(kept, order).with_named_since(config)


def invoiced_at(order: Order) -> datetime:
    """Returns the moment whose day is the invoice's, as long as it is not posted: the payment, else the order."""
    return order.date_paid_gmt or order.created_at
