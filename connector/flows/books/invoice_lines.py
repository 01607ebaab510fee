"""A customer invoice or its credit as it is sent: positional, or by fields. Called by invoices_to_m3 and credits_to_m3."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from connector.accounting.invoices import EVERY, InvoicesConfig
from connector.flows.books.converting import in_books_currency
from connector.flows.books.keys import book_day, key_of, text_of
from connector.flows.books.sheet import Sheet, sums_by_account
from connector.flows.context import Run
from connector.m3.layout import RecordKind, Value
from connector.m3.programs.gls840mi import INVOICE
from connector.m3.values import day_text, number_text
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
    moment: datetime,
    version: int,
) -> Sheet:
    """Returns everything that will be sent for an invoice or credit.

    Args:
        run: This run.
        order: The order.
        journal: What is posted.
        letter: The kind of document, in KEY1.
        document_id: The shop's id of the order or refund.
        epoch: What tells it from another one that is given the same id.
        number: CINO.
        customer: CUNO.
        moment: When it happened.
        version: Of KEY1.

    Raises:
        MappingError: A place in the layout or an open day is missing; nothing was written.
        NotYetError: M3 has no rate for the day.
    """
    config = run.store.config.invoices
    assert config is not None, "only a store with invoices makes any"
    day = book_day(run.store.config, moment)
    journal, conversion = in_books_currency(run, journal, day=day.happened_on)
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


def categories_of(run: Run, order: Order, config: InvoicesConfig) -> dict[int, frozenset[str]]:
    """Returns the categories of the order's products, if a rule asks for them; a product that is gone has none."""
    if all(rule.category == EVERY for rule in config.revenue):
        return {}
    run.journal.pause()
    ids = sorted({line.product_id for line in order.line_items if line.product_id})
    rows = run.store.shop.products.by_id(ids, fields=("categories",))
    return {product: _slugs(row) for product, row in rows.items()}


def _slugs(row: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(str(one.get("slug")) for one in row.get("categories") or ())
