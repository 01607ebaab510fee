"""The stories of what becomes of old rows: sealed, and removed by age. Told in stories.py."""

from __future__ import annotations

from connector.ledger.seals import verify
from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World

RIPE_S = 700
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


def trail_is_sealed(world: World) -> None:
    """An order was carried some minutes ago; the audit trail of that is sealed."""
    with world.quietly():
        world.place()
        world.go_on()
    world.connector.pass_time(RIPE_S)
    world.turn("seal_audit")


def of_sealed(world: World) -> list[str]:
    """Says what is wrong: the trail is whole, and all of it is sealed."""
    verified = verify(world.connector.engine)
    is_right = verified.is_whole and verified.lines and not verified.unsealed
    return [*([] if is_right else [f"trail: {verified}"]), *books.of_rest_alone(world)]
