"""What a person decides about exchanges, each with a line in the audit trail. Called by the command line,
and by the order flow when it has done what a person allowed.

A dead letter waits for a person; releasing it runs it again, discarding it says that it shall not be carried across, whatever is
told of it later (discards.py). Nobody but a person takes that back, or allows a second document (`rebuild`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Row, text

from connector.errors import ChangedAfterDiscardError, PermanentError
from connector.ledger import discard_marks, discards
from connector.ledger.discard_marks import Standing
from connector.ledger.discards import DISCARDED, Discard
from connector.ledger.purging import LEDGER_BATCH
from connector.ledger.sales import settle_sale
from connector.ledger.shop_accounts import settle_number
from connector.ledger.tables import DocumentState, State

HOLD_STOCK = ("orders_to_m3", "issues_to_m3")
"""Flows by which M3 gets to hold what an order took from the shop's stock."""


@dataclass(frozen=True)
class Decision:
    """What was decided on, and what the other side may still hold of it."""

    exchange_id: int
    store: str
    flow: str
    business_key: str
    store_paused: bool
    left_behind: str | None  # temporary or final number of the document that is not abandoned, or KEY1 of a batch
    is_locked: bool = False  # the connector locked it in M3, and unlocks it now that it is discarded
    was_discarded: bool = False  # a person had said that it shall not be carried, and has it carried now
    stay_discarded: tuple[Standing, ...] = ()  # other facts of the same order


_LOCK = text(f"""
SELECT e.id, e.store, e.flow, e.business_key, e.state, e.reason_code, e.reason, s.paused_by IS NOT NULL AS store_paused,
       ledger_now() AS now,
       d.state AS document_state, k.exchange_id IS NOT NULL AS is_discarded,
       coalesce(k.accepted ->> 'asks' = '{discards.FORGOTTEN}', false) AS is_found_again,
       coalesce(d.final_number, d.temporary_number, CASE WHEN d.kind = '{LEDGER_BATCH}' THEN d.cuor END) AS number
FROM exchange e JOIN store s ON s.name = e.store
LEFT JOIN document d ON d.exchange_id = e.id AND d.state <> 'abandoned'
LEFT JOIN discard k ON k.exchange_id = e.id
WHERE e.id = :id FOR UPDATE OF e
""")
_RELEASE = text("""
UPDATE exchange SET state = 'ready', tries = 0, crashes = 0, next_attempt_at = ledger_now(),
    waiting_since = NULL, blocked_since = NULL, recheck_at = NULL, sent_at = NULL, rebuild = rebuild OR :rebuild
WHERE id = :id
""")
_DOUBT = text(
    "UPDATE exchange SET wanted_rev = wanted_rev + 1, doubt_rev = wanted_rev + 1, replay_rev = wanted_rev + 1 WHERE id = :id"
)
_TAKE_BACK = text("""
WITH opened AS (
    UPDATE document SET plan = plan - 'accepted'
    WHERE exchange_id = :id AND state = 'confirmed' AND plan ? 'accepted' RETURNING id
)
UPDATE exchange SET fingerprint = NULL
WHERE id = :id AND NOT EXISTS (SELECT FROM opened)
""")
"""Forgets what a discard settled of a fact the other side has: it is news again, or compared again if that was never done."""
_USE_UP = text("UPDATE exchange SET rebuild = false WHERE id = :id")
_IS_LOCKED = text("""
SELECT t.name = 'lock' OR t.state <> 'done' FROM step t JOIN document d ON d.id = t.document_id
WHERE d.exchange_id = :id AND d.state = 'confirmed' AND t.name IN ('lock', 'release') AND t.state <> 'refused'
ORDER BY t.intended_at DESC, t.id DESC LIMIT 1
""")
_DISCARD = text("""
WITH settled AS (
    UPDATE document SET plan = (plan - 'change') || CASE
        WHEN plan ? 'shown' THEN jsonb_build_object('accepted', plan -> 'shown') ELSE '{}' END
    WHERE exchange_id = :id AND state = 'confirmed' AND plan ?| ARRAY['shown', 'change']
)
UPDATE exchange SET state = CASE WHEN :is_locked THEN 'ready' ELSE 'done' END, done_rev = wanted_rev, tries = 0, crashes = 0,
    fingerprint = CASE WHEN EXISTS (
        SELECT 1 FROM document d WHERE d.exchange_id = exchange.id AND d.state = 'confirmed'
    ) THEN 'accepted:' || wanted_rev END,
    waiting_since = NULL, blocked_since = NULL, recheck_at = NULL, reason_code = :code, reason = :reason, resolution = '',
    next_attempt_at = ledger_now(), sent_at = NULL, rebuild = false, settled_at = ledger_now()
WHERE id = :id
""")
_DEAD = text("""
SELECT id FROM exchange WHERE state = 'dead_letter' AND (CAST(:store AS varchar) IS NULL OR store = :store)
  AND (CAST(:code AS varchar) IS NULL OR reason_code = :code) AND reason_code <> :not_code
  AND NOT EXISTS (SELECT FROM discard k WHERE k.exchange_id = exchange.id AND NOT EXISTS (
      SELECT FROM document d WHERE d.exchange_id = exchange.id AND d.state = 'confirmed')) ORDER BY id
""")
_AUDIT = text("""
INSERT INTO audit (store, exchange_id, who, system, action, key, before, after, why)
VALUES (:store, :exchange_id, :who, 'ledger', :action, :key, CAST(:before AS jsonb), CAST(:after AS jsonb), :why)
""")


def dead_letter_ids(connection: Connection, *, store: str | None, reason_code: str | None) -> list[int]:
    """Returns the dead letters of a store and kind of reason (None = any), oldest first.

    Not those that a person discarded before, whatever they wait for now: what may be in M3 by that person's hand is decided one
    by one.
    """
    values = {"store": store, "code": reason_code, "not_code": ChangedAfterDiscardError.code}
    return list(connection.execute(_DEAD, values).scalars())


def release(connection: Connection, exchange_id: int, *, who: str, why: str = "", rebuild: bool = False) -> Decision:
    """Stages that a dead letter is run again at once, with all its tries; also what a person had discarded.

    Of that, M3 is asked before anything is written: the person may have entered it under our reference. Of a fact that the other
    side has, what the discard settled is news again.

    Args:
        connection: The transaction.
        exchange_id: The dead letter.
        who: The person, for the audit trail.
        why: Their reason.
        rebuild: Also allows a new document although an earlier one may have taken effect: only for a person who has
            looked at the other side.

    Raises:
        PermanentError: There is no such exchange, it is neither a dead letter nor discarded, or what it holds is a confirmed
            document that must not be built a second time.
    """
    row = _locked(connection, exchange_id)
    if not (row.state == State.DONE and (row.is_discarded or row.reason_code == DISCARDED)):
        _require_dead_letter(row, action="released")
    if rebuild and row.document_state == DocumentState.CONFIRMED:
        raise PermanentError(
            f"Exchange {exchange_id} is order {row.number} in M3; a rebuild would make a second one.",
            resolution="Delete or close that order in M3 first if it is wrong, and release without --rebuild.",
        )
    connection.execute(_RELEASE, {"id": exchange_id, "rebuild": rebuild})
    is_posted = row.document_state == DocumentState.CONFIRMED
    is_kept = discards.withdraw(connection, exchange_id) if _takes_back(row) else False
    is_taken_back = is_kept or (row.state == State.DONE and row.flow not in discard_marks.MARKED)
    if is_taken_back:
        connection.execute(_TAKE_BACK if is_posted else _DOUBT, {"id": exchange_id})
        _mark(connection, row)
    was_discarded = is_taken_back and not is_posted
    action, told = (
        "release_rebuild" if rebuild else "release",
        {discard_marks.TAKEN_BACK: True} if is_taken_back else {},
    )
    _note(connection, row, who=who, action=action, to=State.READY, why=why, told=told)
    others = _discarded_beside(connection, row) if was_discarded else ()
    return replace(_decision(row), was_discarded=was_discarded, stay_discarded=others)


def _discarded_beside(connection: Connection, row: Row[tuple[object, ...]]) -> tuple[Standing, ...]:
    order_id = discard_marks.order_of(row.flow, row.business_key)
    return () if order_id is None else tuple(discard_marks.standing_of(connection, row.store, order_id=order_id))


def _takes_back(row: Row[tuple[object, ...]]) -> bool:
    """Tells whether a release takes a discard back; not an earlier one, if the other side has the fact and a later change waits."""
    is_of_later = row.state == State.DEAD_LETTER and row.document_state == DocumentState.CONFIRMED
    return bool(row.is_found_again) or not is_of_later


_RELEASED = text("SELECT EXISTS (SELECT FROM audit WHERE exchange_id = :id AND action = 'release' AND at > :since)")


def was_released_since(connection: Connection, exchange_id: int, *, since: datetime) -> bool:
    """Tells whether a person released a dead letter after a moment."""
    return bool(connection.execute(_RELEASED, {"id": exchange_id, "since": since}).scalar_one())


def use_up_rebuild(connection: Connection, exchange_id: int) -> None:
    """Stages that the one document a person gave up is given up; the next one belongs to its exchange for good again."""
    connection.execute(_USE_UP, {"id": exchange_id})


def discard(connection: Connection, exchange_id: int, *, who: str, why: str, entered_as: str = "") -> Decision:
    """Stages that a dead letter shall not be carried across, now or when the shop tells more of it.

    Nothing is undone on the other side: what may still be there is in the answer. An order that the connector locked because of
    it is unlocked by one more run. Of a fact that the other side has, only what was shown is settled.

    Args:
        connection: The transaction.
        exchange_id: The dead letter; or what was discarded before, to say what it is in M3.
        who: The person, for the audit trail.
        why: Their reason.
        entered_as: The number M3 has given to what they entered by hand.

    Raises:
        PermanentError: There is no such exchange, it is no dead letter, or no reason is given.
    """
    if not why.strip():
        raise PermanentError(
            "A dead letter is discarded only with a reason.", resolution='Add --reason "why it may be dropped".'
        )
    row = _locked(connection, exchange_id)
    number = entered_as.strip() or None
    if not (number and row.state == State.DONE and row.reason_code == DISCARDED):
        _require_dead_letter(row, action="discarded")
    is_locked = bool(connection.execute(_IS_LOCKED, {"id": exchange_id}).scalar_one_or_none())
    reason = _keep(connection, row, Discard(who, why, row.now, entered_as=number))
    connection.execute(_DISCARD, {"id": exchange_id, "code": DISCARDED, "reason": reason, "is_locked": is_locked})
    settle_number(connection, exchange_id)
    if row.flow in HOLD_STOCK and row.business_key.isdecimal():
        settle_sale(connection, row.store, order_id=int(row.business_key))
    _note(
        connection,
        row,
        who=who,
        action="discard",
        to=State.DONE,
        why=why,
        told={} if number is None else {"entered as": number},
    )
    return replace(_decision(row), is_locked=is_locked)


def _keep(connection: Connection, row: Row[tuple[object, ...]], said: Discard) -> str:
    """Keeps a discard of what stays out whatever the shop says later; returns it in words. Of all else, new content asks anew."""
    if row.flow not in discard_marks.MARKED:
        return said.words
    order_id = discard_marks.order_of(row.flow, row.business_key)
    words = discards.keep(connection, row.id, order_id=order_id, who=said.who, why=said.why, entered_as=said.entered_as)
    _mark(connection, row)
    return words


def _mark(connection: Connection, row: Row[tuple[object, ...]]) -> None:
    """Has the shop's order marked anew; what M3 has from us is found there, and bears no mark."""
    if row.document_state != DocumentState.CONFIRMED or row.flow == discard_marks.ISSUES:
        discard_marks.ask_to_mark(connection, row.store, order_id=discard_marks.order_of(row.flow, row.business_key))


def note_decision(connection: Connection, action: str, *, store: str | None, key: str, who: str, why: str = "") -> None:
    """Stages the audit line of another decision of a person (a store paused, an item mapped, keys rotated)."""
    values = {"store": store, "exchange_id": None, "who": who, "action": action, "key": key, "why": why}
    connection.execute(_AUDIT, {**values, "before": "{}", "after": "{}"})


def _locked(connection: Connection, exchange_id: int) -> Row[tuple[object, ...]]:
    row = connection.execute(_LOCK, {"id": exchange_id}).one_or_none()
    if row is None:
        raise PermanentError(
            f"There is no exchange {exchange_id}.", resolution="`connector exchanges list` shows the newest ones."
        )
    return row


def _require_dead_letter(row: Row[tuple[object, ...]], *, action: str) -> None:
    if row.state != State.DEAD_LETTER:
        raise PermanentError(
            f"Exchange {row.id} is {row.state}, and only a dead letter can be {action}.",
            resolution=f"Look at it with `connector exchanges show {row.id}`.",
        )


def _note(
    connection: Connection,
    row: Row[tuple[object, ...]],
    *,
    who: str,
    action: str,
    to: State,
    why: str,
    told: Mapping[str, object],
) -> None:
    connection.execute(
        _AUDIT,
        {
            "store": row.store,
            "exchange_id": row.id,
            "who": who,
            "action": action,
            "key": row.business_key,
            "before": json.dumps({"state": row.state, "reason_code": row.reason_code, "reason": row.reason}),
            "after": json.dumps({"state": to, **told}),
            "why": why,
        },
    )


def _decision(row: Row[tuple[object, ...]]) -> Decision:
    return Decision(
        exchange_id=row.id,
        store=row.store,
        flow=row.flow,
        business_key=row.business_key,
        store_paused=row.store_paused,
        left_behind=row.number,
    )
