"""Posts an order as a customer invoice to M3's ledger, in stores whose orders are `carried_as: invoice`. Run by workers/base.py.

No customer order is made. The receivable stands against revenue split over accounts by category, tax class and country, shipping,
fees, discounts, the tax of each rate and rounding: through GLS840MI with the store's positional layout, or through a program of the
site that `operations` binds. KEY1, lines and invoice number are fixed before the first write; the ledger alone proves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from connector.accounting.invoices import EVERY, InvoicesConfig
from connector.errors import PermanentError
from connector.flows import acceptance, tenure
from connector.flows.acceptance import Shown
from connector.flows.books import owning, posting
from connector.flows.books.keys import BookDay, book_day, epoch_of, key_of, text_of
from connector.flows.books.leaving import money_of
from connector.flows.books.sheet import Sheet, sums_by_account
from connector.flows.context import Run
from connector.flows.orders import adopting
from connector.flows.orders.customer import find_number
from connector.flows.orders.dates import currency_decimals
from connector.flows.orders.source import fetch
from connector.flows.outcome import Done
from connector.ledger.claims import DocumentRecord
from connector.ledger.succession import is_set_aside
from connector.ledger.tables import DocumentState
from connector.m3.layout import RecordKind, Value
from connector.m3.programs.gls840mi import INVOICE
from connector.m3.values import day_text, number_text
from connector.money.invoice_journal import RECEIVABLE, invoice_journal
from connector.money.journal import Entry, Journal
from connector.stores import OrderAction
from connector.woocommerce.models import Order

LETTER = "I"
DESCRIPTION = "Invoices of the web shop"


def run(run: Run) -> Done:
    """Posts the invoice of one order, goes on with its batch, or compares an order that was posted.

    Raises:
        ConnectorError: See errors.py and books/posting.py.
    """
    config = run.store.config.invoices
    if config is None:
        return Done("orders are not carried as invoices")
    if is_set_aside(run.claim.business_key):
        return owning.finish_set_aside(run)
    document = run.claim.live_document
    order = fetch(run)
    if order is not None:
        owning.require_own(run, order)
    if document is not None and document.state is DocumentState.CONFIRMED:
        return compare_posted(run, document, order)
    if order is None:
        return Done("the order does not exist in the shop any more")
    if document is None and run.store.config.orders.action(order.status) is not OrderAction.CONFIRM:
        return Done(f"status {order.status}: nothing to carry across")
    if not order.total:
        return Done("nothing was to be paid")
    customer = find_number(run, order)
    held = tenure.require(run)
    is_forgotten = held is not None and held.may_be_forgotten(order.created_at)
    voucher = posting.post(
        run,
        partial(make_sheet, run, order, config, customer),
        may_be_known=is_forgotten or adopting.may_be_known(run, created_at=order.created_at, is_marked=False),
        content=money_of(order),
    )
    return Done(f"invoice {number_of(config, order)} posted as {voucher}")


def compare_posted(run: Run, document: DocumentRecord, order: Order | None) -> Done:
    """Settles an order whose invoice is posted: unchanged, or for a person, who credits it.

    Raises:
        PermanentError: The shop's order was deleted or cancelled, or its amounts changed.
    """
    posting.see_again(run, document)
    where = f"its invoice is posted as {document.final_number}"
    accepted = acceptance.accepted_of(document)
    before = document.plan["content"] if accepted is None else accepted.content
    after = before if order is None else money_of(order)
    changed = sorted(key for key in before.keys() & after.keys() if before[key] != after[key])
    ends = order is None or run.store.config.orders.action(order.status) is OrderAction.CLOSE
    if not changed and (not ends or (accepted is not None and accepted.ends)):
        by_person = "" if accepted is None else "; a person settled what came after"
        return Done(f"posted as {document.final_number}{by_person}")
    acceptance.show(run, document, Shown(after, ends))
    if order is None:
        raise _for_person(run, f"The order was deleted in the shop, and {where}.")
    if ends:
        raise _for_person(run, f"The order is {order.status} in the shop, and {where}.")
    run.journal.audit(
        "changed after posting",
        system="shop",
        key=document.final_number or "",
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
    )
    raise _for_person(run, f"The order's amounts were changed in the shop ({', '.join(changed)}), and {where}.")


def _for_person(run: Run, what: str) -> PermanentError:
    return PermanentError(
        what,
        resolution=f"`connector exchanges show {run.claim.exchange_id}` shows both sides. Credit or correct the invoice in M3 if "
        "it shall not stand as it is, then discard this exchange.",
    )


def number_of(config: InvoicesConfig, order: Order) -> str:
    """Returns the invoice number (CINO): ours, from what never changes of an order."""
    return f"{config.number_prefix}{order.id}"


def make_sheet(run: Run, order: Order, config: InvoicesConfig, customer: str, version: int) -> Sheet:
    """Returns everything that will be sent, proved in memory.

    Raises:
        MappingError: An account, a place in the layout or an open day is missing; nothing was written.
        AmountsDifferError: The amounts do not add up.
    """
    journal = invoice_journal(
        order,
        config=config,
        money=run.store.config.money,
        categories=categories_of(run, order, config),
        decimals=currency_decimals(run, order.currency).amounts,
    )
    day = book_day(run.store.config, order.date_paid_gmt or order.created_at)
    key = key_of(run.store.name, LETTER, order.id, version=version)
    common: dict[str, Value] = {
        "CUCD": run.store.config.lookups.get("currency", {}).get(order.currency, order.currency),
        "ACDT": day.day,
        "VTXT": text_of(key, order),
    }
    invoice = _invoice_values(order, config, customer, day)
    return Sheet(
        kind=INVOICE,
        key=key,
        epoch=epoch_of(order),
        interface=config.interface if run.store.layout is None else run.store.layout.interface,
        description=DESCRIPTION,
        day=day.day,
        happened_on=day.happened_on,
        currency=str(common["CUCD"]),
        expected=sums_by_account(journal),
        lines=tuple(_line(run, one, common, invoice) for one in _in_order(journal)),
    )


def _in_order(journal: Journal) -> list[Entry]:
    return sorted(journal.entries, key=lambda one: one.what != RECEIVABLE)


def _invoice_values(order: Order, config: InvoicesConfig, customer: str, day: BookDay) -> dict[str, Value]:
    return {
        "CUNO": customer,
        "PYNO": customer,
        "CINO": number_of(config, order),
        "INYR": str(day.day.year),
        "IVDT": day.day,
        "DUDT": day.day + timedelta(days=config.due_days),
    }


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
