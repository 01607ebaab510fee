"""The story of what is removed by age, and what has to be left of it. Told in stories.py."""

from __future__ import annotations

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World

OLD_S = 181 * 24 * 3600


def old_order_is_purged(world: World) -> None:
    """An order was carried long ago, and told again; the daily job removes what nothing needs."""
    with world.quietly():
        order = world.place()
        world.go_on()
        world.connector.ask(order["id"])
        world.go_on()
    world.connector.pass_time(OLD_S)
    world.turn("purge")


def of_purged(world: World) -> list[str]:
    """Says what is wrong: one delivery and one attempt are left of each exchange, and the order is whole in both books."""
    many = "SELECT exchange_id FROM {} GROUP BY exchange_id HAVING count(*) <> 1"
    left = [row for table in ("delivery", "attempt") for row in world.connector.rows(many.format(table))]
    return [*([f"left: {left}"] if left else []), *books.of_rest_alone(world)]
