"""Reads the story of one exchange and prints it for a reader; used by `exchanges show` and `dead-letters show`."""

from __future__ import annotations

import json
from typing import Any

from connector.cli.opening import open_ledger_only
from connector.cli.output import print_table, say, shown
from connector.errors import PermanentError
from connector.ledger.listing import ExchangeRow
from connector.ledger.session import transaction
from connector.ledger.story import Story, tell_story

RESULT_WIDTH = 60


def read_story(exchange_id: int) -> Story:
    """Reads the story of an exchange.

    Raises:
        PermanentError: There is no such exchange.
    """
    with open_ledger_only() as engine, transaction(engine) as connection:
        story = tell_story(connection, exchange_id)
    if story is None:
        raise PermanentError(
            f"There is no exchange {exchange_id}.", resolution="`connector exchanges list` shows the newest ones."
        )
    return story


def tell(story: Story) -> None:
    """Prints what an exchange is, where it stands, and what happened to it."""
    _tell_state(story.exchange)
    _section(
        "Deliveries",
        ("ID", "Received (UTC)", "Source", "Topic", "Bytes", "Changed in the shop", "Newest", "Note"),
        [
            (one.id, one.received_at, one.source, one.topic, one.body_size, one.modified_at, one.is_newest, one.note)
            for one in story.deliveries
        ],
    )
    _section(
        "Attempts",
        ("Claim", "Revision", "Began (UTC)", "Ended", "Worker", "Outcome", "Code", "Message"),
        [
            (one.claim_no, one.revision, one.started_at, one.ended_at, one.worker, one.outcome, one.code, one.message)
            for one in story.attempts
        ],
    )
    _section(
        "Documents",
        ("ID", "Kind", "State", "Temporary", "Final", "Customer", "YREF", "CUOR", "Date", "Begun (UTC)"),
        [
            (one.id, one.kind, one.state, one.temporary_number, one.final_number, one.cuno, one.yref, one.cuor,
             one.ordt, one.begun_at)
            for one in story.documents
        ],
    )  # fmt: skip
    _section(
        "Steps",
        ("Document", "Revision", "Step", "Part", "State", "Claim", "Intended (UTC)", "Finished", "Result"),
        [
            (one.document_id, one.revision, one.name, one.part, one.state, one.claim_no, one.intended_at,
             one.finished_at, _short(one.result))
            for one in story.steps
        ],
    )  # fmt: skip
    _section(
        "Bindings",
        ("Kind", "Shop", "M3", "Bound (UTC)"),
        [
            (one.kind, f"{one.shop_scope}/{one.shop_key}", f"{one.m3_scope}/{one.m3_key}", one.bound_at)
            for one in story.bindings
        ],
    )
    _section(
        "Both sides",
        ("What", "Carried", "In the shop"),
        [(one.part, _short(one.carried), _short(one.in_shop)) for one in story.sides],
    )
    _section(
        "Audit",
        ("At (UTC)", "Who", "System", "Action", "Key", "Before", "After", "Why"),
        [
            (one.at, one.who, one.system, one.action, one.key, _short(one.before), _short(one.after), one.why)
            for one in story.audit
        ],
    )
    for attempt in story.attempts:
        if attempt.detail:
            say(f"\nTraceback of claim {attempt.claim_no}\n{attempt.detail}")


def _tell_state(row: ExchangeRow) -> None:
    say(f"Exchange {row.id}: {row.flow} {row.business_key} of store {row.store} is {row.state}.")
    facts = {
        "Store": "paused; nothing of it runs" if row.store_paused else None,
        "M3 number": row.m3_number,
        "Waits for": row.blocked_on,
        "Next attempt (UTC)": row.due_at,
        "Tries": row.tries or None,
        "Reason": f"{row.reason} [{row.reason_code}]" if row.reason_code else row.reason or None,
        "What to do": row.resolution or None,
    }
    for name, value in facts.items():
        if value is not None:
            say(f"  {name}: {shown(value)}")


def _section(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        say("")
        print_table(columns, rows, title=title)


def _short(values: Any) -> str:
    text = values if isinstance(values, str) else json.dumps(values, ensure_ascii=False) if values else ""
    return text if len(text) <= RESULT_WIDTH else text[: RESULT_WIDTH - 1] + "…"
