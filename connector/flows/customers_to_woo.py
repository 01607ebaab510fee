"""Shows on the accounts of the shop what M3 says of its customers: number, terms, stop, and the parts M3 is the master of.

Run by workers/base.py, one exchange a store: what is due is gathered, both sides are read, what differs is written in batches,
each customer is settled with what became of it; a value the shop refuses is told by name and holds up no other. What is written
here comes back as `customer.updated`, and changes nothing that customers_to_m3 carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from connector.errors import ConnectorError, MappingError, RetryableError
from connector.flows.batches import Pace, carry
from connector.flows.batches import leave as leave_all
from connector.flows.context import Run
from connector.flows.customer_publishing.fields import FLOW
from connector.flows.customer_publishing.pieces import piece_of, still_refused
from connector.flows.customer_publishing.sides import FactsRead, differing, read_m3, wanted_of
from connector.flows.customer_publishing.writing import Change, settled, still_to_correct, write_accounts
from connector.flows.customers.leaving import account_asked
from connector.flows.customers.seeing import login_of
from connector.flows.outcome import Done
from connector.ledger.known_customers import bound_accounts
from connector.ledger.offers import Offer, Result
from connector.ledger.refused_pieces import REFUSED
from connector.ledger.shop_accounts import had_address
from connector.woocommerce.canonical import JSONDict

PACE = Pace(most=100, quiet_s=0.3, longest_s=2.0)
AGAIN_S = 60.0


def run(run: Run) -> Done:
    """Carries what M3 says of all customers that are due.

    Raises:
        RetryableError: M3, the shop or the ledger cannot be asked now; what is due stays due.
        ConfigurationError: Credentials or names are wrong.
    """
    if run.store.config.publish.customers is None:
        return leave_all(run, flow=FLOW, part="customers")
    return carry(run, flow=FLOW, pace=PACE, work=partial(_work, run))


def _work(run: Run, offers: list[Offer]) -> Iterator[Result]:
    numbers = [one.item_number for one in offers]
    bound = {one.number: one.account for one in bound_accounts(run.journal.connection, run.store.name, numbers=numbers)}
    run.journal.pause()
    read = read_m3(run.store, [one for one in numbers if one in bound])
    rows = run.store.shop.customers.by_id([bound[one] for one in read.facts])
    emptied = _emptied(run, rows)
    for account in emptied:
        run.leave(account_asked(run.store.name, account, source="poll_missing"))
    changes: list[Change] = []
    for offer in offers:
        if bound.get(offer.item_number) in emptied:
            yield settled(offer)
            continue
        outcome = _decide(run, offer, bound.get(offer.item_number), read, rows)
        if isinstance(outcome, Result):
            yield outcome
        else:
            changes.append(outcome)
    if changes:
        yield from write_accounts(run, changes)


def _emptied(run: Run, rows: Mapping[int, JSONDict]) -> set[int]:
    """Returns the accounts that the shop has emptied: what M3 still says of these people is not written there again."""
    empty = [account for account, row in rows.items() if login_of(row) is None]
    return had_address(run.journal.connection, run.store.name, accounts=empty) if empty else set()


def _decide(
    run: Run, offer: Offer, account: int | None, read: FactsRead, rows: Mapping[int, JSONDict]
) -> Result | Change:
    """Says what becomes of a customer: nothing, a write, or words for a person."""
    number = offer.item_number
    if account is None:
        return settled(offer)  # erased or deleted meanwhile
    if number in read.gone:
        return settled(
            offer,
            code="unknown_in_m3",
            problem=f"M3 has no customer {number} any more; account {account} still shows it.",
            remedy=f"Make customer {number} again in CRS610, or delete the account in the shop.",
        )
    if number in read.errors:
        return _failed(offer, read.errors[number])
    row = rows.get(account)
    if row is None:
        run.leave(account_asked(run.store.name, account, source="poll_missing"))
        return settled(offer)
    try:
        wanted = wanted_of(run.store, read.facts[number])
    except MappingError as error:
        return _failed(offer, error)
    different = differing(wanted, row)
    refused = still_refused(offer.written, wanted, different)
    changes = {name: text for name, text in different.items() if piece_of(name) not in refused}
    if changes:
        return Change(offer, account, row, wanted, changes, refused)
    return still_to_correct(offer, account, refused) if REFUSED in offer.written else settled(offer)


def _failed(offer: Offer, error: ConnectorError) -> Result:
    retry_s = AGAIN_S if isinstance(error, RetryableError) else None
    return settled(offer, code=error.code, problem=error.message, remedy=error.resolution, retry_s=retry_s)
