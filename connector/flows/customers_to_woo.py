"""Shows on the accounts of the shop what M3 says of its customers: number, terms, stop, and the parts M3 is the master of.

Run by workers/base.py, one exchange a store: what is due is gathered, both sides are read, what differs is written in batches,
each customer is settled with what became of it. What is written here comes back as `customer.updated`, and changes nothing that
customers_to_m3 carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from connector.errors import ConnectorError, MappingError, RetryableError
from connector.flows.batches import UPDATE, Pace, carry, write
from connector.flows.batches import leave as leave_all
from connector.flows.context import Run
from connector.flows.customer_publishing.fields import FLOW
from connector.flows.customer_publishing.sides import (
    FactsRead,
    differing,
    element_of,
    read_m3,
    shown,
    told,
    wanted_of,
)
from connector.flows.customers.leaving import account_asked
from connector.flows.customers.seeing import login_of
from connector.flows.outcome import Done
from connector.ledger.known_customers import bound_accounts
from connector.ledger.offers import Offer, Result
from connector.ledger.shop_accounts import had_address
from connector.ledger.trail import TrailLine
from connector.woocommerce.batches import Done as Written
from connector.woocommerce.batches import ElementResult
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.customers import UNKNOWN

PACE = Pace(most=100, quiet_s=0.3, longest_s=2.0)
AGAIN_S = 60.0


@dataclass(frozen=True)
class Change:
    """A customer whose account is to be written."""

    offer: Offer
    account: int
    row: JSONDict
    wanted: Mapping[str, str]
    changes: Mapping[str, str]


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
            yield _settled(offer)
            continue
        outcome = _decide(run, offer, bound.get(offer.item_number), read, rows)
        if isinstance(outcome, Result):
            yield outcome
        else:
            changes.append(outcome)
    if changes:
        yield from _write(run, changes)


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
        return _settled(offer)  # erased or deleted meanwhile
    if number in read.gone:
        return _settled(
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
        return _settled(offer)
    try:
        wanted = wanted_of(run.store, read.facts[number])
    except MappingError as error:
        return _failed(offer, error)
    different = differing(wanted, row)
    return Change(offer, account, row, wanted, different) if different else _settled(offer)


def _write(run: Run, changes: Sequence[Change]) -> Iterator[Result]:
    """Writes one batch; what it was for stays due where the answer was lost, and is compared again."""
    elements = [element_of(one.account, one.changes) for one in changes]
    numbers = [one.offer.item_number for one in changes]
    send = partial(run.store.shop.customers.write_batch, elements)
    lines = [_told(one) for one in changes]
    answers = write(run, flow=FLOW, name=UPDATE, items=numbers, request=elements, told=lines, send=send)
    if answers is None:
        return
    run.journal.tell(line for line, answer in zip(lines, answers, strict=True) if isinstance(answer, Written))
    for change, answer in zip(changes, answers, strict=True):
        yield _result(run, change, answer)


def _told(change: Change) -> TrailLine:
    return TrailLine(
        action="POST customers/batch",
        system="shop",
        key=str(change.account),
        before=told(_before(change)),
        after=told(change.changes),
        why="M3 is the master",
    )


def _result(run: Run, change: Change, answer: ElementResult) -> Result:
    if not isinstance(answer, Written):
        if answer.remote_code == UNKNOWN:
            run.leave(account_asked(run.store.name, change.account, source="poll_missing"))
            return _settled(change.offer)
        return _settled(
            change.offer,
            code=answer.problem.value,
            problem=f"Account {change.account} was not written. {answer.message}",
            remedy="Correct the value in M3 or in config/mappings/customers_to_woo.yaml; it is written when it changes.",
        )
    left = sorted(differing(change.wanted, answer.resource))
    if left:
        return _settled(
            change.offer,
            code="not_taken",
            problem=f"The shop took the change of account {change.account} but shows another value in {', '.join(left)}.",
            remedy="A plug-in may own these fields: take them out of config/mappings/customers_to_woo.yaml.",
        )
    return _settled(change.offer, written={"fields": sorted(change.changes)})


def _before(change: Change) -> dict[str, str]:
    return {name: shown(change.row, name) for name in change.changes}


def _failed(offer: Offer, error: ConnectorError) -> Result:
    retry_s = AGAIN_S if isinstance(error, RetryableError) else None
    return _settled(offer, code=error.code, problem=error.message, remedy=error.resolution, retry_s=retry_s)


def _settled(
    offer: Offer,
    *,
    written: dict[str, object] | None = None,
    code: str | None = None,
    problem: str | None = None,
    remedy: str | None = None,
    retry_s: float | None = None,
) -> Result:
    return Result(
        item_number=offer.item_number,
        rev=offer.rev,
        written=written,
        code=code,
        problem=problem,
        remedy=remedy,
        retry_s=retry_s,
    )
