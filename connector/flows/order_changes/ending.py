"""How a change of a posted order ends: settled, or handed over to a person. Called by following.py and bringing_up.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from connector.errors import NeedsPersonError
from connector.flows.context import Run
from connector.flows.order_changes.news import News, Standing, rounding_left_of, standing_of
from connector.flows.order_changes.states import Foreign
from connector.flows.orders.personal import without_person
from connector.flows.orders.plan import fingerprint_of
from connector.flows.outcome import Done
from connector.ledger.document_records import DocumentRecord


def settled(document: DocumentRecord, news: News, number: str, unlocked: str = "") -> Done:
    """Says that M3 holds what the shop says, or what a person settled; `unlocked` is added to the words."""
    if news.is_by_person:
        return Done(f"posted as {number}; a person settled what came after{unlocked}")
    ended = {Standing.OPEN: "", Standing.CLOSED: ", closed", Standing.DELETED: ", deleted"}[standing_of(document)]
    cents = rounding_left_of(document)
    left = f"; its rounding stayed as it was when M3 began to pick: {cents:+} beside the shop's total" if cents else ""
    return Done(f"posted as {number}{ended}{unlocked}{left}", fingerprint=fingerprint_of(document.plan["content"]))


def end_deleted(document: DocumentRecord, news: News, number: str) -> Done:
    """Ends an order that was deleted in M3.

    Raises:
        NeedsPersonError: It is wanted again.
    """
    if news.ends:
        return settled(document, news, number)
    raise NeedsPersonError(
        f"The order was ended in the shop and deleted in M3 ({number}), and is wanted again now.",
        resolution="No second order is made by itself: enter it in OIS100, or place it in the shop anew; then discard this "
        "exchange. `orders.cancel: close` keeps orders that can be taken up again.",
        order=number,
    )


def in_short(news: News) -> str:
    """Returns in few words what is new, without anybody's data."""
    if news.order is None:
        return "deleted in the shop"
    return f"{news.order.status} in the shop" if news.ends else ", ".join(news.keys) or "wanted again"


def hand_over(
    run: Run, news: News, number: str, *, what: str, foreign: Sequence[Foreign] = (), is_locked: bool = False
) -> NoReturn:
    """Hands a change to a person. The audit trail names what differs, and shows no value of a buyer: nothing is taken out of it.

    Raises:
        NeedsPersonError: Always.
    """
    status = "deleted" if news.order is None else news.order.status
    run.journal.audit(
        "changed after posting",
        system="shop",
        key=number,
        before=without_person(news.before, news.keys),
        after={
            "status": status,
            **without_person(news.after, news.keys),
            **({"in M3": {one.where: one.found for one in foreign}} if foreign else {}),
        },
    )
    locked = " The order is locked in M3." if is_locked else ""
    unlocks = f", which unlocks order {number} and leaves it as it is" if is_locked else ""
    raise NeedsPersonError(
        f"The order was changed in the shop after it was posted as {number}: {what}.{locked}",
        resolution=f"`connector exchanges show {run.claim.exchange_id}` shows both sides. Change or close order {number} in "
        f"OIS300 accordingly; what agrees with the shop then is noticed by itself. Else discard this exchange{unlocks}.",
        order=number,
    )
