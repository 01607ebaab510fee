"""`connector exchanges replay`: shows what was sent for an exchange, and carries it once more after ledger and M3 were asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from connector.cli.masking import masked
from connector.cli.opening import person
from connector.cli.output import print_json, print_table, say
from connector.cli.previews import print_previews
from connector.cli.sending import send_messages
from connector.cli.waiting import wait_until_settled
from connector.cli.working import open_runtime
from connector.errors import PermanentError
from connector.flows.orders.personal import MASK
from connector.flows.replaying import require_replayed
from connector.ledger.listing import AuditRow, ExchangeRow, audit_of, exchanges_by_id
from connector.ledger.people import note_decision
from connector.ledger.replaying import Sent, replay, require_replayable, what_was_sent
from connector.ledger.session import transaction
from connector.runtime import Runtime

ORDERS = "orders_to_m3"


def replay_(
    exchange_id: Annotated[int, typer.Argument(metavar="ID", help="The number of the exchange.")],
    send: Annotated[bool, typer.Option("--send", help="Run it once more; without it nothing is written.")] = False,
    reason: Annotated[str, typer.Option(help="With --send or --personal: why, for the audit trail.")] = "",
    personal: Annotated[
        bool, typer.Option("--personal", help="Show people's data too; that you did is itself in the audit trail.")
    ] = False,
    wait: Annotated[
        bool, typer.Option(help="With --send: wait until it is settled; status 1 if it is not done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what was sent for an exchange; with --send carry it once more, after ledger and M3 were asked."""
    if (send or personal) and not reason.strip():
        raise PermanentError(
            "It is done only for a reason.", resolution='Add --reason "why the other side is doubted".'
        )
    with open_runtime() as runtime:
        with transaction(runtime.engine) as connection:
            row = _require(connection, exchange_id)
            does = require_replayed(row.flow)
            require_replayable(row)
            sent, lines = what_was_sent(connection, exchange_id), audit_of(connection, exchange_id)
            if personal:
                key = f"exchange {exchange_id}"
                note_decision(connection, "personal_data_shown", store=row.store, key=key, who=person(), why=reason)
        if not send:
            raise typer.Exit(_show(runtime, row, sent, lines, does=does, personal=personal, as_json=as_json))
        _send(runtime, row, why=reason, wait=wait, as_json=as_json)


def _require(connection: Connection, exchange_id: int) -> ExchangeRow:
    found = exchanges_by_id(connection, [exchange_id])
    if not found:
        raise PermanentError(
            f"There is no exchange {exchange_id}.", resolution="`connector exchanges list` shows the newest ones."
        )
    return found[0]


def _show(
    runtime: Runtime,
    row: ExchangeRow,
    sent: list[Sent],
    lines: list[AuditRow],
    *,
    does: str,
    personal: bool,
    as_json: bool,
) -> int:
    if not personal:
        sent = [replace(one, plan=masked(one.plan)) for one in sent]
        lines = [replace(one, before=masked(one.before), after=masked(one.after)) for one in lines]
    if as_json:
        print_json({"exchange": row, "sent": [asdict(one) for one in sent], "audit": lines, "a_run_would": does})
        return 0
    _print_sent(row, sent, lines)
    say(f"\nA replay: {does}")
    say(f'Nothing was written. To do it: connector exchanges replay {row.id} --send --reason "..."')
    if row.flow != ORDERS:
        return 0
    say("\nAs the shop and M3 are now, it would send:")
    return print_previews(
        runtime.engine, runtime.store(row.store), [int(row.business_key)], as_json=False, is_replay=True
    )


def _print_sent(row: ExchangeRow, sent: list[Sent], lines: list[AuditRow]) -> None:
    say(
        f"Exchange {row.id}: {row.flow} {row.business_key} of store {row.store}, done {row.settled_at:%Y-%m-%d %H:%M} UTC."
    )
    for one in sent:
        number = one.final_number or one.temporary_number or "without a number"
        say(f"\n{one.kind} {number} ({one.state}), reference {one.reference or 'none'}")
        print_table(("What", "Value"), _flat(one.plan))
    if not sent:
        say("Nothing stands for it on the other side.")
    if lines:
        say("")
        print_table(
            ("At (UTC)", "Attempt", "Who", "System", "Action", "Key", "Before", "After", "Why"),
            ((one.at, one.claim_no, one.who, one.system, one.action, one.key, _told(one.before), _told(one.after), one.why)
             for one in lines),
            title="What was written, and by whom",
        )  # fmt: skip


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, object]]:
    """Yields each value of a plan with its path; empty ones are left out."""
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        if value not in (None, ""):
            yield path, value
        return
    for name, one in pairs:
        yield from _flat(one, f"{path}.{name}" if path else str(name))


def _told(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{path}: {value}" for path, value in _flat(values) if value != MASK) or (MASK if values else "")


def _send(runtime: Runtime, row: ExchangeRow, *, why: str, wait: bool, as_json: bool) -> None:
    with transaction(runtime.engine) as connection:
        message = replay(connection, row.id, who=person(), why=why)
    send_messages(runtime, [message])
    rows = [row]
    if wait:
        rows = wait_until_settled(runtime.engine, [row.id])
    if as_json:
        print_json(rows)
    elif wait:
        say(f"Exchange {row.id} is {rows[0].state}. {rows[0].reason} {rows[0].resolution}".rstrip())
    else:
        say(f"Exchange {row.id} is due and runs within about ten seconds: `connector exchanges show {row.id}`.")
    raise typer.Exit(1 if wait and rows[0].state != "done" else 0)
