"""Posts an order as a customer invoice to M3's ledger, in stores whose orders are `carried_as: invoice`. Run by workers/base.py.

No customer order is made. The receivable stands against revenue split over accounts by category, tax class and country, shipping,
fees, discounts, the tax of each rate and rounding: through GLS840MI with the store's positional layout, or through a program of the
site that `operations` binds. KEY1, lines and invoice number are fixed before the first write; the ledger alone proves it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from connector.accounting.invoices import InvoicesConfig
from connector.errors import PermanentError
from connector.flows import acceptance
from connector.flows.acceptance import Shown
from connector.flows.books import owning, posting, verdicts
from connector.flows.books.discarding import invoice_stays_discarded
from connector.flows.books.invoice_lines import invoice_sheet, invoiced_at, sell
from connector.flows.books.keys import book_day, epoch_of
from connector.flows.books.leaving import (
    CREDITS,
    INVOICES,
    POOL,
    leave_passed_by,
    leave_settlement,
    money_of,
    tell_invoice,
)
from connector.flows.books.owning import ORDERS, ORDERS_POOL
from connector.flows.books.sheet import Sheet
from connector.flows.books.sold import SOLD, Sold
from connector.flows.context import Run
from connector.flows.orders.customer import find_number
from connector.flows.outcome import Done
from connector.flows.refunds.noticing import key_of
from connector.ledger.document_records import DocumentRecord
from connector.ledger.leaving import asked_again
from connector.ledger.posted import find_posted
from connector.ledger.standing import standings
from connector.ledger.succession import is_set_aside
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order

LETTER = "I"


def run(run: Run) -> Done:
    """Posts the invoice of one order, goes on with its batch, or compares an order that was posted.

    Raises:
        ConnectorError: See errors.py and books/posting.py.
    """
    if is_set_aside(run.claim.business_key):
        return owning.finish_set_aside(run)
    order, posted = owning.take_up(run)
    if posted is not None:
        return compare_posted(run, posted, order)
    discarded = invoice_stays_discarded(run, order, but=_credited(run))
    if discarded is not None:
        return discarded
    config = run.store.config.invoices
    if config is None:  # any more: its own run left the order to this one
        verdicts.require_none_left(run)
        run.leave(asked_again(run.store.name, int(run.claim.business_key), flow=ORDERS, pool=ORDERS_POOL))
        return Done("orders are not carried as invoices")
    reason = why_nothing(run, order)
    if order is None or reason:
        tell_invoice(run, order)
        return Done(reason)
    sold = sell(run, order, config)
    voucher = posting.post(
        run,
        partial(make_sheet, run, sold, config, find_number(run, order)),
        made_at=order.created_at,
        happened_at=order.created_at,
        content=_as_invoiced(run, order),
        kept={SOLD: sold.to_json()},
    )
    leave_settlement(run, order, is_invoiced=True)
    leave_passed_by(run, order)
    if order.refunds and not _credited(run):
        run.leave(asked_again(run.store.name, order.id, flow=INVOICES, pool=POOL))
    return Done(f"invoice {config.number_of(order.id)} posted as {voucher}")


def why_nothing(run: Run, order: Order | None) -> str:
    """Says why there is nothing to post, or nothing."""
    if order is None:
        return "the order does not exist in the shop any more"
    if find_posted(run.journal.connection, shop_scope=run.store.name, shop_key=run.claim.business_key) is not None:
        return "M3 has it as a customer order"
    if run.store.config.orders.action(order.status) is not OrderAction.CONFIRM:
        return f"status {order.status}: nothing to carry across"
    return "" if order.total else "nothing was to be paid"


def compare_posted(run: Run, document: DocumentRecord, order: Order | None) -> Done:
    """Settles an order whose invoice is posted: unchanged, or for a person, who credits it.

    Raises:
        PermanentError: The shop's order was deleted or cancelled, or its amounts changed.
    """
    where = f"its invoice is posted as {document.final_number}"
    if order is not None:
        leave_passed_by(run, order)
    accepted = acceptance.accepted_of(document)
    before = document.plan["content"] if accepted is None else accepted.content
    before, after = _uncredited(run, before), _uncredited(run, before if order is None else money_of(order))
    changed = sorted(
        key for key in before.keys() & after.keys() if before[key] != after[key] and key not in _credited(run)
    )
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


def _as_invoiced(run: Run, order: Order) -> dict[str, object]:
    """Returns the amounts of the invoice, which is of the whole order: what was refunded before it, a person has to credit."""
    return money_of(order) | ({} if _credited(run) else {"refunds": []})


def _credited(run: Run) -> tuple[str, ...]:
    """Names what is no change of the invoice, since each refund is credited by an exchange of its own (credits_to_m3)."""
    config = run.store.config.invoices
    return ("refunds",) if config is not None and config.credit_prefix else ()


def _uncredited(run: Run, content: dict[str, Any]) -> dict[str, Any]:
    """Leaves out the refunds that exchanges of their own have credited, are to credit or ask a person about."""
    ids = {key_of(int(run.claim.business_key), one["id"]): one for one in content["refunds"]}
    known = standings(run.journal.connection, run.store.name, flows=[CREDITS], keys=list(ids))
    minded = {one.key for one in known if one.is_minded}
    return {**content, "refunds": [one for key, one in ids.items() if key not in minded]}


def _for_person(run: Run, what: str) -> PermanentError:
    return PermanentError(
        what,
        resolution=f"`connector exchanges show {run.claim.exchange_id}` shows both sides. Credit or correct the invoice in M3 if "
        "it shall not stand as it is, then discard this exchange.",
    )


def make_sheet(run: Run, sold: Sold, config: InvoicesConfig, customer: str, version: int) -> Sheet:
    """Returns everything that will be sent, proved in memory.

    Raises:
        MappingError: An account, a place in the layout or an open day is missing; nothing was written.
        AmountsDifferError: The amounts do not add up.
    """
    order, journal = sold.order, sold.invoice(run.store.config.money)
    posted = sold.in_books(journal)
    return invoice_sheet(
        run,
        order,
        posted,
        letter=LETTER,
        document_id=order.id,
        epoch=epoch_of(order),
        number=config.number_of(order.id),
        customer=customer,
        day=book_day(run.store.config, invoiced_at(order)),
        conversion={} if sold.into is None else sold.into.note(journal, posted),
        version=version,
        made_on=order.created_at.astimezone(run.store.config.m3.zone).date(),
    )
