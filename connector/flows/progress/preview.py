"""What a run would write of an order's progress into the shop; reads both, writes nothing.

Called by `connector sync --dry-run`.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.flows.context import StoreContext
from connector.flows.progress.reading import read
from connector.flows.progress.wanted import wanted
from connector.ledger.bindings import find_order
from connector.ledger.order_progress import told_facts
from connector.ledger.session import Ledger, transaction
from connector.woocommerce.models import parse_order


@dataclass(frozen=True)
class StatusPreview:
    """One order. `changes` are fields of the shop's order with what is there and what would be; notes are (text, for whom)."""

    order_id: int
    number: str | None
    words: str
    trouble: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


def preview_status(ledger: Ledger, store: StoreContext, *, order_id: int) -> StatusPreview:
    """Returns what would be written now.

    Raises:
        ConnectorError: M3 or the shop cannot be asked, or refuses.
    """
    with transaction(ledger) as connection:
        bound = find_order(connection, shop_scope=store.name, shop_key=str(order_id))
        told = told_facts(connection, store.name, order_id=str(order_id))
    if bound is None:
        return StatusPreview(order_id, None, "the order is not in M3")
    if not store.config.orders.progress.carry:
        return StatusPreview(order_id, bound[0], "the store carries only the number (orders.progress.carry)")
    seen = read(store, bound[0])
    order = parse_order(store.shop.get_order(order_id).data)
    lacks = wanted(store.config.orders.progress, seen, order, number=bound[0])
    untold = [note for note in lacks.notes if note.fact not in told]
    if untold:
        texts = [str(one.get("note", "")) for one in store.shop.list_notes(order_id)]
        untold = [note for note in untold if not any(note.looks_like.fullmatch(one) for one in texts)]
    changes = [] if lacks.status is None else [("status", order.status, lacks.status)]
    changes += [(key, str(order.meta(key) or ""), value) for key, value in lacks.meta.items()]
    return StatusPreview(
        order_id,
        bound[0],
        seen.in_words,
        "" if seen.trouble is None else seen.trouble.message,
        tuple(changes),
        tuple((note.text, "customer" if note.for_customer else "staff") for note in untold),
    )
