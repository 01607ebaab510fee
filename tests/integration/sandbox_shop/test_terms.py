"""Categories, tags, attributes and their terms of the sandbox shop, one by one and in batches."""

from typing import Any

import pytest

from tests.integration.sandbox_shop.conftest import RunningShop


def _create(shop: RunningShop, path: str, *elements: dict[str, Any]) -> Any:
    return shop.call("POST", f"products/{path}/batch", json={"create": list(elements)}).json()["create"]


def test_category_may_bear_one_name_under_each_parent(shop: RunningShop) -> None:
    top, below, again, orphan = _create(
        shop,
        "categories",
        {"name": "Tools"},
        {"name": "Tools", "parent": 16},
        {"name": "tools", "parent": 16},
        {"name": "Lost", "parent": 999},
    )

    assert (top["slug"], below["slug"], below["parent"]) == ("tools", "tools-2", 16)
    assert (again["error"]["code"], again["error"]["data"]["resource_id"]) == ("term_exists", below["id"])
    assert orphan["error"]["code"] == "missing_parent"


def test_categories_are_paged_by_id_and_count_their_products(shop: RunningShop) -> None:
    params = {"orderby": "id", "order": "asc", "per_page": 2, "offset": 1}

    answer = shop.call("GET", "products/categories", params=params)

    assert [(one["id"], one["name"]) for one in answer.json()] == [(16, "Apparel"), (17, "Kitchen &amp; Home")]
    assert answer.headers["X-WP-Total"] == "4"
    assert answer.json()[0]["count"] == 2
    children = shop.call("GET", "products/categories", params={"parent": 16})
    assert children.json() == []


def test_category_can_be_changed_and_its_products_show_it(shop: RunningShop) -> None:
    shop.call("PUT", "products/categories/16", json={"name": "Clothes & more"})

    assert shop.call("GET", "products/33").json()["categories"][0]["name"] == "Clothes &amp; more"
    assert shop.call("DELETE", "products/categories/16").status_code == 501
    assert shop.call("DELETE", "products/categories/16", params={"force": "true"}).status_code == 200
    assert shop.call("DELETE", "products/categories/15", params={"force": "true"}).status_code == 500
    assert shop.call("GET", "products/33").json()["categories"] == []


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ({"name": "Groesse", "slug": "size"}, 'Slug "size" is already in use. Change it, please.'),
        ({"name": "A" * 29}, f'Slug "{"a" * 29}" is too long (28 characters max). Shorten it, please.'),
        ({}, "Please, provide an attribute name."),
    ],
)
def test_attribute_that_cannot_be_made_is_told_in_words_only(
    shop: RunningShop, element: dict[str, str], message: str
) -> None:
    (answer,) = _create(shop, "attributes", element)

    assert answer["error"] == {"code": "woocommerce_rest_cannot_create", "message": message, "data": {"status": 400}}


def test_attributes_come_all_at_once_whatever_page_is_asked_for(shop: RunningShop) -> None:
    _create(shop, "attributes", {"name": "Colour"}, {"name": "Zip"})

    answer = shop.call("GET", "products/attributes", params={"per_page": 1, "page": 2})

    assert [one["slug"] for one in answer.json()] == ["pa_colour", "pa_size", "pa_zip"]
    assert answer.headers["X-WP-TotalPages"] == "1"


def test_terms_live_under_their_attribute(shop: RunningShop) -> None:
    (colour,) = _create(shop, "attributes", {"name": "Colour"})
    path = f"attributes/{colour['id']}/terms"

    red, again, nameless = _create(shop, path, {"name": "Red"}, {"name": "red"}, {})

    assert (red["slug"], red["count"]) == ("red", 0)
    assert (again["error"]["code"], again["error"]["data"]["resource_id"]) == ("term_exists", red["id"])
    assert nameless["error"]["code"] == "empty_term_name"
    assert [one["id"] for one in shop.call("GET", f"products/{path}").json()] == [red["id"]]
    assert shop.call("GET", "products/attributes/999/terms").json()["code"] == "woocommerce_rest_taxonomy_invalid"
    assert shop.call("GET", f"products/{path}/999").json()["code"] == "woocommerce_rest_term_invalid"
    assert shop.call("POST", "products/attributes/999/terms/batch", json={"create": []}).status_code == 404


def test_terms_survive_a_backup(shop: RunningShop) -> None:
    shop.control("backup")
    _create(shop, "categories", {"name": "Tools"})

    shop.control("restore")

    assert len(shop.call("GET", "products/categories").json()) == 4
    assert len(shop.call("GET", "products", params={"sku": "MUG-001"}).json()) == 1
