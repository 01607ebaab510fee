"""The mark on the shop's order that says what of it a person discarded: a ledger that was put back to before that finds it again.

Called by the flows of orders and money with the order they read anyway, and by discards_to_woo, which writes it. It names facts
and moments, and the number in M3 of what was entered by hand; nobody's data, and no reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.flows.context import Run
from connector.ledger.discard_marks import FIND_AGAIN, ISSUES, Standing, order_of, was_taken_back_since
from connector.ledger.discards import FORGOTTEN, Discard
from connector.ledger.tables import DocumentState
from connector.woocommerce.canonical import canonical_json, read_json
from connector.woocommerce.models import Order

MARK_META = "_m3_discarded"
WHY = "the mark on the shop's order says so; this ledger was put back to before that"


def text_of(standing: Sequence[Standing]) -> str:
    """Returns what the mark says; nothing, if nothing is discarded."""
    facts = {
        f"{one.flow} {one.key}": {"at": one.at.isoformat()}
        | ({} if one.entered_as is None else {"entered_as": one.entered_as})
        for one in standing
    }
    return canonical_json(facts).decode() if facts else ""


def recall(run: Run, order: Order | None) -> None:
    """Takes up what the mark says of this fact, if the ledger knows nothing of it: a person decides, as of any discard.

    Args:
        run: This run.
        order: As the shop has it now; None if it does not have it any more.
    """
    said = said_of(run, order)
    if said is None:
        return
    run.journal.stage(
        FIND_AGAIN,
        exchange_id=run.claim.exchange_id,
        order_id=order_of(run.claim.flow, run.claim.business_key),
        who=said.who,
        why=said.why,
        entered_as=said.entered_as,
        at=said.at.isoformat(),
        accepted=canonical_json(said.accepted).decode(),
    )
    run.journal.audit("discard found again", system="ledger", key=run.claim.business_key, why=said.words)
    run.journal.claim = replace(run.claim, discard=said)


def said_of(run: Run, order: Order | None) -> Discard | None:
    """Returns what the mark says of this fact; None if nothing, if the ledger knows it, or if it was released since."""
    if order is None or run.claim.discard is not None or _is_found_in_m3(run):
        return None
    said = _read(order, fact=f"{run.claim.flow} {run.claim.business_key}")
    if said is None or was_taken_back_since(run.journal.connection, run.claim.exchange_id, since=said.at):
        return None
    return Discard("a person", WHY, said.at, accepted={"asks": FORGOTTEN}, entered_as=said.entered_as)


def _is_found_in_m3(run: Run) -> bool:
    document = run.claim.live_document
    return document is not None and document.state is DocumentState.CONFIRMED and run.claim.flow != ISSUES


@dataclass(frozen=True)
class _Said:
    at: datetime
    entered_as: str | None


def _read(order: Order, *, fact: str) -> _Said | None:
    """Returns what is said of a fact. A mark that somebody made unreadable is taken to say it of every fact of its order."""
    text = order.meta(MARK_META)
    if text in (None, ""):
        return None
    try:
        said = read_json(str(text).encode()).get(fact)
        return None if said is None else _Said(_moment(said["at"]), said.get("entered_as"))
    except (ValueError, TypeError, AttributeError, KeyError):
        return _Said(order.created_at, None)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without zone")
    return moment
