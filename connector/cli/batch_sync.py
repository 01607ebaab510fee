"""`connector sync` of a flow that carries items in batches: reads M3, or takes the items named, and watches them to the shop.

Called by sync.py. How far the reading came is kept in the ledger: broken off, the same command goes on there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import typer

from connector.cli.bars import bar
from connector.cli.carrying import Carried, count, wait_until_carried
from connector.cli.differences import TableWriter
from connector.cli.item_ids import read_item_numbers
from connector.cli.output import err, print_json, say, warn
from connector.cli.publishing import require_published
from connector.cli.rows import JsonWriter, Writer
from connector.cli.sending import send_messages
from connector.cli.tally import Tally, of_what_was_not_found
from connector.errors import PermanentError
from connector.flows.context import StoreContext
from connector.flows.customer_publishing import fields as customers
from connector.flows.pulling import Compared, Pulled, Reason
from connector.flows.pulls import PullEntry
from connector.ledger.offers import mark_due
from connector.ledger.refused_pieces import FORGET_REFUSED, of_customers, with_refused
from connector.ledger.session import OpenLedger, transaction
from connector.runtime import Runtime

BROKEN_OFF = 130  # as shells tell it of a command ended by Ctrl-C


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person asked for."""

    ids: str | None
    full: bool
    dry_run: bool
    wait: bool
    as_json: bool


def sync_batch(runtime: Runtime, store: StoreContext, entry: PullEntry, asked: Asked) -> int:
    """Does what was asked.

    Returns:
        The exit status: with a wait or a dry run 1 if an item cannot be carried or is still due; with a dry run also if nothing
        is known of an item that was named.

    Raises:
        PermanentError: It cannot be meant.
        ConnectorError: M3, the shop or the ledger is away; what was read until then is kept.
    """
    require_published(store, entry)
    wanted = None if asked.ids is None else read_item_numbers(asked.ids)
    if wanted and asked.full:
        raise PermanentError("--ids and --full exclude each other.", resolution="Give one of them.")
    if asked.dry_run:
        return _show(runtime, store, entry, wanted, as_json=asked.as_json)
    with _told_when_broken_off("Broken off. What was read is kept; the same command goes on there."):
        pulled = (
            _pull(runtime, store, entry, full=asked.full) if wanted is None else _mark(runtime, store, entry, wanted)
        )
        send_messages(runtime, pulled.messages)
    if not asked.wait:
        counts = count(runtime.engine, store.name, entry.flow)
        return _tell(store, entry, pulled, Carried(counts.known, counts.due, counts.problems), asked)
    with _told_when_broken_off("Not watched any more; the pools go on. `connector status` tells how far they are."):
        carried = wait_until_carried(runtime.engine, store.name, entry.flow)
    return _tell(store, entry, pulled, carried, asked)


@contextmanager
def _told_when_broken_off(words: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        err().print(words)
        raise typer.Exit(BROKEN_OFF) from None


def _pull(runtime: Runtime, store: StoreContext, entry: PullEntry, *, full: bool) -> Pulled:
    known = count(runtime.engine, store.name, entry.flow).known
    if full:
        with transaction(runtime.engine) as connection:
            _forget_refused(connection, store, entry)
    with bar(f"Reading {entry.part} from M3", most_likely=known if full else None) as tell:
        return entry.pull(runtime.engine, store, full=full, progress=tell)


def _mark(runtime: Runtime, store: StoreContext, entry: PullEntry, item_numbers: Sequence[str]) -> Pulled:
    with transaction(runtime.engine) as connection:
        _forget_refused(connection, store, entry, item_numbers)
        messages = mark_due(connection, store.name, flow=entry.flow, item_numbers=item_numbers)
    return Pulled(read=0, changed=len(item_numbers), messages=messages)


def _forget_refused(
    connection: OpenLedger, store: StoreContext, entry: PullEntry, item_numbers: Sequence[str] | None = None
) -> None:
    """Stages that what the shop refused of these customers, or of all, is sent again."""
    if entry.flow == customers.FLOW:
        numbers = with_refused(connection, store.name) if item_numbers is None else item_numbers
        FORGET_REFUSED.run(connection, of_customers(store.name, numbers))


def _show(
    runtime: Runtime, store: StoreContext, entry: PullEntry, wanted: Sequence[str] | None, *, as_json: bool
) -> int:
    """Shows what a run would write into the shop, and what it could not carry; writes nothing."""
    tally = Tally()
    writer: Writer[Compared] = JsonWriter() if as_json else TableWriter(m3="From M3", shows_wanted=True)
    changes, problems = 0, 0
    known = count(runtime.engine, store.name, entry.flow).known
    with (
        _told_when_broken_off("Broken off. Nothing was written."),
        bar(f"Comparing {entry.part}", most_likely=known) as tell,
    ):
        for row in tally.counted(entry.compare(runtime.engine, store, item_numbers=wanted, progress=tell)):
            changes += row.wanted is not None
            problems += row.reason is Reason.ERROR
            if row.wanted is not None or row.reason is Reason.ERROR:
                writer.add(row)
    lacking = tally.not_found(wanted)
    figures = {"items": tally.items, "fields_to_write": changes, "problems": problems, "not_found": lacking}
    writer.end({"store": store.name, "flow": entry.flow, **figures})
    if lacking:
        warn(of_what_was_not_found(lacking))
    if not as_json:
        say(f"{tally.items} items looked at: {changes} fields would be written, {problems} problems.")
        say("Dry run: nothing was written.")
    return 1 if problems or lacking else 0


def _tell(store: StoreContext, entry: PullEntry, pulled: Pulled, carried: Carried, asked: Asked) -> int:
    is_well = not (carried.due or carried.problems)
    if asked.as_json:
        figures = {"read": pulled.read, "changed": pulled.changed, **asdict(carried)}
        print_json({"store": store.name, "flow": entry.flow, **figures})
    else:
        say(
            f"{pulled.changed} items were asked for."
            if asked.ids
            else f"Read {pulled.read} items from M3; {pulled.changed} are new or changed."
        )
        say(f"{entry.flow} of store {store.name}: {carried.known} items known, {carried.due} due.")
    if carried.problems:
        warn(f"{carried.problems} items cannot be carried: connector items problems --flow {entry.flow}")
    if carried.held_by:
        warn(f"{carried.due} items are still due: {carried.held_by}")
    return 0 if is_well or not asked.wait else 1
