"""Makes the exchange of a batch flow due without a delivery. Called by connector/ledger/offers.py and the flows."""

from __future__ import annotations

from sqlalchemy import Connection

from connector.ledger.dispatch import DueMessage
from connector.ledger.prepared import Prepared

POOLS = {
    "items_to_woo": "catalog",
    "prices_to_woo": "catalog",
    "stock_to_woo": "inventory",
    "customers_to_woo": "customers",
}
"""Which pool runs the exchange of a batch flow; the registry says the same (a test compares them)."""

_WAKE = Prepared(
    "exchange_wake",
    """
WITH clock AS MATERIALIZED (SELECT ledger_now() AS now), x AS (
    INSERT INTO exchange AS e (store, scope, flow, business_key, pool, doubt_rev, sent_at, sends)
    SELECT :store, :store, :flow, :business_key, :pool, 1, clock.now, 1 FROM clock
    ON CONFLICT (scope, flow, business_key) DO UPDATE SET
        wanted_rev = e.wanted_rev + 1, doubt_rev = e.wanted_rev + 1,
        state = CASE WHEN e.state = 'running' THEN e.state ELSE 'ready' END,
        next_attempt_at = CASE WHEN e.state IN ('running', 'ready') THEN e.next_attempt_at ELSE excluded.sent_at END,
        tries = CASE WHEN e.state IN ('done', 'dead_letter') THEN 0 ELSE e.tries END,
        crashes = CASE WHEN e.state IN ('done', 'dead_letter') THEN 0 ELSE e.crashes END,
        waiting_since = CASE WHEN e.state IN ('done', 'dead_letter') THEN NULL ELSE e.waiting_since END,
        blocked_since = CASE WHEN e.state IN ('done', 'dead_letter') THEN NULL ELSE e.blocked_since END,
        alerted_at = CASE WHEN e.state = 'dead_letter' THEN NULL ELSE e.alerted_at END,
        blocked_kind = NULL, blocked_key = NULL,
        -- One message is enough for many changes; the sweeper sends another if it got lost.
        sent_at = CASE WHEN e.state IN ('running', 'ready') AND e.sent_at IS NOT NULL THEN e.sent_at
                       ELSE excluded.sent_at END,
        sends = CASE WHEN e.state = 'running' THEN e.sends WHEN e.state = 'ready' AND e.sent_at IS NOT NULL THEN e.sends
                     ELSE e.sends + 1 END
    RETURNING e.id, e.claim_no, e.state, e.sent_at, e.not_before
)
SELECT id, claim_no, state = 'ready' AND sent_at = now AND coalesce(not_before <= now, true) AS due FROM x, clock
""",
    types={},
)


def wake(connection: Connection, store: str, *, flow: str, business_key: str) -> list[DueMessage]:
    """Stages that an exchange has to look again; it is made if there is none.

    Returns:
        The message to send after the commit; none if one is on its way or a run is under way, which looks again by itself.
    """
    pool = POOLS[flow]
    values = {"store": store, "flow": flow, "business_key": business_key, "pool": pool}
    row = _WAKE.one_or_none(connection, values)
    assert row is not None, "INSERT ... RETURNING gives a row"
    return [DueMessage(row.id, pool, row.claim_no)] if row.due else []
