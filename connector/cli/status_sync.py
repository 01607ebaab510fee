"""`connector sync order_status_to_woo`: brings how far orders are in M3 to the shop now, or shows what it would write.

Called by sync.py.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from connector.cli.output import print_json, print_table, say
from connector.cli.sending import send_messages
from connector.cli.waiting import wait_until_settled
from connector.errors import ConnectorError
from connector.flows.context import StoreContext
from connector.flows.polling import Polled
from connector.flows.progress.poll import FLOW, make_due
from connector.flows.progress.preview import StatusPreview, preview_status
from connector.ledger.bindings import find_order
from connector.ledger.listing import ExchangeRow, exchanges_by_key
from connector.ledger.order_progress import posted_between
from connector.ledger.session import transaction
from connector.runtime import Runtime

MOST_NAMED = 20
Window = tuple[datetime, datetime | None]


def sync_status(
    runtime: Runtime, store: StoreContext, *, ids: list[int], window: Window | None, wait: bool, as_json: bool
) -> int:
    """Makes the orders due and tells what became of them.

    Args:
        runtime: Ledger and broker.
        store: Whose orders.
        ids: Ids of the shop; empty for a window.
        window: When they were posted.
        wait: Wait until all are settled.
        as_json: Print JSON.

    Returns:
        The exit status: with a wait 1 if one is not done, and 1 if one is not in M3.

    Raises:
        ConnectorError: The ledger is away.
    """
    wanted = ids or _posted(runtime, store, window)
    polled, unbound = Polled(rows=len(wanted)), []
    with transaction(runtime.engine) as connection:
        for order_id in wanted:
            bound = find_order(connection, shop_scope=store.name, shop_key=str(order_id))
            if bound is None:
                unbound.append(order_id)
            else:
                make_due(connection, store.name, str(order_id), number=bound[0], source="cli", polled=polled)
    send_messages(runtime, polled.messages)
    due = [str(one) for one in wanted if one not in unbound]
    with transaction(runtime.engine) as connection:
        rows = exchanges_by_key(connection, store=store.name, flow=FLOW, keys=due) if due else []
    if wait and rows:
        rows = wait_until_settled(runtime.engine, [row.id for row in rows])
    if as_json:
        print_json({"orders": len(wanted), "not_in_m3": unbound, "exchanges": rows})
    else:
        _tell(rows, unbound)
    return int(bool(unbound) or (wait and any(row.state != "done" for row in rows)))


def show_status(runtime: Runtime, store: StoreContext, *, ids: list[int], window: Window | None, as_json: bool) -> int:
    """Shows what would be written into the shop, order by order; writes nothing.

    Returns:
        The exit status: 1 if one cannot be read.

    Raises:
        ConnectorError: The ledger is away.
    """
    shown = [_look(runtime, store, order_id) for order_id in ids or _posted(runtime, store, window)]
    if as_json:
        print_json([asdict(one) for one in shown])
    else:
        for one in shown:
            _print(one)
        say("Dry run: nothing was written." if shown else "No order was posted in that time.")
    return int(any(one.trouble for one in shown))


def _posted(runtime: Runtime, store: StoreContext, window: Window | None) -> list[int]:
    assert window is not None, "either ids or a window is given"
    with transaction(runtime.engine) as connection:
        return posted_between(connection, store.name, since=window[0], until=window[1])


def _look(runtime: Runtime, store: StoreContext, order_id: int) -> StatusPreview:
    try:
        return preview_status(runtime.engine, store, order_id=order_id)
    except ConnectorError as error:
        return StatusPreview(order_id, None, "cannot be looked at", f"{error.message} {error.resolution}".strip())


def _print(one: StatusPreview) -> None:
    number = f", M3 order {one.number}" if one.number else ""
    say(f"Order {one.order_id}{number}: {one.words.rstrip('.')}." + (f" {one.trouble}" if one.trouble else ""))
    if one.changes:
        print_table(("Field", "Now", "Would be"), one.changes)
    for text, whom in one.notes:
        say(f"  Note to the {whom}: {text}")
    if not (one.changes or one.notes or one.trouble):
        say("  Nothing to write.")


def _tell(rows: list[ExchangeRow], unbound: list[int]) -> None:
    for row in rows[:MOST_NAMED]:
        told = "".join(f" {part}" for part in (row.reason, row.resolution) if part)
        say(f"Order {row.business_key}: exchange {row.id}, {row.state}" + (f":{told}" if told else ""))
    if len(rows) > MOST_NAMED:
        say(f"... and {len(rows) - MOST_NAMED} more; `connector exchanges list` shows them.")
    if unbound:
        say(
            f"Not in M3: {', '.join(map(str, unbound[:MOST_NAMED]))}. Carry them first: connector sync orders_to_m3 --ids ..."
        )
    if not rows and not unbound:
        say("Nothing to do: no order was posted in that time.")
