"""Carries a refund of the shop into M3: one return or credit order, proved to the cent. Run by workers/base.py.

Reads downwards as the business goes: what earlier runs left is resolved first, then the order must be in M3, then earlier
refunds go first, then how far M3 has come with it decides: what is not picked is taken off the order, the rest is planned and
proved in memory as a return of its invoice, written, confirmed and compared.
"""

from __future__ import annotations

from typing import Any

from connector.errors import MissingDependencyError, NeedsPersonError, PermanentError
from connector.flows import tenure
from connector.flows.books.carried import is_to_be_invoiced
from connector.flows.books.leaving import leave_credit, leave_repayment
from connector.flows.context import Run
from connector.flows.order_changes import erased
from connector.flows.order_changes.reduced import ORDERS
from connector.flows.orders import adopting, building, posting, proving, takeover
from connector.flows.orders.adopting import UNEXPLAINED
from connector.flows.orders.dates import currency_decimals
from connector.flows.orders.personal import FORGOTTEN
from connector.flows.orders.plan import fingerprint_of
from connector.flows.outcome import Done
from connector.flows.refunds import invoices, noticing, turns, unpicked
from connector.flows.refunds.billed import read_billed
from connector.flows.refunds.ceiling import refuse_above_invoiced
from connector.flows.refunds.discarding import stays_discarded
from connector.flows.refunds.invoices import Portion
from connector.flows.refunds.noticing import ids_of, part_of
from connector.flows.refunds.plan import as_credit_memo, content_of, make_plan, reference_of
from connector.flows.refunds.reading import Found, read, recall_before_going_on, rounding_limit, take_back
from connector.flows.refunds.stage import Sale, Stage, look, wait_for_invoice
from connector.flows.refunds.taking_along import is_borne, with_rounding_of_order
from connector.ledger import bindings, discards, refunds
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.posted import Posted, find_posted
from connector.ledger.tables import DocumentState
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order


def run(run: Run) -> Done:
    """Brings M3 to what one refund asks for.

    Returns:
        Done, with the fingerprint of what M3 holds, or the reason why there is nothing to do.

    Raises:
        ConnectorError: See errors.py; workers/fates.py says what becomes of the exchange.
    """
    memo = as_credit_memo(run)
    order_id, _ = ids_of(run.claim.business_key)
    posted = find_posted(run.journal.connection, shop_scope=run.store.name, shop_key=str(order_id))
    if posted is not None and FORGOTTEN in posted.document.plan:
        erased.forget_refund(memo)
    recall_before_going_on(run)
    document = posting.resolve(memo, bind=bind)
    takeover.clear_leftovers(memo)
    found = read(run)
    if part_of(run.claim.business_key) == 1:  # the gateway gave the money back once, however many returns there are
        leave_repayment(run, found.order, found.refund)
    if document is not None:
        return compare_posted(memo, document, found)
    posted = find_posted(run.journal.connection, shop_scope=run.store.name, shop_key=str(order_id))
    if posted is None and is_to_be_invoiced(run, order_id):
        is_left = leave_credit(run, found.refund)
        how = (
            ", and credited in the ledger"
            if is_left
            else "; the store file does not say how to credit, so a person does"
        )
        return Done(f"its order is carried as an invoice{how}")
    discarded = stays_discarded(run, found, posted)
    if discarded is not None:
        return discarded
    if found.refund is None or found.order is None:
        return gone(run, found, posted)
    if posted is None:
        return wait_for_order(run, found.order)
    if not found.gives_back:
        return Done("a refund of 0.00: nothing to credit")
    return carry(run, found, posted)


def tidy(run: Run) -> None:
    """Leaves nothing in M3 of a refund that waits for a person; see `posting.tidy`."""
    posting.tidy(as_credit_memo(run), bind=bind)


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
    part = part_of(run.claim.business_key)
    if found.refund is not None and reference_of(run.store.name, found.refund, part=part) != document.yref:
        raise NeedsPersonError(
            f"M3 holds {number} for a refund of this id, and the shop has given the id to another one.",
            resolution="Credit the refund the shop has now in M3 by hand, then discard this exchange.",
        )
    leave_further(run, found, document.plan["content"])
    return Done(f"posted as {number}", fingerprint=fingerprint_of(document.plan["content"]))


def gone(run: Run, found: Found, posted: Posted | None) -> Done:
    """Ends a refund that the shop does not have any more and M3 never got as a return.

    Raises:
        NeedsPersonError: It went with its whole order, so nobody can tell whether the buyer got the money.
    """
    number = posted.document.final_number if posted is not None else None
    order_id, refund_id = ids_of(run.claim.business_key)
    taken_off = unpicked.give_up(run, found, order_id=order_id, refund_id=refund_id)
    if found.order is not None:
        grows = f"; order {number} is brought back to what the shop has" if taken_off is not None else ""
        return Done(f"deleted in the shop before it was credited{grows}")
    if posted is None:
        return Done("its order was deleted in the shop, and M3 never got it")
    if taken_off is not None and taken_off["later"] is None:
        return Done(f"its order was deleted in the shop; nothing of {number} is delivered")
    raise NeedsPersonError(
        f"The refund went with its order, which was deleted in the shop; M3 holds the order as {number}.",
        resolution=f"Ask the payment provider whether the buyer got money back; if so, credit order {number} in M3 by hand. "
        "Then discard this exchange.",
    )


def wait_for_order(run: Run, order: Order) -> Done:
    """Ends the refund of an order that does not go to M3 as it is now; the order flow brings it up again if it does.

    Raises:
        MissingDependencyError: The order is on its way to M3.
        NeedsPersonError: A person settled the order without it; nothing will come that could be waited for.
    """
    by_hand = discards.find(run.journal.connection, run.store.name, flow=ORDERS, business_key=str(order.id))
    if by_hand is not None:
        raise NeedsPersonError(
            f"A person settled order {order.id} without the connector, and it is refunded now. {by_hand.words}",
            resolution="If the order was entered in M3 by hand, credit it there by hand; then discard this exchange.",
        )
    if run.store.config.orders.action(order.status) in (OrderAction.NONE, OrderAction.CLOSE):
        return Done(f"status {order.status}: the order is not in M3, so there is nothing to credit")
    raise MissingDependencyError(
        f"Order {order.id} is not in M3 yet.",
        kind="posted_order",
        key=f"{run.store.name}/{order.id}",
        resolution="Nothing to do: the refund goes on when the order is posted.",
    )


def wait_for_proof(run: Run, order: Order, posted: Posted) -> None:
    """Lets no refund be credited to an order that M3 holds otherwise than the shop: the refund may be why.

    Raises:
        MissingDependencyError: The order was not compared yet, or waits for a person because it differs.
        NeedsPersonError: A ledger that had lost it found it differing in M3, and a person has settled that.
    """
    number = posted.document.final_number
    if posted.fingerprint is None:
        raise MissingDependencyError(
            f"Order {number} in M3 was not found equal to the shop's order yet.",
            kind=ORDERS,
            key=f"{run.store.name}/{order.id}",
            resolution="Nothing to do here: the refund goes on when the order is settled; see the order's own exchange.",
        )
    _, refund_id = ids_of(run.claim.business_key)
    if refund_id in posted.document.plan.get(UNEXPLAINED, ()):
        raise NeedsPersonError(
            f"Order {number} was found in M3 otherwise than in the shop, and a person settled that; whether M3 has taken this "
            "refund off it is not known.",
            resolution=f"Compare order {number} in OIS300 with the shop's. Credit the buyer in M3 by hand if that was not done, "
            "then discard this exchange.",
        )


def carry(run: Run, found: Found, posted: Posted) -> Done:
    """Does what the stage of the refunded lines in M3 asks for."""
    order = found.order
    assert order is not None, "asked for before"
    if run.store.config.refunds is None:
        raise PermanentError(
            f"The store file does not say what becomes of refunds, and M3 holds the order as {posted.document.final_number}.",
            resolution="Credit the buyer in M3 by hand and discard. Or, where orders are not carried as invoices, add `refunds` to "
            "the store file (config/stores/example.yaml explains it) and release.",
        )
    wait_for_proof(run, order, posted)
    if part_of(run.claim.business_key) > 1:
        return carry_further(run, found, posted)
    turns.wait_for_earlier(run, found)
    decimals = currency_decimals(run, order.currency)
    taken = take_back(run, found, decimals=decimals.amounts)
    left = unpicked.what_is_left(run, found, posted, taken)
    if left is None:
        return Done(f"order {posted.document.final_number} was made smaller by it before it was picked")
    sale = look(run, posted, left)
    if left is taken:
        unpicked.make_smaller(run, found, posted, sale, taken=taken, decimals=decimals.amounts)
    stage = sale.stage_for(left.pieces)
    if stage is Stage.ENDED:
        return Done(f"order {sale.number} ended in M3 without an invoice: nothing to credit", code=refunds.ENDED)
    if stage is not Stage.INVOICED:
        raise wait_for_invoice(run, sale)
    limit = rounding_limit(run, order, decimals=decimals.amounts)
    whole, rounding = with_rounding_of_order(run, found, posted, left, decimals=decimals.amounts)
    billed = read_billed(run, sale)
    refuse_above_invoiced(found, whole, sale, billed, limit=limit)
    portions = invoices.share_out(run, found, whole, sale=sale, billed=billed, decimals=decimals.amounts)
    if not is_borne(run, portions[-1].taken, rounding, decimals=decimals.amounts):
        portions = invoices.share_out(run, found, left, sale=sale, billed=billed, decimals=decimals.amounts)
        rounding = {}
    return credit(run, found, portions[0], sale, kept={**invoices.kept_of(portions), **rounding})


def carry_further(run: Run, found: Found, posted: Posted) -> Done:
    """Credits what a refund takes back of a further invoice, as its first part has laid down.

    Raises:
        MissingDependencyError: The first part is not in M3 yet.
        NeedsPersonError: M3 has not invoiced as much.
    """
    order_id, refund_id = ids_of(run.claim.business_key)
    first = noticing.key_of(order_id, refund_id)
    content = refunds.content_of(run.journal.connection, run.store.name, first)
    if content is None:
        raise MissingDependencyError(
            f"The first part of refund {refund_id} is not in M3 yet.",
            kind=noticing.FLOW,
            key=f"{run.store.name}/{first}",
            resolution="Nothing to do: this part goes on when that one is settled.",
        )
    portion = invoices.portion_from(content["further"][part_of(run.claim.business_key) - 2])
    sale = look(run, posted, portion.taken)
    assert found.order is not None, "asked for before"
    decimals = currency_decimals(run, found.order.currency).amounts
    limit = rounding_limit(run, found.order, decimals=decimals)
    refuse_above_invoiced(found, portion.taken, sale, read_billed(run, sale), limit=limit)
    return credit(run, found, portion, sale, kept=invoices.kept_of([portion]))


def leave_further(run: Run, found: Found, content: dict[str, Any]) -> None:
    """Stages the exchanges of what a refund takes back of further invoices; told again, they bring nothing new."""
    order_id, refund_id = ids_of(run.claim.business_key)
    for part, _ in enumerate(content.get("further", ()) if found.refund is not None else (), start=2):
        run.leave(noticing.found(run.store.name, order_id=order_id, refund_id=refund_id, is_posted=True, part=part))


def credit(run: Run, found: Found, portion: Portion, sale: Sale, *, kept: dict[str, Any]) -> Done:
    """Plans, proves, writes and confirms a return or credit order; `kept` goes into the ledger with it."""
    order, refund = found.order, found.refund
    assert order is not None and refund is not None and refund.date_created_gmt is not None, "asked for before"
    held = tenure.require(run)
    memo = as_credit_memo(run)
    decimals = currency_decimals(run, order.currency)
    plan = make_plan(run, found, portion.taken, sale=sale, invoice=portion.invoice, decimals=decimals)
    content = content_of(run.store, found, portion.taken) | kept
    known = posting.look_up_if_needed(  # the shop keeps no mark of a return, and they are few: M3 is always asked
        memo, plan, content=content, created_at=refund.date_created_gmt, is_marked=True, held=held
    )
    if known is not None:
        posting.adopt_known(memo, plan, content=content, number=known, bind=bind)
        leave_further(run, found, content)
        return Done(f"found in M3 as {known}", fingerprint=fingerprint_of(content))
    turns.take_turn(run, found)
    document, temporary = building.build(memo, plan, content=content)
    earlier = posting.look_up_before_second(memo, document, temporary, plan)
    if earlier is not None:
        return take_over_earlier(memo, found, *earlier)
    number = posting.confirm_and_prove(memo, document, temporary, bind=bind)
    leave_further(run, found, content)
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
    run.journal.audit("order made", system="m3", key=number, after={"temporary": document.temporary_number})
    return document.confirmed_as(number)
