"""A dry run of a refund: what would be sent to M3, and nothing written anywhere. Called by `connector sync --dry-run`."""

from __future__ import annotations

from collections.abc import Iterator

from connector.errors import WaitingError
from connector.flows.context import Run, StoreContext
from connector.flows.orders.dates import currency_decimals
from connector.flows.preview import DryJournal, Preview, dry_claim, find_discard, preview_plan, preview_posted
from connector.flows.refunds import invoices, turns, unpicked
from connector.flows.refunds.billed import read_billed
from connector.flows.refunds.ceiling import refuse_above_invoiced
from connector.flows.refunds.noticing import FLOW, POOL, ids_of
from connector.flows.refunds.plan import as_credit_memo, make_plan
from connector.flows.refunds.reading import Found, read, rounding_limit, take_back
from connector.flows.refunds.stage import Sale, Stage, look, wait_for_invoice
from connector.flows.refunds.taking_along import with_rounding_of_order
from connector.ledger import bindings
from connector.ledger.cursors import now
from connector.ledger.posted import Posted, find_posted
from connector.ledger.session import Ledger, transaction
from connector.money.refunds import Taken


def preview_refund(ledger: Ledger, store: StoreContext, *, key: str) -> list[Preview]:
    """Plans a refund as it is in the shop now, reading from shop and M3 and writing nothing.

    Args:
        ledger: The ledger.
        store: The store.
        key: Its business key, `<order id>-<refund id>`.

    Returns:
        One preview for each order that would be made or changed in M3.

    Raises:
        ConnectorError: What a real run would end with (more than is left, a rate without an item ...).
    """
    with transaction(ledger) as connection:
        claim = dry_claim(store, flow=FLOW, key=key, pool=POOL, at=now(connection))
    journal = DryJournal(ledger, claim)
    try:
        return list(_preview(Run(store=store, journal=journal)))
    except WaitingError as error:
        return [Preview(reason=f"it waits: {error.message}")]
    finally:
        journal.rollback()


def _preview(run: Run) -> Iterator[Preview]:
    key, scope = run.claim.business_key, run.store.name
    known = bindings.find_m3_key(run.journal.connection, bindings.REFUND, shop_scope=scope, shop_key=key)
    posted = find_posted(run.journal.connection, shop_scope=scope, shop_key=str(ids_of(key)[0]))
    found = read(run)
    held = find_discard(run, found.order)
    if known is not None:
        yield Preview(reason=f"it is in M3 as {known}")
    elif held is not None:
        yield held
    elif found.refund is None or found.order is None:
        yield Preview(reason="it does not exist in the shop")
    elif not found.gives_back:
        yield Preview(reason="a refund of 0.00")
    elif posted is None:
        yield Preview(
            reason="this ledger knows no order of M3 for it (yet); ask for the order: connector sync orders_to_m3"
        )
    elif run.store.config.refunds is None:
        yield Preview(reason="the store file does not say what becomes of refunds, so it waits for a person")
    else:
        yield from _of_posted_order(run, found, posted)


def _of_posted_order(run: Run, found: Found, posted: Posted) -> Iterator[Preview]:
    assert found.order is not None, "asked for before"
    turns.wait_for_earlier(run, found)
    decimals = currency_decimals(run, found.order.currency).amounts
    taken = take_back(run, found, decimals=decimals)
    left = unpicked.what_is_left(run, found, posted, taken)
    if left is None:
        yield Preview(reason=f"order {posted.document.final_number} was made smaller by it")
        return
    sale = look(run, posted, left)
    kept = (
        unpicked.what_to_take_off(run, found, posted, sale, taken=taken, decimals=decimals) if left is taken else None
    )
    if kept is not None:
        reduced = unpicked.order_left(run, found.order, taken.refund_id, kept)
        yield preview_posted(run, sale.number, posted, reduced)
        return
    left, _ = with_rounding_of_order(run, found, posted, left, decimals=decimals)
    yield from _credits(run, found, sale, left, decimals=decimals)


def _credits(run: Run, found: Found, sale: Sale, taken: Taken, *, decimals: int) -> Iterator[Preview]:
    assert found.order is not None, "asked for before"
    stage = sale.stage_for(taken.pieces)
    if stage is Stage.ENDED:
        yield Preview(reason=f"order {sale.number} ended in M3 without an invoice")
        return
    if stage is not Stage.INVOICED:
        raise wait_for_invoice(run, sale)
    billed = read_billed(run, sale)
    refuse_above_invoiced(found, taken, sale, billed, limit=rounding_limit(run, found.order, decimals=decimals))
    memo = as_credit_memo(run)
    for one in invoices.share_out(run, found, taken, sale=sale, billed=billed, decimals=decimals):
        plan = make_plan(
            run,
            found,
            one.taken,
            sale=sale,
            invoice=one.invoice,
            decimals=currency_decimals(run, found.order.currency),
        )
        yield preview_plan(memo, plan, said=f"credit of order {sale.number}, invoice {one.invoice.name}")
