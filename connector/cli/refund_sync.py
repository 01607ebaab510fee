"""`connector sync refunds_to_m3`: carries the refunds of given orders, or of some time, or shows what a run would send.

Called by sync.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from connector.cli.output import err, print_json, say
from connector.cli.previews import Shown, print_shown
from connector.cli.sending import send_messages
from connector.cli.waiting import wait_until_settled
from connector.errors import ConnectorError
from connector.flows.context import StoreContext
from connector.flows.refunds.noticing import ids_of
from connector.flows.refunds.poll import Window, ask_for_refunds, list_keys
from connector.flows.refunds.preview import preview_refund
from connector.ledger.listing import ExchangeRow, exchanges_by_id
from connector.ledger.session import transaction
from connector.runtime import Runtime

MOST_NAMED = 20


def sync_refunds(
    runtime: Runtime, store: StoreContext, *, ids: list[int], window: Window | None, wait: bool, as_json: bool
) -> int:
    """Makes the refunds due and tells what became of them.

    Args:
        runtime: Ledger and broker.
        store: Whose refunds.
        ids: Ids of their orders; empty for a window.
        window: When they were made.
        wait: Wait until all are settled.
        as_json: Print JSON.

    Returns:
        The exit status: with a wait 1 if one is not done.

    Raises:
        ConnectorError: The shop or the ledger is away.
    """
    polled = ask_for_refunds(runtime.engine, store, order_ids=ids, window=window)
    send_messages(runtime, polled.messages)
    with transaction(runtime.engine) as connection:
        rows = exchanges_by_id(connection, [message.exchange_id for message in polled.messages])
    if wait and rows:
        rows = wait_until_settled(runtime.engine, [row.id for row in rows])
    if as_json:
        print_json({"rows_read": polled.rows, "exchanges": rows})
    else:
        _tell(rows)
    return int(wait and any(row.state != "done" for row in rows))


def show_refunds(runtime: Runtime, store: StoreContext, *, ids: list[int], window: Window | None, as_json: bool) -> int:
    """Shows every M3 transaction a run would send, refund by refund; writes nothing.

    Returns:
        The exit status: 1 if one of them would end as a dead letter or could not be read.

    Raises:
        ConnectorError: The shop or the ledger is away.
    """
    shown: list[Shown] = []
    with err().status("Asking the shop and M3 ...") as status:
        for key in list_keys(store, order_ids=ids, window=window):
            status.update(_name(key))
            shown += _look(runtime, store, key)
    return print_shown(shown, as_json=as_json, nothing="Nothing to do: the shop lists no such refund.")


def _look(runtime: Runtime, store: StoreContext, key: str) -> Iterator[Shown]:
    order_id, refund_id = ids_of(key)
    keys = {"order_id": order_id, "refund_id": refund_id}
    try:
        for preview in preview_refund(runtime.engine, store, key=key):
            yield Shown(_name(key), keys, preview)
    except ConnectorError as error:
        yield Shown(_name(key), keys, None, error)


def _name(key: str) -> str:
    order_id, refund_id = ids_of(key)
    return f"Refund {refund_id} of order {order_id}"


def _tell(rows: list[ExchangeRow]) -> None:
    for row in rows[:MOST_NAMED]:
        told = "".join(f" {part}" for part in (row.reason, row.resolution) if part)
        say(f"{_name(row.business_key)}: exchange {row.id}, {row.state}" + (f":{told}" if told else ""))
    if len(rows) > MOST_NAMED:
        say(f"... and {len(rows) - MOST_NAMED} more; `connector exchanges list` shows them.")
    if not rows:
        say("Nothing to do: the shop lists no such refund.")
