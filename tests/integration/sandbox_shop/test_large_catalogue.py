"""A shop with thousands of products: made at once, listed, found and written without a walk over all of them."""

import pytest

from tests.integration.sandbox_shop.conftest import RunningShop

COUNT = 5000


@pytest.fixture
def full_shop(shop: RunningShop) -> RunningShop:
    made = shop.control("products", count=COUNT, prefix="ITM-", price="9.90", stock_quantity=3).json()
    assert made == {"made": COUNT}
    return shop


def test_every_product_is_listed_once_by_id(full_shop: RunningShop) -> None:
    seen: list[int] = []
    params = {"per_page": "100", "orderby": "id", "order": "asc", "_fields": "id,sku,stock_quantity"}
    for offset in range(0, COUNT + 200, 100):
        answer = full_shop.call("GET", "products", params={**params, "offset": str(offset)})
        seen += [row["id"] for row in answer.json()]

    assert seen == sorted(set(seen))
    assert len(seen) == int(answer.headers["X-WP-Total"])
    assert len(seen) > COUNT


def test_whole_products_name_five_others_and_no_more(full_shop: RunningShop) -> None:
    rows = full_shop.call("GET", "products", params={"per_page": 100}).json()

    assert {len(row["related_ids"]) for row in rows} == {5}


def test_products_that_are_there_are_not_made_again(full_shop: RunningShop) -> None:
    assert full_shop.control("products", count=COUNT + 1, prefix="ITM-").json() == {"made": 1}
    assert sum(product["sku"].startswith("ITM-") for product in full_shop.book()["products"]) == COUNT + 1


def test_hundred_are_found_by_sku_and_written(full_shop: RunningShop) -> None:
    skus = ",".join(f"itm-{number:05d}" for number in range(1, 101))
    found = full_shop.call("GET", "products", params={"sku": skus, "per_page": 100, "_fields": "id"}).json()

    written = full_shop.call(
        "POST", "products/batch", json={"update": [{"id": row["id"], "stock_quantity": 8} for row in found]}
    ).json()["update"]

    assert [row["stock_quantity"] for row in written] == [8] * 100
