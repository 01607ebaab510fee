"""Items that were withdrawn from the shop within a day, and those whose withdrawal was held back until a person looked.

Called by flows/catalogue/withdrawing.py.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from connector.ledger.offers import mark_due
from connector.ledger.pauses import pause_flow

HELD_BACK = "held_back"
"""The problem of such an item. While any stands the flow is paused: a run that meets one was let go on by a person."""

_SHOWN = text("""
SELECT count(*) FROM offer WHERE store = :store AND flow = :flow AND written->>'status' = :status
""")
_HELD = text("""
SELECT EXISTS (SELECT FROM offer WHERE store = :store AND flow = :flow AND item_number = ANY(:items)
    AND problem_code = :code)
""")


_WITHDRAWN = text("""
SELECT count(*) FROM withdrawal
WHERE store = :store AND at > ledger_now() - interval '1 day' AND item_number <> ALL(:besides)
""")
_NOTE = text("""
INSERT INTO withdrawal (store, item_number) SELECT :store, unnest(CAST(:items AS varchar[]))
ON CONFLICT (store, item_number) DO UPDATE SET at = excluded.at
""")
_FORGET_OLD = text("DELETE FROM withdrawal WHERE store = :store AND at <= ledger_now() - interval '1 day'")
_FORGET = text("DELETE FROM withdrawal WHERE store = :store")


def count_withdrawn(connection: Connection, store: str, *, besides: Collection[str]) -> int:
    """Returns how many items left the shop within the last day, besides some."""
    return int(connection.execute(_WITHDRAWN, {"store": store, "besides": list(besides)}).scalar_one())


def note_withdrawn(connection: Connection, store: str, *, item_numbers: Collection[str]) -> None:
    """Stages that items leave the shop now; to be committed before they do. An item counts once a day."""
    connection.execute(_FORGET_OLD, {"store": store})
    connection.execute(_NOTE, {"store": store, "items": sorted(item_numbers)})


def forget_withdrawn(connection: Connection, store: str) -> None:
    """Stages that counting begins anew: a person said that M3 is right."""
    connection.execute(_FORGET, {"store": store})


def count_written(connection: Connection, store: str, *, flow: str, status: str) -> int:
    """Returns how many products were last written with a status."""
    return int(connection.execute(_SHOWN, {"store": store, "flow": flow, "status": status}).scalar_one())


def is_any_held_back(connection: Connection, store: str, *, flow: str, item_numbers: Collection[str]) -> bool:
    """Tells whether one of these items was held back before."""
    values = {"store": store, "flow": flow, "items": list(item_numbers), "code": HELD_BACK}
    return bool(connection.execute(_HELD, values).scalar_one())


def hold_back(
    connection: Connection, store: str, *, flow: str, item_numbers: Collection[str], reason: str, resolution: str
) -> None:
    """Stages that a flow stands still, and that M3 is asked anew for these items once a person lets it go on."""
    pause_flow(connection, store, flow=flow, reason=reason, resolution=resolution, missing_ids=())
    mark_due(connection, store, flow=flow, item_numbers=item_numbers)
