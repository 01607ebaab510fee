"""Whether the audit trail names every write of the connector that M3 and the shop have taken. Used by books.py, at rest."""

from __future__ import annotations

from collections.abc import Iterator

from tests.acceptance.simulation.world import World
from tests.acceptance.trail import untold

BY_HAND = ("POST webhooks", "DELETE orders")
"""What the day itself asks of the shop's REST interface: to be told, and to delete a refund."""


def of_trail(world: World) -> Iterator[str]:
    """Yields a complaint for each write that no line names."""
    shop = [one for one in world.shop.writes if not _is_by_hand(str(one["method"]), str(one["path"]))]
    items = world.rows("SELECT product_id, item_number FROM product")
    lines = world.rows("SELECT action, key, before, after FROM audit ORDER BY id")
    bound = {row["product_id"]: row["item_number"] for row in items}
    for complaint in untold(world.site.state.writes, shop, lines, items=bound):
        yield f"untold: {complaint}"


def _is_by_hand(method: str, path: str) -> bool:
    return f"{method} {path}".startswith(BY_HAND) and "/notes/" not in path
