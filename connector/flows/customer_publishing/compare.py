"""Both sides of each customer that has an account in the shop, field by field. Called by the dry run and `connector reconcile`.

Values of the billing address belong to a person and are not shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from connector.errors import MappingError
from connector.flows.context import StoreContext
from connector.flows.customer_publishing.fields import META
from connector.flows.customer_publishing.pieces import piece_of, remedy_of, still_refused
from connector.flows.customer_publishing.sides import FactsRead, differing, read_m3, shown, wanted_of
from connector.flows.pulling import Compared, Progress, Reason
from connector.ledger.known_customers import BoundAccount, bound_accounts
from connector.ledger.refused_pieces import with_refused
from connector.ledger.session import Ledger, transaction
from connector.woocommerce.canonical import JSONDict

PAGE = 100
HIDDEN = "***"


def compare(
    ledger: Ledger,
    store: StoreContext,
    *,
    item_numbers: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Iterator[Compared]:
    """Yields the fields that differ; a customer of which all is equal gives one row that says so.

    Args:
        ledger: The ledger; nothing is written to it.
        store: Whose shop; nothing is yielded if its file does not publish customers.
        item_numbers: Only these customers of M3; None: all that have an account.
        progress: Told how many were looked at.

    Raises:
        ConnectorError: M3, the shop or the ledger cannot be asked now.
    """
    if store.config.publish.customers is None:
        return
    with transaction(ledger) as connection:
        bound = list(bound_accounts(connection, store.name, numbers=item_numbers))
        refused = (
            with_refused(connection, store.name) if item_numbers is None else {}
        )  # who names one has it sent again
    for number in sorted(set(item_numbers or ()) - {one.number for one in bound}):
        yield _row(number, None, "all", Reason.UNKNOWN_IN_SHOP, words="no account of the shop is this customer")
    for start in range(0, len(bound), PAGE):
        page = bound[start : start + PAGE]
        yield from _page(store, page, refused)
        if progress:
            progress(min(start + PAGE, len(bound)), len(bound))


def _page(
    store: StoreContext, page: Sequence[BoundAccount], written: Mapping[str, Mapping[str, Any]]
) -> Iterator[Compared]:
    read = read_m3(store, [one.number for one in page])
    rows = store.shop.customers.by_id([one.account for one in page])
    for one in page:
        yield from _of(store, one, read, rows.get(one.account), written.get(one.number, {}))


def _of(
    store: StoreContext, one: BoundAccount, read: FactsRead, row: JSONDict | None, written: Mapping[str, Any]
) -> Iterator[Compared]:
    if row is None:
        yield _row(one.number, one.account, "all", Reason.UNKNOWN_IN_SHOP)
        return
    if one.number in read.gone:
        yield _row(one.number, one.account, "all", Reason.UNKNOWN_IN_M3)
        return
    error = read.errors.get(one.number)
    try:
        wanted = {} if error else wanted_of(store, read.facts[one.number])
    except MappingError as no_place:
        error = no_place
    if error is not None:
        yield _row(one.number, one.account, "all", Reason.ERROR, words=error.message, remedy=error.resolution)
        return
    different = differing(wanted, row)
    refused = still_refused(written, wanted, different)
    for name, text in different.items():
        if piece_of(name) in refused:
            why = refused[piece_of(name)]
            yield _row(one.number, one.account, name, Reason.ERROR, words=why.words, remedy=remedy_of(one.number))
            continue
        has_value = name.startswith(META)
        yield _row(
            one.number,
            one.account,
            name,
            Reason.DIFFERENT,
            m3=text if has_value else HIDDEN,
            shop=shown(row, name) if has_value else HIDDEN,
        )
    if not different:
        yield _row(one.number, one.account, "all", Reason.EQUAL)


def _row(
    number: str,
    account: int | None,
    name: str,
    reason: Reason,
    *,
    m3: str | None = None,
    shop: str | None = None,
    words: str = "",
    remedy: str = "",
) -> Compared:
    return Compared(
        item_number=number,
        sku=None,
        product_id=account,
        field=name,
        m3=m3,
        shop=shop,
        reason=reason,
        wanted=m3 if reason is Reason.DIFFERENT else None,
        words=words,
        remedy=remedy,
    )
