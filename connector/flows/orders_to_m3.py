"""Carries an order of the shop into M3: one confirmed customer order, proved to the cent. Run by workers/base.py.

Reads downwards as the business goes: what earlier runs left is resolved first, then the status decides, then the order is
planned and proved in memory, then written, confirmed and compared with what M3 made of it.
"""

from __future__ import annotations

from functools import partial

from connector.flows import addresses, tenure
from connector.flows.books.carried import is_to_be_invoiced
from connector.flows.books.leaving import leave_invoice, leave_payment
from connector.flows.context import Run
from connector.flows.issues.leaving import leave_issue
from connector.flows.order_changes import discarding, erased, following
from connector.flows.order_changes.keeping import is_under_way
from connector.flows.order_changes.reduced import as_reduced, wake_refunds
from connector.flows.orders import adopting, building, posting, proving, succession, takeover, vat_codes
from connector.flows.orders.customer import find_number, note_buyer
from connector.flows.orders.making import make_plan
from connector.flows.orders.personal import FORGOTTEN
from connector.flows.orders.plan import content_of, fingerprint_of
from connector.flows.orders.source import known_since, require_seen_since, unknown_status
from connector.flows.outcome import Done
from connector.flows.refunds.found_smaller import FoundSmaller, as_found
from connector.flows.refunds.noticing import ask_for_refunds, note_refunds
from connector.flows.stock import selling
from connector.ledger import bindings
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.leaving import noted, of_order
from connector.ledger.standing import settled_at
from connector.ledger.succession import is_set_aside
from connector.ledger.tables import DocumentState
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order

WRITE_BACK_FLOW = "order_status_to_woo"


def run(run: Run) -> Done:
    """Brings M3 to what the newest order asks for.

    Returns:
        Done, with the fingerprint of what M3 holds, or the reason why there is nothing to do.

    Raises:
        ConnectorError: See errors.py; workers/fates.py says what becomes of the exchange.
    """
    if is_set_aside(run.claim.business_key):
        return finish(run, posting.resolve(run, bind=bind))
    succession.look_before_resolving(run, tell=partial(note_whose, run))
    document = posting.resolve(run, bind=bind)
    takeover.clear_leftovers(run)
    order = succession.read_own(run)
    document = note_whose(run, order, document=document)
    leave_payment(run, order)
    note_refunds(run, order, is_posted=document is not None)
    settled = None if document is None else discarding.settled_unseen(run, document, order)
    if settled is not None:
        return settled
    order = None if order is None else as_reduced(run, order)
    selling.note_order(run, order)
    if document is not None and document.state is DocumentState.CONFIRMED:
        return compare_posted(run, document, order)
    discarded = discarding.stays_discarded(run, order)
    if discarded is not None:
        return discarded
    if order is not None and not run.store.config.orders.knows(order.status):
        raise unknown_status(order, where="M3 does not have it")
    if is_to_be_invoiced(run, run.claim.business_key):
        leave_invoice(run, order)
        leave_issue(run, order)
        return Done("carried as an invoice, not as an order")
    if order is None:
        return Done("the order does not exist in the shop any more")
    action = run.store.config.orders.action(order.status)
    if action in (OrderAction.NONE, OrderAction.CLOSE):
        return Done(f"status {order.status}: nothing to carry across")
    return post(run, order, action)


def note_whose(run: Run, order: Order | None, *, document: DocumentRecord | None = None) -> DocumentRecord | None:
    """Stages whose order it is, and that the ledger forgets a buyer whom the shop has erased; returns the document as it is then.

    That is one whose data it took off the order, or one whose order it deleted for good (None). Called before what was begun is
    followed, too: that may wait for a person in M3, and this does not.
    """
    note_buyer(run, order)
    if order is not None and not order.is_erased:
        return document
    discarding.forget_buyer(run)
    is_news = any(FORGOTTEN not in one.plan for one in run.claim.documents)
    document = erased.forget(run, order, document=document)
    if is_news:
        ask_for_refunds(run)
    return document


def finish(run: Run, document: DocumentRecord | None) -> Done:
    """Ends an order whose id the shop gave to another one: what M3 holds of it is proved and stays."""
    takeover.clear_leftovers(run)
    if document is None:
        return Done("never became an order of M3; the shop gave its id to another order")
    number = document.final_number or ""
    if run.claim.fingerprint is None and not is_under_way(document):
        proving.prove(run, document, number)
    content = document.plan["content"]
    return Done(f"posted as {number}; the shop gave its id to another order", fingerprint=fingerprint_of(content))


def tidy(run: Run) -> None:
    """Leaves nothing in M3 of an order that waits for a person; see `posting.tidy`."""
    posting.tidy(run, bind=bind)


def compare_posted(run: Run, document: DocumentRecord, order: Order | None) -> Done:
    """Settles an order that M3 holds: proved, and brought to what the shop says now."""
    number = document.final_number or ""
    if run.claim.fingerprint is None and not is_under_way(document):
        proving.prove(run, document, number)
        leave_write_back(run, number, may_be_told=True)  # an earlier run came this far, perhaps one forgotten since
    elif order is not None and shop_forgot(run, order, number):
        leave_write_back(run, number, may_be_told=True)
    done = following.follow(run, document, order)
    wake_refunds(run, order)
    return done


def shop_forgot(run: Run, order: Order, number: str) -> bool:
    """Tells whether the shop was told M3's number and does not have it any more: it was restored from before."""
    if order.meta(adopting.ORDER_NUMBER_META) == number:
        return False
    told_at = settled_at(
        run.journal.connection, run.store.name, flow=WRITE_BACK_FLOW, business_key=run.claim.business_key
    )
    return told_at is not None and told_at < known_since(run.claim)


def post(run: Run, order: Order, action: OrderAction) -> Done:
    """Plans, proves, writes and confirms."""
    customer = find_number(run, order)
    held = tenure.require(run)
    require_seen_since(run, order, held)
    plan = make_plan(run, order, customer)
    content = content_of(run.store, order)
    is_marked = bool(order.meta(adopting.ORDER_NUMBER_META))
    known = posting.look_up_if_needed(
        run, plan, content=content, created_at=order.created_at, is_marked=is_marked, held=held
    )
    if known is not None:
        note_refunds(run, order, is_posted=True)
        found = as_found(run, order, plan, customer=customer, number=known)
        return take_over_known(run, found, known)
    addresses.require_delivery(run, order)
    vat_codes.require(run, order, plan.money.lines)
    document, temporary = building.build(run, plan, content=content)
    if action is OrderAction.BATCH:
        return Done(f"unconfirmed batch order {temporary}")
    earlier = posting.look_up_before_second(run, document, temporary, plan)
    if earlier is not None:
        note_refunds(run, order, is_posted=True)
        return take_over_earlier(run, order, *earlier)
    number = posting.confirm_and_prove(run, document, temporary, bind=bind)
    leave_write_back(run, number)
    note_refunds(run, order, is_posted=True)
    return Done(f"posted as {number}", fingerprint=fingerprint_of(content))


def take_over_earlier(run: Run, order: Order, earlier: DocumentRecord, number: str) -> Done:
    """Adopts the order that an earlier document of this exchange became after all, with what was sent then."""
    references = References(cuno=earlier.cuno, yref=earlier.yref)
    document = adopting.adopt(run, building.KIND, number, references=references, plan=earlier.plan)
    return compare_posted(run, bind(run, document, number), order)


def take_over_known(run: Run, found: FoundSmaller, number: str) -> Done:
    """Adopts an order M3 holds already, after the same proof as one of our own."""
    content = content_of(run.store, found.order)
    posting.adopt_known(run, found.plan, content=content, number=number, bind=bind, unexplained=found.unexplained)
    leave_write_back(run, number, may_be_told=True)
    return Done(f"found in M3 as {number}", fingerprint=fingerprint_of(content))


def bind(run: Run, document: DocumentRecord, number: str) -> DocumentRecord:
    """Stages the binding of the shop's order and M3's, and the end of the document."""
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)
    bindings.bind(
        run.journal.connection,
        bindings.ORDER,
        shop_scope=run.store.name,
        shop_key=run.claim.business_key,
        m3_scope=run.store.m3_scope,
        m3_key=number,
        exchange_id=run.claim.exchange_id,
    )
    selling.note_posted(run, document.plan["content"])
    run.journal.audit("order made", system="m3", key=number, after={"temporary": document.temporary_number})
    return document.confirmed_as(number)


def leave_write_back(run: Run, number: str, *, may_be_told: bool = False) -> None:
    """Stages the exchange that brings the order number to the shop; `may_be_told` makes it look for the note first."""
    target = of_order(run.claim.business_key, flow=WRITE_BACK_FLOW, pool="status")
    run.leave(noted(run.store.name, target, topic="order.posted", content=f"posted:{number}", is_doubtful=may_be_told))
