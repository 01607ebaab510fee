"""Which customer invoices M3 has of an order, and what is open of each.

Called by the flows of settlements, credits and repayments, and by flows/reconciling.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.errors import MissingDependencyError, NeedsPersonError
from connector.flows.books.carried import is_direct
from connector.flows.books.leaving import INVOICES
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.orders.customer import find_number
from connector.ledger import discards
from connector.ledger.document_records import DocumentRecord
from connector.ledger.posted import find_posted, find_posted_batch
from connector.ledger.standing import may_be_posted_yet
from connector.m3.programs import ars200mi, ois100mi, ois350mi
from connector.m3.programs.ars200mi import InvoiceKey, InvoiceTotals
from connector.m3.programs.ois350mi import Invoice
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order

ORDERS = "orders_to_m3"
INVOICED, ENDED = "77", ("90", "99")


@dataclass(frozen=True)
class Bill:
    """One invoice as the receivables show it."""

    key: InvoiceKey
    totals: InvoiceTotals


def bills_of(run: Run, order: Order) -> list[Bill]:
    """Returns the invoices of an order, oldest first; none if there will be none.

    Raises:
        MissingDependencyError: M3 has not got the order yet, or not invoiced all of it.
        NeedsPersonError: A person settled the order or its invoice without the connector.
        RetryableError: M3 cannot be asked now.
    """
    keys = _direct(run, order) if is_direct(run, order.id) else _of_customer_order(run, order)
    if not keys:
        return []
    run.journal.pause()
    answers = run.store.m3.read([ars200mi.get_totals(key, division=run.store.config.m3.division) for key in keys])
    return [Bill(key, ars200mi.read_totals(answer)) for key, answer in zip(keys, answers, strict=True)]


def direct_invoice(run: Run, order: Order, *, remedy: str) -> DocumentRecord | None:
    """Returns the invoice that invoices_to_m3 posted of a refunded order; None if there will be none.

    What was begun of it is finished whatever the order is meanwhile, so a refund of all of it, which ends in a status that
    is not invoiced, waits for that too.

    Args:
        run: This run.
        order: The order, as the shop has it.
        remedy: What a person does who has settled the invoice without the connector.

    Raises:
        MissingDependencyError: It is on its way.
        NeedsPersonError: A person settled it without the connector.
    """
    key, connection = str(order.id), run.journal.connection
    is_under_way = may_be_posted_yet(connection, run.store.name, flow=INVOICES, key=key)
    posted = find_posted_batch(connection, run.store.name, flow=INVOICES, business_key=key)
    if posted is not None:
        return posted
    by_hand = discards.find(connection, run.store.name, flow=INVOICES, business_key=key)
    if by_hand is not None:
        raise NeedsPersonError(
            f"A person settled the invoice of order {key} without the connector, and the order is refunded now. {by_hand.words}",
            resolution=remedy,
        )
    if not is_under_way and run.store.config.orders.action(order.status) is not OrderAction.CONFIRM:
        return None
    raise MissingDependencyError(
        f"The invoice of order {key} is not posted yet.",
        kind="posted_invoice",
        key=f"{run.store.name}/{key}",
        resolution="Nothing to do: the refund goes on by itself when the invoice is posted.",
    )


def _direct(run: Run, order: Order) -> list[InvoiceKey]:
    """The one invoice that invoices_to_m3 posted."""
    config, connection, key = run.store.config.invoices, run.journal.connection, run.claim.business_key
    is_under_way = may_be_posted_yet(connection, run.store.name, flow=INVOICES, key=key)
    posted = find_posted_batch(connection, run.store.name, flow=INVOICES, business_key=key)
    if posted is None:
        _require_not_by_hand(run, INVOICES)
        if not (is_under_way or _may_come(run, order)):
            return []
        raise _wait(
            f"The invoice of order {order.id} is not posted yet.", "posted_invoice", f"{run.store.name}/{order.id}"
        )
    sheet = Sheet.from_json(posted.plan["sheet"])
    number = sheet.number or ("" if config is None else config.number_of(order.id))
    if not number:  # posted by a former version, which kept none
        raise NeedsPersonError(
            f"The number of the invoice that was posted of order {order.id} as {posted.final_number} is not known any more.",
            resolution="Match the payment with it in M3 by hand (ARS110), then discard this exchange.",
        )
    customer = posted.cuno or find_number(run, order)
    return [InvoiceKey(payer=customer, customer=customer, number=number, year=str(sheet.day.year))]


def _of_customer_order(run: Run, order: Order) -> list[InvoiceKey]:
    """What M3 has invoiced of the customer order, once nothing of it is left to be invoiced."""
    posted = find_posted(run.journal.connection, shop_scope=run.store.name, shop_key=run.claim.business_key)
    if posted is None:
        _require_not_by_hand(run, ORDERS)
        if not _may_come(run, order):
            return []
        raise _wait(f"Order {order.id} is not in M3 yet.", "posted_order", f"{run.store.name}/{order.id}")
    number = posted.document.final_number or ""
    run.journal.pause()
    lines = ois100mi.read_lines(run.store.m3.read([ois100mi.list_lines(number)], max_records=ois100mi.MOST_LINES)[0])
    if any(line.status not in (INVOICED, *ENDED) for line in lines):
        key = f"{run.store.m3_scope}/{number}"
        raise _wait(f"Order {number} is not wholly invoiced in M3.", "invoice", key, is_of_m3=True)
    found = run.store.m3.read([ois350mi.list_invoice_heads_by_order(number)], max_records=ois100mi.MOST_LINES)[0]
    customer = posted.document.cuno or ""
    return [key_of(one, customer=customer) for one in ois350mi.read_invoices(found)]


def key_of(invoice: Invoice, *, customer: str) -> InvoiceKey:
    """Returns what names an invoice of a customer order in the receivables; `customer` is that of the order."""
    return InvoiceKey(
        payer=invoice.payer or invoice.customer or customer,
        customer=invoice.customer or customer,
        number=invoice.text_number or invoice.number,
        year=invoice.year,
    )


def _may_come(run: Run, order: Order) -> bool:
    return run.store.config.orders.action(order.status) not in (OrderAction.NONE, OrderAction.CLOSE)


def _require_not_by_hand(run: Run, flow: str) -> None:
    key = run.claim.business_key
    by_hand = discards.find(run.journal.connection, run.store.name, flow=flow, business_key=key)
    if by_hand is not None:
        raise NeedsPersonError(
            f"A person settled order {key} without the connector, and it is paid. {by_hand.words}",
            resolution="If it was entered in M3 by hand, match the payment with its invoice there (ARS110); then discard this "
            "exchange.",
        )


def _wait(what: str, kind: str, key: str, *, is_of_m3: bool = False) -> MissingDependencyError:
    return MissingDependencyError(
        f"{what} There is nothing to pay.",
        kind=kind,
        key=key,
        resolution="Nothing to do: it is looked at again by itself until M3 has the invoice.",
        is_of_m3=is_of_m3,
    )
