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
    """Says what is wrong: of each exchange one attempt is left, and of its deliveries the newest and the one that made it due.

    The order is whole in both books.
    """
    attempts = world.connector.rows("SELECT exchange_id FROM attempt GROUP BY exchange_id HAVING count(*) <> 1")
    deliveries = world.connector.rows(
        "SELECT d.exchange_id, d.id FROM delivery d JOIN exchange e ON e.id = d.exchange_id"
        " WHERE d.id IS DISTINCT FROM e.newest_delivery_id AND d.id IS DISTINCT FROM e.due_delivery_id"
    )
    left = [*attempts, *deliveries]
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
