"""The guards of the connector, each with a switch that turns it off in this process, to see that its absence is caught.

Used by the negative controls of the simulation and of the soak. Nothing in connector/, workers/ or webhook_receiver/ knows
that such switches exist.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from connector.flows import batches, orders_to_m3, polling
from connector.flows.books import posting
from connector.flows.context import Run
from connector.flows.customers import accounts
from connector.flows.order_changes.bringing_up import Following
from connector.flows.orders import adopting, building, confirming, takeover
from connector.flows.orders.plan import OrderPlan
from connector.flows.stock import assessing
from connector.ledger import dispatch, fenced, inbox, journal_statements, steps
from connector.ledger.cursors import move_cursor, now
from connector.ledger.document_records import DocumentRecord
from connector.ledger.leases import Lease
from connector.ledger.prepared import Prepared
from connector.ledger.tables import DocumentState, StepState
from connector.ledger.tenure import Tenure
from connector.m3.calls import Answer
from connector.m3.rejections import already_exists
from connector.woocommerce.models import Customer, parse_customer

GUARDS = (
    *("sweeper", "lookup", "fencing", "overlap", "compare", "in_flight", "second_look", "erasing", "one_key"),
    *("foreign", "taken_off"),
)

_CLAIM_CHECK = r"AND (e\.)?claim_no = \$\d+ AND (e\.)?state = 'running'"


@contextmanager
def switched_off(guard: str) -> Iterator[None]:
    """Turns one guard off in this process while the block runs; processes forked in it are without it, too.

    Args:
        guard: One of GUARDS.
    """
    with ExitStack() as switches:
        for owner, name, instead in _SWITCHES[guard]():
            switches.enter_context(patch.object(owner, name, instead))
        yield


Switch = tuple[Any, str, Any]
"""Where, which name, and what stands there instead."""


def _without_sweeper() -> list[Switch]:
    """Nothing tops the queues up, nobody takes an expired lease back: what the broker lost stays lost."""
    return [
        (dispatch, "stamp_due", lambda *_, **__: []),
        (dispatch, "take_back_expired", lambda *_, **__: dispatch.TakenBack([], [])),
    ]


def _without_lookup() -> list[Switch]:
    """M3 is never asked: what has no clear answer counts as not executed, and is made again."""
    return [
        (takeover, "clear", _forget_document),
        (takeover, "clear_leftovers", lambda *_: None),
        (confirming, "follow", _forget_document),
        (adopting, "may_be_known", lambda *_, **__: False),
        (Tenure, "may_be_forgotten", lambda *_: False),
        (adopting, "look_up_earlier", lambda *_, **__: None),
    ]


def _forget_document(run: Run, document: DocumentRecord) -> None:
    run.journal.change_document(document.id, state=DocumentState.ABANDONED)
    run.journal.commit()


def _without_fencing() -> list[Switch]:
    """Whoever writes may write, however old its claim; a takeover goes on with the batch order it finds."""
    return [
        (fenced, "RENEW", _unfenced(journal_statements.RENEW)),
        (steps, "INTEND", _unfenced(journal_statements.INTEND)),
        (steps, "SETTLE", _unfenced(steps.SETTLE)),
        (Lease, "require_fresh", lambda _: None),
        (takeover, "clear", _leave_if_taken_over(takeover.clear)),
        (building, "_begin", _go_on_with_document(building._begin)),
        (building, "_add_head", _go_on_with_head(building._add_head)),
        (building, "_send_part", _take_existing_for_done(building._send_part)),
    ]


def _unfenced(statement: Prepared) -> Prepared:
    return _changed(statement, "unfenced", _CLAIM_CHECK, "")


def _changed(statement: Prepared, how: str, place: str, instead: str) -> Prepared:
    changed = copy.copy(statement)
    changed.name = f"{statement.name}_{how}"
    body, replaced = re.subn(place, instead, statement._prepare)
    assert replaced == 1, f"{statement.name} is written in another way by now"
    changed._prepare = body.replace(f"PREPARE {statement.name} ", f"PREPARE {changed.name} ")
    return changed


def _leave_if_taken_over(clear: Callable[..., Any]) -> Callable[..., Any]:
    def instead(run: Run, document: DocumentRecord) -> str | None:
        if _left_by_another(run) is None:
            found: str | None = clear(run, document)
            return found
        for step in document.steps:
            if step.state is StepState.INTENDED:  # taken for not executed, so that it may be intended again
                run.journal.resolve(step.id, StepState.REFUSED, {})
        return None

    return instead


def _go_on_with_document(begin: Callable[..., Any]) -> Callable[..., Any]:
    def instead(run: Run, plan: OrderPlan, content: dict[str, object], cupos: dict[str, int]) -> DocumentRecord:
        left = _left_by_another(run)
        begun: DocumentRecord = left or begin(run, plan, content, cupos)
        return begun

    return instead


def _go_on_with_head(add_head: Callable[..., Any]) -> Callable[..., Any]:
    def instead(run: Run, document: DocumentRecord, plan: OrderPlan) -> str:
        number: str = document.temporary_number or add_head(run, document, plan)
        return number

    return instead


def _take_existing_for_done(send_part: Callable[..., list[Answer]]) -> Callable[..., list[Answer]]:
    def instead(*values: Any) -> list[Answer]:
        return [replace(one, error=None) if already_exists(one.error) else one for one in send_part(*values)]

    return instead


def _left_by_another(run: Run) -> DocumentRecord | None:
    live = run.claim.live_document
    lost_answers = live is not None and any(step.state is StepState.UNKNOWN for step in live.steps)
    is_building = live is not None and live.state is DocumentState.BUILDING and live.temporary_number is not None
    return live if is_building and not lost_answers else None


def _without_overlap() -> list[Switch]:
    """The poll's cursor moves to the present, and the next poll starts exactly there."""
    return [(polling, "OVERLAP", timedelta(0)), (polling, "move_cursor", _move_to_now)]


def _move_to_now(connection: Connection, store: str, *, name: str, value: str) -> None:
    del value
    move_cursor(connection, store, name=name, value=now(connection).isoformat())


def _without_compare() -> list[Switch]:
    """What bears a date of change that was seen already is taken for known, whatever it says and of whichever order."""
    return [(inbox, name, _only_new_dates(getattr(inbox, name))) for name in ("_WITH_EXCHANGE", "_FROM_POLL")]


def _only_new_dates(statement: Prepared) -> Prepared:
    places = {value: f"${number}" for number, value in enumerate(statement.values, start=1)}
    is_known = (
        f"SELECT 1 FROM delivery d WHERE d.store = {places['store']} AND d.kind = {places['kind']}"
        f" AND d.modified_at = {places['modified_at']}"
    )
    return _changed(statement, "undated", r"(FROM next)(\s+ON CONFLICT)", rf"\1 WHERE NOT EXISTS ({is_known})\2")


def _without_in_flight() -> list[Switch]:
    """What orders hold and M3 does not know yet is shown to buyers as if it were there."""
    return [(assessing, "units_in_flight", lambda *_, **__: [])]


def _without_second_look() -> list[Switch]:
    """A batch of goods whose answer was lost is looked at once, at once: what arrives after that stays."""
    return [(batches, "_postpone", lambda *_, **__: None)]


def _without_erasing() -> list[Switch]:
    """What was told of an account is believed, and the shop not asked, also when it has erased the account since."""
    ask_shop = accounts.ask_shop

    def believe(run: Run) -> Customer | None:
        return ask_shop(run) if run.claim.body is None else parse_customer(run.claim.body)

    return [(accounts, "told_account", lambda *_: None), (accounts, "ask_shop", believe)]


def _without_one_key() -> list[Switch]:
    """What was begun in M3's ledger is left there: each run makes a batch under a key of its own, and does not ask for others."""

    def begin_anew(run: Run) -> DocumentRecord | None:
        document = run.claim.live_document
        if document is None or document.state is DocumentState.CONFIRMED:
            return document
        _forget_document(run, document)
        return None

    ways = {kind: replace(way, look_for_any=lambda *_: None) for kind, way in posting.WAYS.items()}
    return [(posting, "take_up", begin_anew), (posting, "WAYS", ways)]


def _without_foreign() -> list[Switch]:
    """What a person changed in M3 is brought back to what the shop says, and not shown."""
    return [(Following, "refuse_foreign", lambda *_, **__: None)]


def _without_taken_off() -> list[Switch]:
    """An order is compared with M3 as the shop shows it, whatever refunds have taken off it there."""
    return [(orders_to_m3, "as_reduced", lambda _, order: order)]


_SWITCHES: dict[str, Callable[[], list[Switch]]] = {
    "sweeper": _without_sweeper,
    "lookup": _without_lookup,
    "fencing": _without_fencing,
    "overlap": _without_overlap,
    "compare": _without_compare,
    "in_flight": _without_in_flight,
    "second_look": _without_second_look,
    "erasing": _without_erasing,
    "one_key": _without_one_key,
    "foreign": _without_foreign,
    "taken_off": _without_taken_off,
}
