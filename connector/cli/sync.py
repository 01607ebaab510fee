"""`connector sync`: carries given orders across now, by id or by time, or items in batches; or shows what it would write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from connector.cli.batch_sync import Asked, sync_batch
from connector.cli.customer_sync import all_accounts, show_customers, sync_customers
from connector.cli.moments import read_window
from connector.cli.opening import the_store
from connector.cli.output import err, print_json, say, warn
from connector.cli.previews import print_previews
from connector.cli.product_sync import show_products, sync_products
from connector.cli.refund_sync import show_refunds, sync_refunds
from connector.cli.sending import send_messages
from connector.cli.status_sync import show_status, sync_status
from connector.cli.waiting import wait_until_settled
from connector.cli.working import open_runtime
from connector.errors import PermanentError
from connector.flows.context import StoreContext
from connector.flows.customers.leaving import FLOW as CUSTOMERS
from connector.flows.polling import Polled, ask_for, poll_since
from connector.flows.products.carrying import FLOW as PRODUCTS
from connector.flows.progress.poll import FLOW as STATUS
from connector.flows.pulls import PULLS, entry_of_flow
from connector.flows.refunds.noticing import FLOW as REFUNDS
from connector.flows.registry import FLOWS
from connector.ledger.listing import ExchangeRow, exchanges_by_id, exchanges_by_key
from connector.ledger.session import transaction
from connector.runtime import Runtime

BY_HAND = "orders_to_m3"
"""The flow whose exchanges a person can name: their keys are order numbers of the shop. Others are left by it."""

NAMED = (BY_HAND, STATUS, PRODUCTS, CUSTOMERS, REFUNDS)
"""The flows whose facts are named by ids of the shop or a time."""

BY_ID_OR_TIME = {
    PRODUCTS: (show_products, sync_products),
    STATUS: (show_status, sync_status),
    REFUNDS: (show_refunds, sync_refunds),
}
"""How such a flow is shown and carried."""

BATCHED = tuple(one.flow for one in PULLS.values())
"""The flows that carry items in batches; what is named for them are item numbers of M3."""

MOST_NAMED = 20
OF_ORDERS = f"Ask for the order: connector sync {BY_HAND} --ids 1001."
ASK_INSTEAD = {
    "stock_to_m3": "Ask for the items: connector sync stock_to_woo --ids ITEM1; what differs in the shop is looked at with them.",
    "discards_to_woo": "Write the marks of an order anew: connector exchanges replay ID; `connector exchanges list --flow "
    "discards_to_woo` names them.",
    "m3_events": "Have M3 send the message again, or deliver it from a file: connector bods send FILE.",
}
"""What brings the facts of flows that no order leaves."""

app = typer.Typer()


@app.command()
def sync(
    flow: Annotated[str, typer.Argument(help=f"The flow: {', '.join((*NAMED, *BATCHED))}.")],
    ids: Annotated[
        str | None,
        typer.Option(
            help="Ids of the shop (orders, also of refunds; products, accounts) or item numbers of M3, with commas between."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Orders or products changed (of order_status_to_woo: posted; refunds: made) from then on: a time (UTC), "
            "or 2h, 3d."
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(help="With --since: what changed up to then.")] = None,
    full: Annotated[
        bool, typer.Option(help="Items: read all of M3, not only what changed. Accounts: all that are customers.")
    ] = False,
    store: Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Show what would be written, field by field; write nothing.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait until all are settled; status 1 if one is not done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Carry given facts across now, or show what would be sent."""
    entry = entry_of_flow(flow)
    if entry is not None:
        _refuse_window(since or until)
        asked = Asked(ids=ids, full=full, dry_run=dry_run, wait=wait, as_json=as_json)
        with open_runtime() as runtime:
            context = runtime.store(the_store(runtime.engine, store).name)
            raise typer.Exit(sync_batch(runtime, context, entry, asked))
    _require_order_flow(flow, full=full)
    if flow == CUSTOMERS:
        named = _accounts(ids, since=since or until, full=full)
        with open_runtime() as runtime:
            context = runtime.store(the_store(runtime.engine, store).name)
            accounts = all_accounts(runtime, context) if named is None else named
            if dry_run:
                raise typer.Exit(show_customers(runtime, context, ids=accounts, as_json=as_json))
            raise typer.Exit(sync_customers(runtime, context, ids=accounts, wait=wait, as_json=as_json))
    wanted, window = _wanted(ids, since=since, until=until)
    if flow in BY_ID_OR_TIME:
        show, carry = BY_ID_OR_TIME[flow]
        with open_runtime() as runtime:
            context = runtime.store(the_store(runtime.engine, store).name)
            if dry_run:
                raise typer.Exit(show(runtime, context, ids=wanted, window=window, as_json=as_json))
            raise typer.Exit(carry(runtime, context, ids=wanted, window=window, wait=wait, as_json=as_json))
    with open_runtime() as runtime:
        name = the_store(runtime.engine, store).name
        if dry_run:
            order_ids = wanted or list(_changed(runtime.store(name), window))
            raise typer.Exit(print_previews(runtime.engine, runtime.store(name), order_ids, as_json=as_json))
        polled = _record(runtime, name, wanted, window)
        send_messages(runtime, polled.messages)
        rows = _rows(runtime, name, wanted, polled)
        if wait and rows:
            rows = wait_until_settled(runtime.engine, [row.id for row in rows])
    _tell(rows, polled, waited=wait, as_json=as_json)


def _accounts(ids: str | None, *, since: str | None, full: bool) -> list[int] | None:
    """Returns the accounts that are named; None: all."""
    if since is not None or (ids is None) != full:
        raise PermanentError(
            "The shop cannot tell which accounts changed in a time.",
            resolution="Name them by the shop's numbers: --ids 11,12; or look at all that are customers of M3 (--full), as after a "
            "change of the mapping. What changed in the shop is found four times a day by itself.",
        )
    return None if ids is None else _read_ids(ids)


def _refuse_window(moment: str | None) -> None:
    if moment is not None:
        raise PermanentError(
            "--since and --until are for orders; of items the ledger knows how far M3 was read.",
            resolution="Leave them out, or give --full to read everything anew.",
        )


def _require_order_flow(flow: str, *, full: bool) -> None:
    if flow in NAMED and full and flow != CUSTOMERS:
        raise PermanentError(
            f"--full is for items, not for {flow}.", resolution="Name them: --ids 1001,1002 or --since 3d."
        )
    if flow in NAMED:
        return
    if flow in FLOWS:
        raise PermanentError(
            f"{flow} cannot be asked for by itself: its exchanges are left by other flows.",
            resolution=f"{ASK_INSTEAD.get(flow, OF_ORDERS)} A single exchange that waits for a person is run again by "
            "`connector dead-letters release ID`.",
        )
    raise PermanentError(f"There is no flow {flow!r}.", resolution=f"Use {' or '.join((*NAMED, *BATCHED))}.")


def _wanted(
    ids: str | None, *, since: str | None, until: str | None
) -> tuple[list[int], tuple[datetime, datetime | None] | None]:
    if (ids is None) == (since is None):
        raise PermanentError(
            "Which ones?", resolution="Give either --ids 1001,1002 or --since 2h (with --until, if it shall end)."
        )
    if ids is not None:
        return _read_ids(ids), None
    begin, end = read_window(since, until, options=("--since", "--until"), now=datetime.now(UTC))
    assert begin is not None, "--since was given, see above"
    return [], (begin, end)


def _read_ids(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in parts if not (part.isascii() and part.isdigit())]
    if wrong or not parts:
        raise PermanentError(
            f"--ids {text!r} is no list of shop ids.",
            resolution="Give the numbers the shop's REST shows as id (not customised order numbers): --ids 1001,1002.",
        )
    return list(dict.fromkeys(int(part) for part in parts))


def _changed(store: StoreContext, window: tuple[datetime, datetime | None] | None) -> Iterator[int]:
    assert window is not None, "either ids or a window is given"
    since, until = window
    seen = set()
    for row in store.shop.list_orders(modified_after=since):
        modified = row.get("date_modified_gmt")
        moment = datetime.fromisoformat(modified).replace(tzinfo=UTC) if isinstance(modified, str) else None
        if row["id"] not in seen and (until is None or moment is None or moment <= until):
            seen.add(row["id"])
            yield int(row["id"])


def _record(runtime: Runtime, name: str, wanted: list[int], window: tuple[datetime, datetime | None] | None) -> Polled:
    if window is None:
        return ask_for(runtime.engine, name, order_ids=wanted)
    since, until = window
    with err().status("Reading orders from the shop ...") as status:
        return poll_since(
            runtime.engine,
            runtime.store(name),
            since=since,
            until=until,
            progress=lambda count: status.update(f"Reading orders from the shop: {count}"),
        )


def _rows(runtime: Runtime, name: str, wanted: list[int], polled: Polled) -> list[ExchangeRow]:
    with transaction(runtime.engine) as connection:
        if wanted:
            return exchanges_by_key(connection, store=name, flow=BY_HAND, keys=[str(one) for one in wanted])
        return exchanges_by_id(connection, [message.exchange_id for message in polled.messages])


def _tell(rows: list[ExchangeRow], polled: Polled, *, waited: bool, as_json: bool) -> None:
    open_ones = [row for row in rows if row.state != "done"]
    if as_json:
        print_json({"rows_read": polled.rows, "exchanges": rows})
    elif not rows:
        say(f"Nothing to do: of {polled.rows} orders read, none is new or changed.")
    else:
        for row in rows[:MOST_NAMED]:
            say(f"Order {row.business_key}: exchange {row.id}, {row.state}" + _outcome(row))
        if len(rows) > MOST_NAMED:
            say(f"... and {len(rows) - MOST_NAMED} more; `connector exchanges list` shows them.")
        if rows[0].store_paused:
            warn(f"Store {rows[0].store} is paused: they wait until `connector store resume {rows[0].store}`.")
    raise typer.Exit(1 if waited and open_ones else 0)


def _outcome(row: ExchangeRow) -> str:
    number = f", M3 order {row.m3_number}" if row.m3_number else ""
    return number + (f": {row.reason}" if row.reason else "") + (f" {row.resolution}" if row.resolution else "")
