"""`connector sync products_to_m3`: looks at products changed in the shop, by id or by time, or shows what a look would do.

Called by sync.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connector.cli.differences import TableWriter
from connector.cli.output import print_json, say
from connector.cli.rows import JsonWriter, Writer
from connector.cli.sending import send_messages
from connector.cli.waiting import wait_until_settled
from connector.errors import PermanentError
from connector.flows.context import StoreContext
from connector.flows.polling import Polled
from connector.flows.products.carrying import FLOW
from connector.flows.products.compare import compare_products
from connector.flows.products.poll import ask_for_products, poll_products_since
from connector.flows.pulling import Compared, Reason
from connector.ledger.listing import ExchangeRow, exchanges_by_id, exchanges_by_key
from connector.ledger.session import transaction
from connector.runtime import Runtime

Window = tuple[datetime, datetime | None]
MOST_NAMED = 20


def sync_products(
    runtime: Runtime, store: StoreContext, *, ids: list[int], window: Window | None, wait: bool, as_json: bool
) -> int:
    """Makes the products due and tells what became of them.

    Returns:
        The exit status: with a wait 1 if one is not done.

    Raises:
        PermanentError: The store does not carry changes of products.
        ConnectorError: The shop or the ledger is away.
    """
    _require_carried(store)
    polled = _record(runtime, store, ids, window)
    send_messages(runtime, polled.messages)
    with transaction(runtime.engine) as connection:
        if ids:
            rows = exchanges_by_key(connection, store=store.name, flow=FLOW, keys=[str(one) for one in ids])
        else:
            rows = exchanges_by_id(connection, [message.exchange_id for message in polled.messages])
    if wait and rows:
        rows = wait_until_settled(runtime.engine, [row.id for row in rows])
    if as_json:
        print_json({"rows_read": polled.rows, "exchanges": rows})
    else:
        _tell(rows, polled)
    return int(wait and any(row.state != "done" for row in rows))


def show_products(
    runtime: Runtime, store: StoreContext, *, ids: list[int], window: Window | None, as_json: bool
) -> int:
    """Shows what a look at the products would do; writes nothing.

    Returns:
        The exit status: 1 if a product needs a person.

    Raises:
        PermanentError: The store does not carry changes of products.
        ConnectorError: M3, the shop or the ledger is away.
    """
    _require_carried(store)
    writer: Writer[Compared] = JsonWriter() if as_json else TableWriter()
    status = 0
    for row in _compared(runtime, store, ids or _changed(store, window)):
        writer.add(row)
        status |= row.reason is Reason.UNKNOWN_IN_M3 and row.item_number is not None
    writer.end({})
    return status


def _compared(runtime: Runtime, store: StoreContext, ids: Iterable[int]) -> Iterable[Compared]:
    return compare_products(runtime.engine, store, product_ids=ids)


def _changed(store: StoreContext, window: Window | None) -> Iterable[int]:
    assert window is not None, "either ids or a window is given"
    since, _ = window
    for page in store.shop.products.pages(modified_after=since, fields=("id",)):
        yield from (int(row["id"]) for row in page.rows)


def _record(runtime: Runtime, store: StoreContext, ids: list[int], window: Window | None) -> Polled:
    if window is None:
        return ask_for_products(runtime.engine, store.name, product_ids=ids)
    since, until = window
    return poll_products_since(runtime.engine, store, since=since, until=until)


def _require_carried(store: StoreContext) -> None:
    if store.config.publish.products is None:
        raise PermanentError(
            f"Store {store.name} does not carry changes of products.",
            resolution="Add publish.products to its store file (docs/products.md), and give it to `connector store add`.",
        )


def _tell(rows: list[ExchangeRow], polled: Polled) -> None:
    if not rows:
        say(f"Nothing to do: of {polled.rows} products read, none that is an item of M3 has changed.")
    for row in rows[:MOST_NAMED]:
        told = "".join(f" {part}" for part in (row.reason, row.resolution) if part)
        say(f"Product {row.business_key}: exchange {row.id}, {row.state}" + (f":{told}" if told else ""))
    if len(rows) > MOST_NAMED:
        say(f"... and {len(rows) - MOST_NAMED} more; `connector exchanges list` shows them.")
