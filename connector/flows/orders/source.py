"""The newest known truth about an order: the stored body, or a fresh one from the shop when it may be wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from connector.errors import MappingError, NotYetError, WooRejectedError
from connector.flows.context import Run
from connector.ledger.claims import Claim
from connector.ledger.fetched import keep_fetched
from connector.ledger.journal_statements import LOOK_AGAIN
from connector.ledger.tenure import Tenure
from connector.woocommerce.client import RawResource
from connector.woocommerce.models import Order, parse_order
from connector.woocommerce.webhooks import read_resource

FRESH_FOR = timedelta(minutes=10)
UNKNOWN_ORDER = "woocommerce_rest_shop_order_invalid_id"
NOT_FOUND = 404


def read_newest(run: Run) -> Order | None:
    """Returns the order, or None if the shop says that it does not exist any more.

    The stored body is taken if it is a whole order, nothing told us since to doubt it, and it is younger than ten
    minutes; else the shop is asked, and what it says is stored as the newest known.

    Raises:
        InvalidPayloadError: The body is no order.
        RemoteUnavailableError, RateLimitedError: The shop cannot be asked now.
    """
    claim = run.claim
    if claim.body is not None and is_believed(claim):
        return parse_order(claim.body)
    raw = _ask(run)
    if raw is None:
        return None
    told = read_resource("order.updated", raw.body)
    if told.content_hash is not None:
        keep_fetched(run.journal, raw.body, content_hash=told.content_hash, modified_at=told.modified_at)
    return parse_order(raw.data)


def is_believed(claim: Claim) -> bool:
    """Tells whether the stored body is taken for the truth."""
    is_young = claim.body_received_at is not None and claim.now - claim.body_received_at <= FRESH_FOR
    return is_young and not claim.is_doubtful


def require_seen_since(run: Run, order: Order, held: Tenure | None) -> None:
    """Has the shop asked before anything is written for an order whose stored body this ledger may be older than.

    Where the ledger was put back, a person may have discarded the order since, which its mark in the shop tells.

    Raises:
        NotYetError: The next run asks.
    """
    if held is None or not held.may_be_forgotten(order.created_at) or not is_believed(run.claim):
        return
    run.journal.stage(LOOK_AGAIN, exchange_id=run.claim.exchange_id)
    raise NotYetError(
        "This ledger may have been put back to before what the shop says of the order now.",
        retry_after_s=0,
        resolution="Nothing to do: the shop is asked.",
    )


def known_since(claim: Claim) -> datetime:
    """Returns since when the shop is known to hold what `read_newest` returns."""
    return claim.body_received_at if claim.body_received_at is not None and is_believed(claim) else claim.now


def fetch(run: Run) -> Order | None:
    """Asks the shop; None if it has no such order.

    Raises:
        InvalidPayloadError: The body is no order.
        RemoteUnavailableError, RateLimitedError: The shop cannot be asked now.
    """
    raw = _ask(run)
    return None if raw is None else parse_order(raw.data)


def unknown_status(order: Order | None, *, where: str) -> MappingError:
    """Returns the error of an order in a status that the store file does not name; `where` says what M3 holds of it."""
    status = "" if order is None else order.status
    return MappingError(
        f"The order is {status} in the shop, and nobody said what that does in M3; {where}.",
        field="status",
        resolution=f"Name {status} under orders.statuses of the store file (none: nothing is done, and nobody told); saving it "
        "looks at the order again by itself. Or discard this exchange.",
    )


def _ask(run: Run) -> RawResource | None:
    run.journal.pause()
    try:
        return run.store.shop.get_order(int(run.claim.business_key))
    except WooRejectedError as error:
        if (
            error.status == NOT_FOUND and error.remote_code == UNKNOWN_ORDER
        ):  # any other 404 may be a plug-in's or a proxy's
            return None
        raise
