"""A dry run: what would be sent to M3 for an order, and nothing written anywhere. Called by `connector sync --dry-run`.

The preview of refunds (flows/refunds/preview.py) is made of the same parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from connector.errors import MissingDependencyError
from connector.flows import addresses
from connector.flows.books.carried import is_to_be_invoiced
from connector.flows.books.leaving import INVOICES
from connector.flows.context import Run, StoreContext
from connector.flows.marks import said_of
from connector.flows.order_changes import following
from connector.flows.order_changes.reduced import as_reduced
from connector.flows.orders import building, posting, vat_codes
from connector.flows.orders.customer import find_number, foresee_number
from connector.flows.orders.making import make_plan
from connector.flows.orders.plan import OrderPlan
from connector.flows.orders.source import read_newest, unknown_status
from connector.flows.orders.values import reference_of
from connector.ledger import bindings, discards
from connector.ledger.claims import Claim
from connector.ledger.cursors import now
from connector.ledger.posted import Posted, find_posted, find_posted_batch
from connector.ledger.session import Ledger, transaction
from connector.ledger.steps import Journal
from connector.m3.client import Call
from connector.m3.programs import batch_orders
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order

NEW_CUSTOMER = "NEW"
TEMPORARY = "(number)"


@dataclass(frozen=True)
class Preview:
    """What would be sent. `reason` says why nothing would be; then the rest is empty."""

    reason: str = ""
    customer: str = ""
    transactions: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sums: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class DryJournal(Journal):
    """A journal that keeps nothing: whatever is staged is rolled back where another would commit."""

    def commit(self) -> None:
        """Rolls back."""
        self.rollback()


def preview_order(ledger: Ledger, store: StoreContext, *, order_id: int, is_replay: bool = False) -> Preview:
    """Plans an order as it is in the shop now, reading from shop and M3 and writing nothing.

    Args:
        ledger: The ledger.
        store: The store.
        order_id: Of the shop.
        is_replay: M3 is asked for a posted order although nothing is new in the shop.

    Raises:
        ConnectorError: What a real run would end with (unknown item, amounts that do not add up ...).
    """
    with transaction(ledger) as connection:
        claim = dry_claim(store, flow="orders_to_m3", key=str(order_id), pool="orders", at=now(connection))
    journal = DryJournal(ledger, replace(claim, is_replay=is_replay))
    run = Run(store=store, journal=journal)
    try:
        return _preview(run)
    finally:
        journal.rollback()


def _preview(run: Run) -> Preview:
    order = read_newest(run)
    order = None if order is None else as_reduced(run, order)
    known = bindings.find_m3_key(
        run.journal.connection, bindings.ORDER, shop_scope=run.store.name, shop_key=run.claim.business_key
    )
    if known is not None:
        posted = find_posted(run.journal.connection, shop_scope=run.store.name, shop_key=run.claim.business_key)
        is_of_other = posted is not None and order is not None and _is_other(run, posted, order)
        if not is_of_other:
            return preview_posted(run, known, posted, order)
    held = find_discard(run, order)
    if held is not None:
        return held
    if order is not None and not run.store.config.orders.knows(order.status):
        raise unknown_status(order, where="M3 does not have it")
    if is_to_be_invoiced(run, run.claim.business_key):
        return _preview_invoiced(run)
    if order is None:
        return Preview(reason="the order does not exist in the shop")
    action = run.store.config.orders.action(order.status)
    if action in (OrderAction.NONE, OrderAction.CLOSE):
        return Preview(reason=f"status {order.status}: nothing to carry across")
    customer, said = _customer_of(run, order)
    plan = make_plan(run, order, customer)
    in_m3 = None if customer == NEW_CUSTOMER else posting.look_up(run, plan)
    if in_m3 is not None:
        return Preview(reason=f"M3 has it already as {in_m3}; a run takes it over if its amounts agree")
    addresses.require_delivery(run, order)
    vat_codes.require(run, order, plan.money.lines)
    return preview_plan(run, plan, said=said, with_confirm=action is OrderAction.CONFIRM)


def _preview_invoiced(run: Run) -> Preview:
    """Says how far the invoice is that the order is carried as: no run makes a customer order of it."""
    key = run.claim.business_key
    posted = find_posted_batch(run.journal.connection, run.store.name, flow=INVOICES, business_key=key)
    how_far = "not posted yet" if posted is None else f"posted as {posted.final_number}"
    return Preview(reason=f"it is carried as an invoice, not as an order: {how_far}")


def _customer_of(run: Run, order: Order) -> tuple[str, str]:
    """Returns the customer a run would post the order for, also one that a ledger that was lost does not know, and words for it."""
    try:
        customer = find_number(run, order)
    except MissingDependencyError:
        in_m3 = foresee_number(run, order)
        if in_m3 is None:
            return NEW_CUSTOMER, "a new customer, created first from the template"
        return in_m3, f"customer {in_m3}, which M3 has already, bound first"
    return customer, f"customer {customer}"


def find_discard(run: Run, order: Order | None) -> Preview | None:
    """Says that nothing would be sent of a fact that a person discarded, as the ledger or the shop's order says; None: nobody."""
    held = discards.find(
        run.journal.connection, run.store.name, flow=run.claim.flow, business_key=run.claim.business_key
    )
    held = held or said_of(run, order)
    return None if held is None else Preview(reason=f"{held.words}. Only a person's release has it carried.")


def preview_plan(run: Run, plan: OrderPlan, *, said: str, with_confirm: bool = True) -> Preview:
    """Shows every transaction of a batch order, and its sums."""
    calls = _calls(plan, with_confirm=with_confirm)
    return Preview(
        customer=said,
        transactions=[(run.store.m3.name_of(call), dict(call.fields)) for call in calls],
        sums=_sums(plan),
        notes=list(plan.notes),
    )


def _is_other(run: Run, posted: Posted, order: Order) -> bool:
    """Tells whether the shop gave the id of a posted order to another one."""
    return posted.document.yref not in (None, reference_of(run.store.name, order))


def preview_posted(run: Run, number: str, posted: Posted | None, order: Order | None) -> Preview:
    """Says what a run would make of an order that M3 holds.

    Raises:
        ConnectorError: The run would hold it for a person: changed, cancelled or deleted since.
    """
    if posted is None:
        return Preview(reason=f"it is in M3 as {number}")
    if posted.fingerprint is None:  # comparing may lock the order in M3, which no dry run may do
        return Preview(reason=f"it is in M3 as {number}, where a run would first compare its amounts")
    run.journal.claim = replace(
        run.claim, exchange_id=posted.exchange_id, fingerprint=posted.fingerprint, documents=(posted.document,)
    )
    calls = following.foresee(run, posted.document, order)
    if not calls:
        return Preview(reason=f"it is in M3: posted as {number}, and nothing is to be changed there")
    return Preview(
        customer=f"changes of order {number} in M3",
        notes=["the order is locked meanwhile, compared with the shop's, and released"],
        transactions=[(run.store.m3.name_of(call), dict(call.fields)) for call in calls],
    )


def _calls(plan: OrderPlan, *, with_confirm: bool) -> list[Call]:
    cupos = {line.key: number for number, line in enumerate(plan.money.lines, start=1)}
    calls = [batch_orders.add_batch_head(plan.head.fields), *building.rest_calls(plan, TEMPORARY, cupos)]
    return [*calls, batch_orders.confirm(TEMPORARY)] if with_confirm else calls


def _sums(plan: OrderPlan) -> list[str]:
    money = plan.money
    return [
        f"lines {sum(line.amount for line in money.lines)} {money.currency}",
        f"charges {sum(charge.amount for charge in money.head_charges)} {money.currency}",
        f"VAT computed by M3 {money.vat} {money.currency} (shop {money.shop_tax})",
        f"total {money.total} {money.currency}",
    ]


def dry_claim(store: StoreContext, *, flow: str, key: str, pool: str, at: datetime) -> Claim:
    """Returns a claim of an exchange that is not there."""
    return Claim(
        exchange_id=0,
        store=store.name,
        scope=store.name,
        store_version=0,
        flow=flow,
        business_key=key,
        pool=pool,
        claim_no=0,
        revision=0,
        done_rev=0,
        tries=0,
        is_doubtful=True,
        fingerprint=None,
        waiting_since=None,
        blocked_since=None,
        first_seen_at=at,
        rebuild=False,
        last_code="",
        was_resent=False,
        body=None,
        body_received_at=None,
        now=at,
        documents=(),
    )
