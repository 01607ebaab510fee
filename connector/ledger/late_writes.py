"""A write to an order that left after its worker's lease was lost. Called by the order flows with `Journal.send(if_late=)`.

The exchange that is made due for it finds a step whose outcome is unknown from now on, and looks at the order in M3.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from connector.ledger.fenced import Staged
from connector.ledger.prepared import Prepared
from connector.ledger.steps import Intent

LATE_WRITE = Prepared(
    "late_write",
    """
UPDATE step SET state = 'unknown', intended_at = ledger_now(), finished_at = ledger_now(),
    result = jsonb_build_object('look_at', ledger_now(), 'states', CAST(:states AS jsonb))
WHERE id = :id
""",
    types={"id": "bigint"},
)


def left_late(intent: Intent, *, states: Sequence[dict[str, Any]] = ()) -> Staged:
    """Returns what is written down of a write to an order that left late.

    Args:
        intent: Its step.
        states: What M3 may hold because of it; so it is not taken for a person's doing.
    """
    return LATE_WRITE, {"id": intent.id, "states": json.dumps(list(states), default=str)}
