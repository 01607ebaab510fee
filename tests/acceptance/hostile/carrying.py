"""Runs the flows over what the receiver took, as the workers would, and judges how each exchange ended. Called by run.py."""

from __future__ import annotations

from collections import Counter

from tests.acceptance.hostile.judging import WrongError
from tests.harness import Connector

DAY_S = 86_400.0
ROUNDS = 14  # more than the retries an exchange has

_DUE = """
SELECT id FROM exchange WHERE state IN ('ready', 'waiting', 'blocked') AND next_attempt_at <= ledger_now()
AND coalesce(not_before <= ledger_now(), true) ORDER BY id
"""
_REST = "SELECT flow, state, reason_code, count(*) AS n FROM exchange GROUP BY 1, 2, 3"
_BUGS = "SELECT exchange_id, message, detail FROM attempt WHERE code = 'bug' ORDER BY id LIMIT 3"
_OPEN = """
SELECT id, flow, state, reason FROM exchange
WHERE state NOT IN ('done', 'dead_letter') OR (state = 'dead_letter' AND (reason = '' OR resolution = '')) LIMIT 5
"""


def carry(connector: Connector) -> None:
    """Runs whatever is due until every exchange is done or waits for a person.

    Raises:
        WrongError: One ended as a bug, without a reason or remedy, or does not come to rest; a store was paused.
    """
    for _ in range(ROUNDS):
        for row in connector.rows(_DUE):
            connector.run(row["id"])
        bugs = connector.rows(_BUGS)
        if bugs:
            told = "\n".join(f"exchange {one['exchange_id']}: {one['message']}\n{one['detail']}" for one in bugs)
            raise WrongError(f"The connector itself failed on a body it had accepted.\n{told}")
        if not connector.rows(_OPEN):
            break
        connector.pass_time(DAY_S)
    paused = connector.rows("SELECT name, paused_reason FROM store WHERE paused_by IS NOT NULL")
    if paused:
        raise WrongError(f"A body paused a store: {paused}")
    left = connector.rows(_OPEN)
    if left:
        raise WrongError(f"Exchanges do not come to rest, or wait without a reason and a remedy: {left}")


def fates(connector: Connector) -> Counter[str]:
    """Returns how many exchanges ended how: `flow state reason_code`."""
    return Counter(
        {f"{row['flow']} {row['state']} {row['reason_code']}".strip(): row["n"] for row in connector.rows(_REST)}
    )
