"""What the audit trail says of a write, made before it is sent. Used by steps.py, dispatch.py and the flows.

It is kept with the step until what became of the write is known: so it reaches the trail whoever is left to tell it, also if the
worker dies, the answer is lost, or nobody ever takes the exchange up again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

NO_ANSWER = "its answer was lost; whether it was done is looked up before anything is repeated"
CUT_OFF = "its run was cut off; whether it was sent and done is looked up before anything is repeated"

TELL_LEFT_OPEN = f"""
INSERT INTO audit (store, exchange_id, claim_no, who, system, action, key, before, after, why)
SELECT o.store, o.exchange_id, o.claim_no, 'connector', r.system, r.action, r.key, r.before, r.after,
    concat_ws('; ', nullif(r.why, ''), '{CUT_OFF}')
FROM left_open o, jsonb_to_recordset(o.told)
    AS r (system varchar, action varchar, key varchar, before jsonb, after jsonb, why varchar)
"""
"""Tells of the writes of `left_open`, a part of the same statement, in the name of the attempt that began them."""


@dataclass(frozen=True, kw_only=True)
class TrailLine:
    """One line: what is done to what. `before` and `after` hold no value that belongs to a customer of M3."""

    action: str  # program and transaction, or what is asked of the shop
    system: str  # "m3" or "shop"
    key: str
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)
    why: str = ""

    def because(self, why: str) -> TrailLine:
        """Returns the line with one more reason."""
        return replace(self, why=f"{self.why}; {why}" if self.why else why)


def to_json(lines: Iterable[TrailLine]) -> str:
    """Returns lines as the statements take them."""
    return json.dumps([asdict(one) for one in lines], default=str)


def looked_up(action: str, *, key: str, is_there: bool, **what: object) -> TrailLine:
    """Returns what is told once M3 has been asked about a write whose answer nobody saw."""
    after = {"call": action, **what, "is_there": is_there}
    return TrailLine(action="looked up", system="m3", key=key, after=after, why="its answer was not seen")
