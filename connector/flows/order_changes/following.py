"""Lets M3 follow an order that was changed, ended or restored in the shop after it was posted. Called by orders_to_m3.

Look, see that nobody else changed it, write what differs, look again: targets are absolute, so whatever was lost on the way,
the next look decides. Never a second order.
"""

from __future__ import annotations

from connector.flows import acceptance
from connector.flows.context import Run
from connector.flows.order_changes.bringing_up import Following
from connector.flows.order_changes.differing import find_todo
from connector.flows.order_changes.ending import end_deleted, hand_over, in_short, settled
from connector.flows.order_changes.keeping import is_under_way
from connector.flows.order_changes.news import News, Standing, read_news, standing_of
from connector.flows.order_changes.watching import stop_watching
from connector.flows.orders.proving import let_go
from connector.flows.orders.source import unknown_status
from connector.flows.outcome import Done
from connector.flows.stock import selling
from connector.ledger.document_records import DocumentRecord
from connector.m3.calls import Call
from connector.stores.orders import ChangePolicy
from connector.woocommerce.models import Order


def follow(run: Run, document: DocumentRecord, order: Order | None) -> Done:
    """Brings the order in M3 to what the shop says, or says that it is so already.

    Raises:
        NeedsPersonError: M3 does not allow the change, or a person changed the order there; both sides are shown.
        NotYetError: The settle time of a lost answer is not over, or M3 has taken a change that has no effect yet.
        NotTenantError: Another installation writes for the store.
        ConnectorError: See errors.py.
    """
    number = document.final_number or ""
    news = read_news(run, document, order)
    selling.note_posted(run, news.held)
    if news.is_settled and not _is_doubted(run, document, news):
        return settled(document, news, number, _leave_alone(run, document, number) if run.claim.is_accepted else "")
    if news.is_settled and run.store.config.orders.changes is ChangePolicy.PERSON:
        return Following(run, document, news, number).compare_only()
    document = acceptance.show(run, document, news.shown)
    if not news.is_known:
        raise unknown_status(order, where=f"order {number} stays as it is in M3")
    if run.store.config.orders.changes is ChangePolicy.PERSON and not is_under_way(document):
        hand_over(run, news, number, what=in_short(news))
    if standing_of(document) is Standing.DELETED:
        return end_deleted(document, news, number)
    return Following(run, document, news, number).bring_up()


def foresee(run: Run, document: DocumentRecord, order: Order | None) -> list[Call]:
    """Returns what `follow` would send, with the hold before and after left out; writes nothing.

    Raises:
        ConnectorError: What `follow` would end with.
    """
    number = document.final_number or ""
    news = read_news(run, document, order)
    if news.is_settled and not _is_doubted(run, document, news):
        return []
    if not news.is_known:
        raise unknown_status(order, where=f"order {number} stays as it is in M3")
    if not news.is_settled and run.store.config.orders.changes is ChangePolicy.PERSON:
        hand_over(run, news, number, what=in_short(news))
    following = Following(run, document, news, number)
    held = following.look()
    if held is None:
        return [] if following.wanted.ends else following.refuse_gone()
    todo = find_todo(following.wanted, held, following.rules)
    following.refuse_foreign(held, todo)
    if todo.forbidden:
        hand_over(run, news, number, what="; ".join(todo.forbidden))
    following.require_vat_codes(todo)
    return [write.call for write in todo.writes]


def _is_doubted(run: Run, document: DocumentRecord, news: News) -> bool:
    """Tells whether M3 is to be looked at although nothing is new: a person replays the exchange, and nobody settled it by hand."""
    return run.claim.is_replay and not news.is_by_person and standing_of(document) is not Standing.DELETED


def _leave_alone(run: Run, document: DocumentRecord, number: str) -> str:
    """Unlocks an order that a person has settled, and looks at it no more; says so."""
    stop_watching(run, document)
    return let_go(run, document, number)
