"""What is to be carried to the shop per M3 item, and what was: the table `offer`. Called by flows, intake and CLI.

A batch flow (items, prices, stock) has one exchange per store; what its run has to carry stands here, item by item. An
offer is due while its wanted revision is above the done one. Marking it due only says "look again": the run reads M3 anew.

While a write whose answer was lost may still arrive, no look is the last one: what is taken then has the revision before the
wanted one, so that settling it leaves the offer due.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.dispatch import DueMessage
from connector.ledger.json_rows import as_json, content_hash
from connector.ledger.prepared import Prepared
from connector.ledger.waking import wake

LOOKED_AT = "CASE WHEN o.unsure_until > ledger_now() THEN o.wanted_rev - 1 ELSE o.wanted_rev END"
"""The revision a look that begins now can settle; `o` is the offer."""
IN_ORDER = 'COLLATE "C"'
"""How item numbers are sorted wherever rows of offers are locked: two that lock the same ones then never wait in a circle."""
ALL = "all"
"""The business key of a batch flow's exchange: it carries whatever is due in its store."""


@dataclass(frozen=True)
class Offer:
    """One item of one flow as a run took it. The product fields are None while the shop is not known to have it."""

    item_number: str
    rev: int
    source: dict[str, Any]
    read_at: datetime | None
    written: dict[str, Any]
    written_at: datetime | None
    tries: int
    problem_code: str | None
    sku: str | None
    product_id: int | None
    parent_id: int | None
    kind: str | None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one offer in a run.

    Written values replace the old ones; None leaves them. A problem is told to people and ends the offer until something new
    is heard; with `retry_s` it stays due and is taken again after so long.
    """

    item_number: str
    rev: int
    written: dict[str, Any] | None = None
    read_at: datetime | None = None
    code: str | None = None
    problem: str | None = None
    remedy: str | None = None
    retry_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """What M3 said about an item, as values that JSON can hold."""

    item_number: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Counts:
    """How many offers of a flow there are, are due, and ended with a problem."""

    known: int
    due: int
    problems: int


_MARK = text(f"""
INSERT INTO offer AS o (store, flow, item_number)
SELECT :store, :flow, i.item_number FROM unnest(CAST(:items AS varchar[])) AS i (item_number) ORDER BY i.item_number {IN_ORDER}
ON CONFLICT (store, flow, item_number) DO UPDATE SET
    wanted_rev = o.wanted_rev + 1, marked_at = ledger_now(), retry_at = NULL, tries = 0, source_hash = NULL,
    due_at = CASE WHEN o.wanted_rev > o.done_rev THEN o.due_at ELSE ledger_now() END
""")


def mark_due(connection: Connection, store: str, *, flow: str, item_numbers: Collection[str]) -> list[DueMessage]:
    """Stages that items are to be looked at by a flow, and wakes its exchange; any number of times.

    What M3 said of them before counts no more: they have no source hash until they are read again.

    Args:
        connection: The transaction; if it also stores what told us, neither is lost without the other.
        store: Whose offers.
        flow: `items_to_woo`, `prices_to_woo` or `stock_to_woo`.
        item_numbers: M3 item numbers, each at most once in the table however often named.

    Returns:
        The message to send after the commit, if the exchange is not under way already.
    """
    if not item_numbers:
        return []
    connection.execute(_MARK, {"store": store, "flow": flow, "items": sorted(set(item_numbers))})
    return wake(connection, store, flow=flow, business_key=ALL)


_MARK_ALL = text(f"""
INSERT INTO offer AS o (store, flow, item_number)
SELECT store, CAST(:flow AS varchar), item_number FROM product
WHERE store = :store AND kind <> 'variable' ORDER BY item_number {IN_ORDER}
ON CONFLICT (store, flow, item_number) DO UPDATE SET
    wanted_rev = o.wanted_rev + 1, marked_at = ledger_now(), retry_at = NULL, tries = 0,
    due_at = CASE WHEN o.wanted_rev > o.done_rev THEN o.due_at ELSE ledger_now() END
""")


def mark_all_due(connection: Connection, store: str, *, flow: str) -> list[DueMessage]:
    """Stages that every product the shop is known to sell is looked at by a flow; of variable ones it sells the variations."""
    connection.execute(_MARK_ALL, {"store": store, "flow": flow})
    return wake(connection, store, flow=flow, business_key=ALL)


_KEEP_SOURCES = text(f"""
WITH told AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t (item_number varchar, facts jsonb, hash varchar)
)
INSERT INTO offer AS o (store, flow, item_number, source, source_hash)
SELECT :store, :flow, item_number, facts, hash FROM told ORDER BY item_number {IN_ORDER}
ON CONFLICT (store, flow, item_number) DO UPDATE SET
    source = excluded.source, source_hash = excluded.source_hash, wanted_rev = o.wanted_rev + 1,
    marked_at = ledger_now(), retry_at = NULL, tries = 0,
    due_at = CASE WHEN o.wanted_rev > o.done_rev THEN o.due_at ELSE ledger_now() END
WHERE o.source_hash IS DISTINCT FROM excluded.source_hash
RETURNING item_number
""")


def keep_sources(connection: Connection, store: str, *, flow: str, sources: Sequence[Source]) -> list[str]:
    """Stages what M3 says about items; those whose facts differ from the ones kept become due.

    The caller wakes the exchange when all pages are kept (`wake`).

    Returns:
        The item numbers that are new or changed.
    """
    newest = {one.item_number: one.facts for one in sources}
    if not newest:
        return []
    rows = [{"item_number": number, "facts": facts, "hash": content_hash(facts)} for number, facts in newest.items()]
    values = {"store": store, "flow": flow, "rows": as_json(rows)}
    return list(connection.execute(_KEEP_SOURCES, values).scalars())


_TAKE = text(f"""
SELECT o.item_number, {LOOKED_AT} AS rev, o.source, o.read_at, o.written, o.written_at, o.tries, o.problem_code,
       p.sku, p.product_id, p.parent_id, p.kind
FROM offer o LEFT JOIN product p ON p.store = o.store AND p.item_number = o.item_number
WHERE o.store = :store AND o.flow = :flow AND o.wanted_rev > o.done_rev AND coalesce(o.retry_at <= ledger_now(), true)
  AND (o.marked_at <= ledger_now() - make_interval(secs => :quiet_s)
       OR o.due_at <= ledger_now() - make_interval(secs => :longest_s))
ORDER BY o.due_at, o.item_number LIMIT :most
""")


def take_due(
    connection: Connection, store: str, *, flow: str, most: int, quiet_s: float = 0, longest_s: float = 0
) -> list[Offer]:
    """Returns due offers, the longest due first.

    Args:
        connection: The run's transaction.
        store: Whose offers.
        flow: Which flow's.
        most: At most so many.
        quiet_s: Leave those out of which something was heard within so many seconds: a burst then costs one write ...
        longest_s: ... but none that has been due for so long.
    """
    values = {"store": store, "flow": flow, "most": most, "quiet_s": quiet_s, "longest_s": longest_s}
    return [Offer(*row) for row in connection.execute(_TAKE, values)]


_NEXT_DUE = text("""
SELECT extract(epoch FROM min(greatest(
    least(marked_at + make_interval(secs => :quiet_s), due_at + make_interval(secs => :longest_s)),
    coalesce(retry_at, due_at))) - ledger_now())
FROM offer WHERE store = :store AND flow = :flow AND wanted_rev > done_rev
""")


def next_due_in_s(
    connection: Connection, store: str, *, flow: str, quiet_s: float = 0, longest_s: float = 0
) -> float | None:
    """Returns in how many seconds the next offer can be taken (0 or less: now); None if none is due."""
    values = {"store": store, "flow": flow, "quiet_s": quiet_s, "longest_s": longest_s}
    seconds = connection.execute(_NEXT_DUE, values).scalar_one()
    return None if seconds is None else float(seconds)


SETTLE_OFFERS = Prepared(
    "offers_settle",
    f"""
WITH r AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t (
        item_number varchar, rev bigint, written jsonb, read_at timestamptz, code varchar, problem varchar, remedy varchar,
        retry_s float8)
), locked AS MATERIALIZED (
    SELECT o.item_number FROM offer o JOIN r ON o.item_number = r.item_number
    WHERE o.store = :store AND o.flow = :flow ORDER BY o.item_number {IN_ORDER} FOR UPDATE OF o
)
UPDATE offer o SET
    done_rev = CASE WHEN r.retry_s IS NULL THEN greatest(o.done_rev, r.rev) ELSE o.done_rev END,
    tries = CASE WHEN r.retry_s IS NULL THEN 0 ELSE o.tries + 1 END,
    retry_at = coalesce(
        ledger_now() + make_interval(secs => r.retry_s),
        CASE WHEN o.wanted_rev = r.rev + 1 AND o.unsure_until > ledger_now() THEN o.unsure_until END),
    unsure_until = CASE WHEN o.wanted_rev > r.rev OR r.retry_s IS NOT NULL THEN o.unsure_until END,
    due_at = CASE WHEN o.wanted_rev > r.rev THEN o.marked_at ELSE o.due_at END,
    -- A stock that a late write may still change is nothing to tell a correction by.
    written = CASE WHEN o.flow = 'stock_to_woo' AND o.wanted_rev > r.rev AND o.unsure_until IS NOT NULL THEN '{{}}'
                   ELSE coalesce(r.written, o.written) END,
    read_at = coalesce(r.read_at, o.read_at),
    written_at = CASE WHEN r.written IS NULL THEN o.written_at ELSE ledger_now() END,
    problem_since = CASE WHEN r.code IS NULL THEN NULL WHEN o.problem_code = r.code THEN o.problem_since
                         ELSE ledger_now() END,
    problem_code = r.code, problem = r.problem, remedy = r.remedy
FROM r JOIN locked ON locked.item_number = r.item_number
WHERE o.store = :store AND o.flow = :flow AND o.item_number = r.item_number
""",
    types={},
)
"""Writes down what became of offers; staged by the journal with the next fenced statement. Values: `settled`."""

POSTPONE_OFFERS = Prepared(
    "offers_postpone",
    f"""
WITH locked AS MATERIALIZED (
    SELECT item_number FROM offer WHERE store = :store AND flow = :flow
      AND item_number IN (SELECT jsonb_array_elements_text(CAST(:items AS jsonb)))
    ORDER BY item_number {IN_ORDER} FOR UPDATE
)
UPDATE offer o SET
    wanted_rev = o.wanted_rev + 1, retry_at = ledger_now() + make_interval(secs => :in_s),
    unsure_until = greatest(o.unsure_until, ledger_now() + make_interval(secs => :in_s))
FROM locked WHERE o.store = :store AND o.flow = :flow AND o.item_number = locked.item_number
""",
    types={"in_s": "float8"},
)
"""Makes offers due again after a time: what was sent for them may still arrive, and is then compared once more.
News makes them due at once, but the look after that time is still owed."""

LEAVE_OFFERS = Prepared(
    "offers_leave",
    "UPDATE offer SET done_rev = wanted_rev, retry_at = NULL, source_hash = NULL"
    " WHERE store = :store AND flow = :flow AND wanted_rev > done_rev",
    types={},
)
"""Ends all offers of a flow that the store does not publish, so that none is due for ever."""


def settled(store: str, *, flow: str, results: Iterable[Result]) -> dict[str, Any]:
    """Returns the values of SETTLE_OFFERS."""
    rows = [{name: getattr(one, name) for name in Result.__dataclass_fields__} for one in results]
    return {"store": store, "flow": flow, "rows": as_json(rows)}


def postponed(store: str, *, flow: str, item_numbers: Sequence[str], in_s: float) -> dict[str, Any]:
    """Returns the values of POSTPONE_OFFERS."""
    return {"store": store, "flow": flow, "items": json.dumps(list(item_numbers)), "in_s": in_s}


_COUNTS = text("""
SELECT count(*), count(*) FILTER (WHERE wanted_rev > done_rev), count(*) FILTER (WHERE problem_code IS NOT NULL)
FROM offer WHERE store = :store AND flow = :flow
""")


def count_offers(connection: Connection, store: str, *, flow: str) -> Counts:
    """Returns how many offers a flow has, how many are due, how many ended with a problem."""
    return Counts(*connection.execute(_COUNTS, {"store": store, "flow": flow}).one())


_WAKE_DUE = text("""
SELECT DISTINCT o.store, o.flow FROM offer o
LEFT JOIN exchange x ON x.scope = o.store AND x.flow = o.flow AND x.business_key = :key
WHERE o.wanted_rev > o.done_rev AND coalesce(o.retry_at <= ledger_now(), true) AND coalesce(x.state = 'done', true)
""")


def wake_due(connection: Connection) -> list[DueMessage]:
    """Wakes the exchanges that are done, or were never made, although an offer is due.

    One that was postponed or is tried again, or one that a pull kept before it was killed.
    """
    rows = connection.execute(_WAKE_DUE, {"key": ALL}).all()
    return [message for row in rows for message in wake(connection, row.store, flow=row.flow, business_key=ALL)]
