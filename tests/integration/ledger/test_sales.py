"""What the ledger keeps of the stock that orders took."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from connector.ledger.cursors import now
from connector.ledger.in_flight import close_sales, posted_sales, units_in_flight
from connector.ledger.sales import (
    DROP_SALE,
    POSTED_SALE,
    Sale,
    SaleLine,
    keep_sales,
    settle_sale,
    units_sold,
)
from connector.ledger.session import transaction

STORE, ITEM, PRODUCT = "w1", "MUG-001", 10


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """A ledger with a store, a product of it, and an offer that is settled."""
    with transaction(engine) as connection:
        for statement in (
            "INSERT INTO store (name, shop_url, config, config_source) VALUES ('w1', 'https://shop.example', '', '')",
            "INSERT INTO product (store, item_number, sku, product_id, kind) VALUES ('w1', 'MUG-001', 'MUG', 10, 'simple')",
            "INSERT INTO offer (store, flow, item_number, done_rev) VALUES ('w1', 'stock_to_woo', 'MUG-001', 1)",
        ):
            connection.execute(text(statement))
    return engine


def sale(units: int, *, delivery: int = 1, order: int = 7, holds: bool = True, counts: bool = True) -> Sale:
    lines = (SaleLine(PRODUCT, "MUG", Decimal(units)),) if units else ()
    return Sale(order_id=order, delivery_id=delivery, holds=holds, lines=lines, counts=counts)


def keep(engine: Engine, *sales: Sale) -> None:
    with transaction(engine) as connection:
        keep_sales(connection, STORE, sales=sales)


def in_flight(engine: Engine) -> Decimal:
    with transaction(engine) as connection:
        found = units_in_flight(connection, stores=[STORE], item_numbers=[ITEM], since=now(connection))
    return sum((one.units for one in found), Decimal(0))


def sold(engine: Engine) -> Decimal:
    with transaction(engine) as connection:
        return units_sold(connection, STORE, product_ids=[PRODUCT]).get(PRODUCT, Decimal(0))


def revision(engine: Engine) -> int:
    with transaction(engine) as connection:
        found: int = connection.execute(text("SELECT wanted_rev FROM offer")).scalar_one()
    return found


def test_units_are_in_flight_and_counted(shop: Engine) -> None:
    keep(shop, sale(3), sale(2, order=8))

    assert (in_flight(shop), sold(shop), revision(shop)) == (5, 5, 2)


def test_the_same_again_changes_nothing(shop: Engine) -> None:
    keep(shop, sale(3))

    keep(shop, sale(3, delivery=2))

    assert (in_flight(shop), sold(shop), revision(shop)) == (3, 3, 2)


def test_a_later_body_replaces_and_an_earlier_one_does_not(shop: Engine) -> None:
    keep(shop, sale(3, delivery=5))

    keep(shop, sale(1, delivery=6))
    keep(shop, sale(9, delivery=4))

    assert (in_flight(shop), sold(shop)) == (1, 1)


def test_cancelled_order_gives_back_and_a_deleted_one_does_not(shop: Engine) -> None:
    keep(shop, sale(3), sale(2, order=8))

    keep(shop, sale(0, delivery=2, holds=False))
    with transaction(shop) as connection:
        DROP_SALE.run(connection, {"store": STORE, "order_id": 8})

    assert (in_flight(shop), sold(shop)) == (0, 2)


def test_order_heard_of_late_is_in_flight_but_no_sale_since_the_last_write(shop: Engine) -> None:
    keep(shop, sale(3, counts=False))

    assert (in_flight(shop), sold(shop)) == (3, 0)


def test_order_of_a_product_nobody_bound_counts_by_its_sku(shop: Engine) -> None:
    line = SaleLine(99, ITEM, Decimal(4))
    keep(shop, Sale(order_id=7, delivery_id=1, holds=True, lines=(line,)))

    assert in_flight(shop) == 4
    assert revision(shop) == 2


def test_order_in_m3_is_in_flight_only_if_it_came_there_after_the_reading_began(shop: Engine) -> None:
    keep(shop, sale(3))
    with transaction(shop) as connection:
        before = now(connection)
        connection.execute(
            text(
                "INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key)"
                " VALUES ('order', 'w1', '7', 'T/1', '0000045001')"
            )
        )
    with transaction(shop) as connection:
        began = units_in_flight(connection, stores=[STORE], item_numbers=[ITEM], since=before)
        posted = posted_sales(connection, stores=[STORE], item_numbers=[ITEM], most=10)

    assert [one.units for one in began] == [3]
    assert in_flight(shop) == 0
    assert [(one.order_id, one.m3_number) for one in posted] == [(7, "0000045001")]


def test_two_who_hear_of_an_order_first_count_it_once(shop: Engine) -> None:
    ready = threading.Barrier(4)

    def hear() -> None:
        ready.wait(timeout=60)
        keep(shop, sale(3))

    threads = [threading.Thread(target=hear) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=60)

    assert (in_flight(shop), sold(shop)) == (3, 3)


def test_posted_order_that_is_read_for_the_first_time_is_looked_at_in_m3(shop: Engine) -> None:
    with transaction(shop) as connection:
        connection.execute(
            text(
                "INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key)"
                " VALUES ('order', 'w1', '7', 'T/1', '0000045001')"
            )
        )

    keep(shop, sale(3))

    with transaction(shop) as connection:
        posted = posted_sales(connection, stores=[STORE], item_numbers=[ITEM], most=10)
    assert [one.order_id for one in posted] == [7]


def post(engine: Engine, units: int, *, is_first: bool = False) -> None:
    """Tells that M3 holds so many units of order 7, since long ago."""
    with transaction(engine) as connection:
        if is_first:
            connection.execute(
                text(
                    "INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key)"
                    " VALUES ('order', 'w1', '7', 'T/1', '0000045001')"
                )
            )
        POSTED_SALE.run(connection, {"store": STORE, "order_id": 7, "posted": f'{{"{PRODUCT}": "{units}"}}'})


def let_time_pass(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(text("UPDATE sale SET posted_at = posted_at - interval '1 hour'"))
        connection.execute(text("UPDATE binding SET bound_at = bound_at - interval '1 hour'"))


def is_open(engine: Engine) -> bool:
    with transaction(engine) as connection:
        found: bool = connection.execute(text("SELECT is_open FROM sale")).scalar_one()
    return found


def test_what_was_added_to_a_posted_order_is_in_flight_until_m3_has_it(shop: Engine) -> None:
    keep(shop, sale(3))
    post(shop, 3, is_first=True)

    keep(shop, sale(8, delivery=2))

    assert in_flight(shop) == 5
    post(shop, 8)
    assert in_flight(shop) == 0


def test_order_m3_has_allocated_is_looked_at_again_once_it_is_changed(shop: Engine) -> None:
    keep(shop, sale(3))
    post(shop, 3, is_first=True)
    let_time_pass(shop)
    with transaction(shop) as connection:
        close_sales(connection, STORE, order_ids=[7])
    assert not is_open(shop)

    keep(shop, sale(5, delivery=2))
    with transaction(shop) as connection:
        close_sales(connection, STORE, order_ids=[7])

    assert (is_open(shop), in_flight(shop)) == (True, 2)


def test_change_that_came_to_m3_after_the_reading_began_counts_whole(shop: Engine) -> None:
    keep(shop, sale(3))
    post(shop, 3, is_first=True)
    let_time_pass(shop)
    keep(shop, sale(8, delivery=2))
    with transaction(shop) as connection:
        before = now(connection)
    post(shop, 8)

    with transaction(shop) as connection:
        began = units_in_flight(connection, stores=[STORE], item_numbers=[ITEM], since=before)

    assert [one.units for one in began] == [8]


def test_fewer_units_than_were_posted_give_nothing_back_before_m3_does(shop: Engine) -> None:
    keep(shop, sale(3))
    post(shop, 3, is_first=True)

    keep(shop, sale(1, delivery=2))

    assert in_flight(shop) == 0


def test_what_a_person_settled_is_in_flight_no_more_and_its_items_are_due(shop: Engine) -> None:
    keep(shop, sale(3))
    post(shop, 3, is_first=True)
    keep(shop, sale(8, delivery=2))
    before = revision(shop)

    with transaction(shop) as connection:
        settle_sale(connection, STORE, order_id=7)

    assert in_flight(shop) == 0
    assert revision(shop) == before + 1


def test_cancelled_order_has_no_excess(shop: Engine) -> None:
    keep(shop, sale(3))
    post(shop, 3, is_first=True)

    keep(shop, sale(8, delivery=2, holds=False))

    assert in_flight(shop) == 0
