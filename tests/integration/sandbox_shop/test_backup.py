"""The shop put back to a copy of its database, orders saved late, and what its book tells checkers about both."""

from typing import Any

from tests.integration.sandbox_shop.conftest import RunningShop

CART: dict[str, Any] = {"lines": [{"sku": "MUG-001", "quantity": 2}], "payment_method": "stripe"}


def test_restored_shop_gives_the_same_number_to_another_order(shop: RunningShop) -> None:
    kept = shop.control("orders", **CART).json()
    shop.control("backup")
    lost = shop.control("orders", **CART, saved_late_s=5).json()

    answer = shop.control("restore").json()
    other = shop.control("orders", **CART).json()

    assert answer == {"orders": 1, "gone": 1}
    assert [one["id"] for one in shop.book()["orders"]] == [kept["id"], other["id"]]
    assert other["id"] == lost["id"]
    assert other["order_key"] != lost["order_key"]
    (gone,) = shop.book()["gone"]
    assert (gone["id"], gone["date_created_gmt"]) == (lost["id"], lost["date_created_gmt"])


def test_restored_order_is_as_it_was_and_the_book_knows_what_it_had_been(shop: RunningShop) -> None:
    order = shop.control("orders", **CART, status="on-hold").json()
    shop.control("backup")
    shop.control(f"orders/{order['id']}", status="processing")

    shop.control("restore")

    (restored,) = shop.book()["orders"]
    assert restored["status"] == "on-hold"
    assert restored["statuses"][-2:] == ["processing", "on-hold"]


def test_order_deleted_for_good_is_gone_until_a_restore_brings_it_back(shop: RunningShop) -> None:
    order = shop.control("orders", **CART).json()
    shop.control("backup")

    shop.control(f"orders/{order['id']}", action="delete")
    gone = shop.book()["gone"]
    shop.control("restore")

    assert [one["id"] for one in gone] == [order["id"]]
    assert shop.book()["gone"] == []
    assert len(shop.book()["orders"]) == 1


def test_restore_without_a_backup_says_what_to_do(shop: RunningShop) -> None:
    answer = shop.control("restore")

    assert answer.status_code == 409
    assert "_control/backup" in answer.json()["error"]


def test_order_saved_late_is_older_than_what_a_poll_has_seen(shop: RunningShop) -> None:
    seen = shop.control("orders", **CART).json()
    late = shop.control("orders", **CART, saved_late_s=600).json()

    assert late["id"] > seen["id"]
    assert late["date_modified_gmt"] < seen["date_modified_gmt"]
    assert late["date_paid_gmt"] < seen["date_paid_gmt"]


def test_clock_of_the_shop_can_be_moved_and_is_put_back_by_a_reset(shop: RunningShop) -> None:
    before = shop.control("orders", **CART).json()
    shop.control("clock", offset_s=3600)
    after = shop.control("orders", **CART).json()
    shop.control("reset")
    again = shop.control("orders", **CART).json()

    assert before["date_created_gmt"] <= again["date_created_gmt"] < after["date_created_gmt"]
