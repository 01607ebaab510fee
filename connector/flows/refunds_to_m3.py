"""Carries a refund of the shop into M3: one return or credit order, proved to the cent. Run by workers/base.py.

Reads downwards as the business goes: what earlier runs left is resolved first, then the order must be in M3, then how far M3
has come with it decides, then the return is planned and proved in memory, written, confirmed and compared.
"""

from __future__ import annotations

from connector.errors import MissingDependencyError, NeedsPersonError, PermanentError
from connector.flows import tenure
from connector.flows.books.leaving import leave_credit, leave_repayment
from connector.flows.context import Run
from connector.flows.orders import adopting, building, posting, proving, takeover
from connector.flows.orders.dates import currency_decimals
from connector.flows.orders.plan import fingerprint_of
from connector.flows.outcome import Done
from connector.flows.refunds.noticing import ids_of
from connector.flows.refunds.plan import content_of, make_plan, reference_of
from connector.flows.refunds.reading import Found, read
from connector.flows.refunds.stage import Sale, Stage, find_invoice, look, wait_for_invoice
from connector.flows.refunds.unpicked import make_smaller
from connector.ledger import bindings
from connector.ledger.claims import DocumentRecord
from connector.ledger.posted import Posted, find_posted
from connector.ledger.steps import References
from connector.ledger.tables import DocumentState
from connector.money.refunds import Of, Taken, take
from connector.stores import CarriedAs, OrderAction
from connector.woocommerce.models import Order


def run(run: Run) -> Done:
    """Brings M3 to what one refund asks for.

    Returns:
        Done, with the fingerprint of what M3 holds, or the reason why there is nothing to do.

    Raises:
        ConnectorError: See errors.py; workers/fates.py says what becomes of the exchange.
    """
    document = posting.resolve(run, bind=bind)
    takeover.clear_leftovers(run)
    found = read(run)
    leave_repayment(run, found.refund)
    if document is not None:
        return compare_posted(run, document, found)
    order_id, _ = ids_of(run.claim.business_key)
    posted = find_posted(run.journal.connection, shop_scope=run.store.name, shop_key=str(order_id))
    if posted is None and run.store.config.orders.carried_as is CarriedAs.INVOICE:
        leave_credit(run, found.refund)
        return Done("its order is carried as an invoice, and credited in the ledger")
    if found.refund is None or found.order is None:
        return gone(found, posted)
    if posted is None:
        return wait_for_order(run, found.order)
    if not found.refund.amount:
        return Done("a refund of 0.00: nothing to credit")
    return carry(run, found, posted)


def tidy(run: Run) -> None:
    """Leaves nothing in M3 of a refund that waits for a person; see `posting.tidy`."""
    posting.tidy(run, bind=bind)


def compare_posted(run: Run, document: DocumentRecord, found: Found) -> Done:
    """Settles a refund that M3 holds: proved, and still there in the shop, or for a person."""
    number = document.final_number or ""
    if run.claim.is_accepted:
        return Done(f"posted as {number}; a person settled what came after{proving.let_go(run, document, number)}")
    if run.claim.fingerprint is None or run.claim.is_replay:
        proving.prove(run, document, number)
    if found.refund is None and found.order is not None:
        raise NeedsPersonError(
            f"The refund was deleted in the shop, and M3 holds it as {number}.",
            resolution=f"Close {number} in OIS300, or charge the buyer anew if it is invoiced; then discard this exchange.",
        )
    if found.refund is not None and reference_of(run.store.name, found.refund) != document.yref:
        raise NeedsPersonError(
            f"M3 holds {number} for a refund of this id, and the shop has given the id to another one.",
            resolution="Credit the refund the shop has now in M3 by hand, then discard this exchange.",
        )
    return Done(f"posted as {number}", fingerprint=fingerprint_of(document.plan["content"]))


def gone(found: Found, posted: Posted | None) -> Done:
    """Ends a refund that the shop does not have any more and M3 never got.

    Raises:
        NeedsPersonError: It went with its whole order, so nobody can tell whether the buyer got the money.
    """
    if found.order is not None:
        return Done("deleted in the shop before it was carried across")
    if posted is None:
        return Done("its order was deleted in the shop, and M3 never got it")
    number = posted.document.final_number
    raise NeedsPersonError(
        f"The refund went with its order, which was deleted in the shop; M3 holds the order as {number}.",
        resolution=f"Ask the payment provider whether the buyer got money back; if so, credit order {number} in M3 by hand. "
        "Then discard this exchange.",
    )


def wait_for_order(run: Run, order: Order) -> Done:
    """Ends the refund of an order that does not go to M3 as it is now; the order flow brings it up again if it does.

    Raises:
        MissingDependencyError: The order is on its way to M3.
    """
    if run.store.config.orders.action(order.status) in (OrderAction.NONE, OrderAction.CLOSE):
        return Done(f"status {order.status}: the order is not in M3, so there is nothing to credit")
    raise MissingDependencyError(
        f"Order {order.id} is not in M3 yet.",
        kind="posted_order",
        key=f"{run.store.name}/{order.id}",
        resolution="Nothing to do: the refund goes on when the order is posted.",
    )


def carry(run: Run, found: Found, posted: Posted) -> Done:
    """Does what the stage of the refunded lines in M3 asks for."""
    order, refund = found.order, found.refund
    assert order is not None and refund is not None, "asked for before"
    if run.store.config.refunds is None:
        raise PermanentError(
            f"The store file does not say what becomes of refunds, and M3 holds the order as {posted.document.final_number}.",
            resolution="Add `refunds` to the store file (config/stores/example.yaml explains it) and release; or credit the "
            "buyer in M3 by hand and discard.",
        )
    decimals = currency_decimals(run, order.currency)
    rows = len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines)
    limit = run.store.config.money.limit_for(rows, decimals=decimals.amounts)
    taken = take(order, refund, earlier=found.earlier, decimals=decimals.amounts, limit=limit)
    sale = look(run, posted, taken)
    if sale.stage is Stage.ENDED:
        return Done(f"order {sale.number} ended in M3 without an invoice: nothing to credit")
    if sale.stage is Stage.UNPICKED and _asks_for_less(order, found, taken, sale):
        return make_smaller(run, sale, taken)
    if sale.stage is not Stage.INVOICED:
        raise wait_for_invoice(run, sale)
    return credit(run, found, taken, sale)


def _asks_for_less(order: Order, found: Found, taken: Taken, sale: Sale) -> bool:
    """Tells whether goods shall not be delivered: they are refunded themselves, or the whole order is."""
    is_all = taken.total + sum(one.amount for one in found.earlier) == order.total
    return any(piece.of is Of.GOODS for piece in taken.pieces) or (is_all and sale.is_wholly_unpicked)


def credit(run: Run, found: Found, taken: Taken, sale: Sale) -> Done:
    """Plans, proves, writes and confirms a return or credit order."""
    order, refund = found.order, found.refund
    assert order is not None and refund is not None and refund.date_created_gmt is not None, "asked for before"
    held = tenure.require(run)
    decimals = currency_decimals(run, order.currency)
    plan = make_plan(run, found, taken, sale=sale, invoice=find_invoice(run, sale), decimals=decimals)
    content = content_of(run.store, found, taken)
    known = posting.look_up_if_needed(  # the shop keeps no mark of a return, and they are few: M3 is always asked
        run, plan, content=content, created_at=refund.date_created_gmt, is_marked=True, held=held
    )
    if known is not None:
        posting.adopt_known(run, plan, content=content, number=known, bind=bind)
        return Done(f"found in M3 as {known}", fingerprint=fingerprint_of(content))
    document, temporary = building.build(run, plan, content=content)
    earlier = posting.look_up_before_second(run, document, temporary, plan)
    if earlier is not None:
        return take_over_earlier(run, found, *earlier)
    number = posting.confirm_and_prove(run, document, temporary, bind=bind)
    return Done(f"posted as {number}", fingerprint=fingerprint_of(content))


def take_over_earlier(run: Run, found: Found, earlier: DocumentRecord, number: str) -> Done:
    """Adopts what an earlier document of this exchange became after all, with what was sent then."""
    references = References(cuno=earlier.cuno, yref=earlier.yref)
    document = adopting.adopt(run, building.KIND, number, references=references, plan=earlier.plan)
    return compare_posted(run, bind(run, document, number), found)


def bind(run: Run, document: DocumentRecord, number: str) -> DocumentRecord:
    """Stages the binding of the shop's refund and M3's return, and the end of the document."""
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)
    bindings.bind(
        run.journal.connection,
        bindings.REFUND,
        shop_scope=run.store.name,
        shop_key=run.claim.business_key,
        m3_scope=run.store.m3_scope,
        m3_key=number,
        exchange_id=run.claim.exchange_id,
    )
    run.journal.audit("OIS100MI/Confirm", system="m3", key=number, after={"temporary": document.temporary_number})
    return document.confirmed_as(number)
