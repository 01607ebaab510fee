"""The offers of items with what M3 said of them, alone and by the family they are variations of. Called by items_to_woo.

What M3 said of an item (`source`) is read when its hash is kept; an item that was only named by somebody (`mark_due`) has to
be read anew. A variation's source names its parent under `family`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from connector.ledger.json_rows import content_hash
from connector.ledger.offers import LOOKED_AT, Source
from connector.ledger.prepared import Prepared


@dataclass(frozen=True, slots=True)
class ItemOffer:
    """An item of the flow `items_to_woo`. The product fields are None while the shop is not known to have it."""

    item_number: str
    rev: int
    source: dict[str, Any]
    is_read: bool
    is_due: bool
    written: dict[str, Any]
    tries: int
    sku: str | None
    product_id: int | None
    parent_id: int | None
    kind: str | None
    problem: str | None = None
    remedy: str | None = None

    @property
    def family(self) -> str:
        """The number of the parent it is a variation of; empty if it is none, or not read yet."""
        return str(self.source.get("family", ""))


_DUE = "o.wanted_rev > o.done_rev AND coalesce(o.retry_at <= ledger_now(), true)"
_SELECT = f"""
SELECT o.item_number, {LOOKED_AT}, o.source, o.source_hash IS NOT NULL, {_DUE}, o.written, o.tries,
       p.sku, p.product_id, p.parent_id, p.kind, o.problem, o.remedy
FROM offer o LEFT JOIN product p ON p.store = o.store AND p.item_number = o.item_number
WHERE o.store = :store AND o.flow = :flow
"""
_TAKE = text(f"{_SELECT} AND {_DUE} ORDER BY o.due_at, o.item_number LIMIT :most")
_NAMED = text(f"{_SELECT} AND o.item_number = ANY(:items)")
_FAMILIES = text(f"{_SELECT} AND o.source->>'family' = ANY(:families)")


def take_due_items(connection: Connection, store: str, *, flow: str, most: int) -> list[ItemOffer]:
    """Returns due items, the longest due first, at most `most`."""
    return _offers(connection.execute(_TAKE, {"store": store, "flow": flow, "most": most}))


def find_items(connection: Connection, store: str, *, flow: str, item_numbers: Collection[str]) -> list[ItemOffer]:
    """Returns the items of these numbers that are known."""
    return _offers(connection.execute(_NAMED, {"store": store, "flow": flow, "items": list(item_numbers)}))


def find_families(connection: Connection, store: str, *, flow: str, parents: Collection[str]) -> list[ItemOffer]:
    """Returns all known variations of these parents, due or not; not the parents themselves."""
    return _offers(connection.execute(_FAMILIES, {"store": store, "flow": flow, "families": list(parents)}))


_BETWEEN = text("""
SELECT item_number FROM offer
WHERE store = :store AND flow = :flow AND item_number COLLATE "C" > :after
  AND (CAST(:last AS varchar) IS NULL OR item_number COLLATE "C" <= :last)
  AND source_hash IS NOT NULL AND NOT source ? 'gone'
""")


def known_between(connection: Connection, store: str, *, flow: str, after: str, last: str | None) -> set[str]:
    """Returns the numbers of known items behind one, up to another (None: all that follow), that M3 had when last read."""
    values = {"store": store, "flow": flow, "after": after, "last": last}
    return set(connection.execute(_BETWEEN, values).scalars())


_BOUND = text("SELECT product_id, item_number FROM product WHERE store = :store AND product_id = ANY(:ids)")


def items_of_products(connection: Connection, store: str, *, product_ids: Collection[int]) -> dict[int, str]:
    """Returns which items products of the shop are bound to."""
    return {row[0]: row[1] for row in connection.execute(_BOUND, {"store": store, "ids": list(product_ids)})}


_FIRST_BOUND = text("SELECT min(bound_at) FROM product WHERE store = :store")


def first_bound_at(connection: Connection, store: str) -> datetime | None:
    """Returns since when a product of the shop is known to be an item; None if none is."""
    moment: datetime | None = connection.execute(_FIRST_BOUND, {"store": store}).scalar_one()
    return moment


_UNSOLD = text("""
SELECT o.item_number FROM offer o
WHERE o.store = :store AND o.flow = 'items_to_woo' AND o.item_number = ANY(:items)
  AND o.wanted_rev = o.done_rev AND o.source_hash IS NOT NULL AND o.problem_code IS NULL
  AND NOT EXISTS (SELECT 1 FROM product p WHERE p.store = o.store AND p.item_number = o.item_number)
""")


def find_unsold(connection: Connection, store: str, *, item_numbers: Collection[str]) -> set[str]:
    """Returns those items that `items_to_woo` looked at and did not put into the shop, by what M3 said of them last.

    News of their prices or stock needs no look. One that begins to be sold is due in `items_to_woo` until its product is
    bound, and the commit that binds it lets the other flows look (MARK_NEW): whoever asks before or after misses nothing. A
    store that does not publish items has none, for its items count as unread (LEAVE_OFFERS).
    """
    return set(connection.execute(_UNSOLD, {"store": store, "items": list(item_numbers)}).scalars())


KEEP_READ = Prepared(
    "offers_keep_read",
    """
UPDATE offer o SET source = r.facts, source_hash = r.hash
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (item_number varchar, rev bigint, facts jsonb, hash varchar)
WHERE o.store = :store AND o.flow = :flow AND o.item_number = r.item_number AND o.wanted_rev = r.rev
""",
    types={},
)
"""Keeps what a run read of items named to it, unless they were named again meanwhile. Values: `read_now`."""

MARK_NEW = Prepared(
    "offers_mark_new",
    """
INSERT INTO offer AS o (store, flow, item_number)
SELECT :store, f.flow, i.item_number FROM jsonb_array_elements_text(CAST(:flows AS jsonb)) AS f (flow),
    jsonb_array_elements_text(CAST(:items AS jsonb)) AS i (item_number) ORDER BY 2, 3
ON CONFLICT (store, flow, item_number) DO UPDATE SET
    wanted_rev = o.wanted_rev + 1, marked_at = ledger_now(), retry_at = NULL, tries = 0, source_hash = NULL,
    due_at = CASE WHEN o.wanted_rev > o.done_rev THEN o.due_at ELSE ledger_now() END
""",
    types={},
)
"""Lets other flows look at items that got a product. Their exchanges are woken by the caller, or by the sweeper.
Values: store, flows and items (JSON lists)."""

FORGET_PRODUCT = Prepared(
    "product_forget",
    """
DELETE FROM product WHERE store = :store AND item_number IN (SELECT jsonb_array_elements_text(CAST(:items AS jsonb)))
""",
    types={},
)
"""Unbinds items whose products are gone from the shop for good. Values: store, items (a JSON list)."""


def read_now(store: str, *, flow: str, sources: Iterable[tuple[int, Source]]) -> dict[str, Any]:
    """Returns the values of KEEP_READ for sources, each with the revision that was taken."""
    rows = [
        {"item_number": one.item_number, "rev": rev, "facts": one.facts, "hash": content_hash(one.facts)}
        for rev, one in sources
    ]
    return {"store": store, "flow": flow, "rows": json.dumps(rows, default=str)}


def _offers(rows: Any) -> list[ItemOffer]:
    return [ItemOffer(*row) for row in rows]
