"""Flows of one store that stand still until a person looked, while everything else of the store goes on.

Called by workers/jobs.py, by alerts and by the command line. The claim and the dispatch of exchanges leave such a flow out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, text


@dataclass(frozen=True)
class FlowPause:
    """A flow that stands still. `missing_ids` are believed to be deleted once a person lets it go on."""

    store: str
    flow: str
    reason: str
    resolution: str
    missing_ids: tuple[int, ...]
    paused_at: datetime


_COLUMNS = "store, flow, reason, resolution, missing_ids, paused_at"
_PAUSE = text("""
INSERT INTO flow_pause AS p (store, flow, reason, resolution, missing_ids)
VALUES (:store, :flow, :reason, :resolution, CAST(:missing_ids AS jsonb))
ON CONFLICT (store, flow) DO UPDATE SET
    reason = excluded.reason, resolution = excluded.resolution, missing_ids = excluded.missing_ids
""")
_RESUME = text(f"DELETE FROM flow_pause WHERE store = :store AND flow = :flow RETURNING {_COLUMNS}")
_ALL = text(f"SELECT {_COLUMNS} FROM flow_pause ORDER BY store, flow")
_TAKE = text(f"UPDATE flow_pause SET told_at = ledger_now() WHERE told_at IS NULL RETURNING {_COLUMNS}")
_UNTELL = text("UPDATE flow_pause SET told_at = NULL WHERE store = :store AND flow = :flow")


def pause_flow(
    connection: Connection, store: str, *, flow: str, reason: str, resolution: str, missing_ids: Sequence[int]
) -> None:
    """Stages that a flow of a store stands still; a second pause only brings what it says up to date."""
    values = {"store": store, "flow": flow, "reason": reason, "resolution": resolution}
    connection.execute(_PAUSE, values | {"missing_ids": json.dumps(list(missing_ids))})


def resume_flow(connection: Connection, store: str, *, flow: str) -> FlowPause | None:
    """Stages that a flow goes on; returns what had paused it, or None if nothing had."""
    row = connection.execute(_RESUME, {"store": store, "flow": flow}).one_or_none()
    return None if row is None else _pause_of(row)


def paused_flows(connection: Connection) -> list[FlowPause]:
    """Returns all flows that stand still, by store."""
    return [_pause_of(row) for row in connection.execute(_ALL)]


def take_untold_pauses(connection: Connection) -> list[FlowPause]:
    """Stamps the pauses nobody was told of and returns them; `untell_pauses` takes the stamps back."""
    return [_pause_of(row) for row in connection.execute(_TAKE)]


def untell_pauses(connection: Connection, pauses: Sequence[FlowPause]) -> None:
    """Takes the stamps back of pauses nobody could be told of."""
    for one in pauses:
        connection.execute(_UNTELL, {"store": one.store, "flow": one.flow})


def _pause_of(row: Row[tuple[object, ...]]) -> FlowPause:
    return FlowPause(row.store, row.flow, row.reason, row.resolution, tuple(row.missing_ids), row.paused_at)
