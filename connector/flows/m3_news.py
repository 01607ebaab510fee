"""Makes due what a message of M3 calls for; called by event_intake.py for what comes in and by m3_events.py for what is released.

A message is a trigger: the flows read the truth from M3. Older and repeated versions of a document call for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.ion.bods import Bod, Noun
from connector.ion.due import Due, merged
from connector.ion.events import M3Event
from connector.ion.rules import CUSTOMER_FLOWS, ITEM_FLOWS, ORDER_FLOWS
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import stage_delivery
from connector.ledger.item_offers import find_unsold
from connector.ledger.known_customers import bound_accounts
from connector.ledger.leaving import changed_in_m3
from connector.ledger.messages import find_shop_order
from connector.ledger.offers import mark_due
from connector.ledger.session import OpenLedger
from connector.ledger.watermarks import Mark, raise_watermarks

POOLS = {"order_status_to_woo": "status", "orders_to_m3": "orders"}
"""Queues of the flows that are made due by order."""
SHOWN = 5
ITEMS = "items_to_woo"


@dataclass(frozen=True)
class Place:
    """Whose message it is: the store, and tenant and company of M3, within which order numbers are unique."""

    store: str
    m3_scope: str


@dataclass(frozen=True)
class Applied:
    """What a message made due: messages to send after the commit, and in words. `problem` is for a person."""

    messages: tuple[DueMessage, ...]
    note: str
    problem: str = ""


def names_orders(news: Bod | M3Event) -> bool:
    """Tells whether a message makes anything due by an order number of M3."""
    due = news.due if isinstance(news, M3Event) else [one for noun in news.nouns for one in noun.due]
    return any(one.flow in ORDER_FLOWS and one.keys for one in due)


def apply_bod(connection: OpenLedger, bod: Bod, *, place: Place, tenant: str, variation: int | None) -> Applied:
    """Takes the newer versions of a BOD's documents and makes due what they call for.

    A second call with the same BOD finds its versions taken and does nothing; documents without a version are looked at
    again each time.

    Args:
        connection: The transaction that also stores the delivery.
        bod: What was read.
        place: Whose it is.
        tenant: As the request says, for a BOD that does not.
        variation: As the envelope says, for a BOD with one document that does not.
    """
    if not bod.is_listened_to:
        return Applied((), f"Nothing listens to {bod.name}.")
    nouns = [_with_variation(noun, variation) for noun in bod.nouns] if len(bod.nouns) == 1 else bod.nouns
    marks = {_mark(noun): noun for noun in nouns if _mark(noun) is not None}
    raised = raise_watermarks(
        connection,
        place.store,
        tenant=bod.tenant or tenant,
        noun=bod.noun,
        marks=[mark for mark in marks if mark is not None],
        is_deleted=bod.is_deletion,
    )
    live = [noun for noun in nouns if (mark := _mark(noun)) is None or mark in raised.new]
    messages, said = _make_due(connection, merged(one for noun in live for one in noun.due), place=place)
    said += [f"{len(raised.older)} older than what was taken before"] if raised.older else []
    said += [f"{len(raised.same)} taken before"] if raised.same else []
    return Applied(tuple(messages), _sentence(bod.name, said), bod.problem)


def apply_event(connection: OpenLedger, event: M3Event, *, place: Place) -> Applied:
    """Makes due what an event calls for; a second call only has it looked at once more."""
    if not event.is_listened_to:
        named = f"the table {event.table}" if event.table else "an event that names no table"
        return Applied((), f"Nothing listens to {named}.")
    messages, said = _make_due(connection, merged(event.due), place=place)
    return Applied(tuple(messages), _sentence(event.table, said), event.problem)


def _make_due(connection: OpenLedger, due: Sequence[Due], *, place: Place) -> tuple[list[DueMessage], list[str]]:
    messages: list[DueMessage] = []
    said = []
    for one in due:
        if one.flow in ITEM_FLOWS:
            sent, told = _mark_items(connection, one, place=place)
            messages += sent
            said += told
        elif one.flow in CUSTOMER_FLOWS:
            sent, told = _mark_customers(connection, one, place=place)
            messages += sent
            said += told
        else:
            sent, bound = _wake_orders(connection, one, place=place)
            messages += sent
            said += [f"{one.flow} for {_shown(bound, 'order')}"] if bound else []
            unbound = [number for number in one.keys if number not in bound]
            said += [f"no order of the shop is bound to {_shown(unbound, 'order')}"] if unbound else []
    return messages, said


def _mark_items(connection: OpenLedger, due: Due, *, place: Place) -> tuple[list[DueMessage], list[str]]:
    """Leaves out prices and stock of items the shop does not sell: most items of M3 are in no shop."""
    unsold = set() if due.flow == ITEMS else find_unsold(connection, place.store, item_numbers=due.keys)
    sold = [number for number in due.keys if number not in unsold]
    left_out = [number for number in due.keys if number in unsold]
    messages = mark_due(connection, place.store, flow=due.flow, item_numbers=sold)
    said = [f"{due.flow} for {_shown(sold, 'item')}"] if sold else []
    return messages, said + ([f"the shop does not sell {_shown(left_out, 'item')}"] if left_out else [])


def _mark_customers(connection: OpenLedger, due: Due, *, place: Place) -> tuple[list[DueMessage], list[str]]:
    """Leaves out customers without an account in the shop: most customers of M3 never saw it."""
    bound = [one.number for one in bound_accounts(connection, place.store, numbers=due.keys)]
    messages = mark_due(connection, place.store, flow=due.flow, item_numbers=bound)
    said = [f"{due.flow} for {_shown(bound, 'customer')}"] if bound else []
    left_out = [number for number in due.keys if number not in bound]
    return messages, said + ([f"no account of the shop is {_shown(left_out, 'customer')}"] if left_out else [])


def _wake_orders(connection: OpenLedger, due: Due, *, place: Place) -> tuple[list[DueMessage], list[str]]:
    messages, bound = [], []
    for number in due.keys:
        order_id = find_shop_order(connection, place.store, m3_scope=place.m3_scope, number=number)
        if order_id is None:
            continue
        bound.append(number)
        received = changed_in_m3(place.store, order_id, number=number, flow=due.flow, pool=POOLS[due.flow], source="m3")
        recorded = stage_delivery(connection, received)
        if recorded.due and recorded.exchange_id is not None:
            messages.append(DueMessage(recorded.exchange_id, POOLS[due.flow], recorded.claim_no))
    return messages, bound


def _mark(noun: Noun) -> Mark | None:
    """Returns the version a noun is taken at; none while a part of it cannot be used, for it has to be taken again then."""
    if noun.problem or noun.identity is None or noun.variation is None:
        return None
    known = noun.identity
    return Mark(known.accounting_entity, known.location, known.document_id, noun.variation)


def _with_variation(noun: Noun, variation: int | None) -> Noun:
    return noun if noun.variation is not None else Noun(noun.identity, variation, noun.due, noun.problem)


def _shown(keys: Sequence[str], what: str) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return f"{len(keys)} {what}{'s' if len(keys) != 1 else ''} ({', '.join(keys[:SHOWN])}{more})"


def _sentence(name: str, said: Sequence[str]) -> str:
    return f"{name}: {'; '.join(said) or 'nothing to do'}."
