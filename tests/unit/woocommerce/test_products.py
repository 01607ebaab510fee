"""What the product calls ask of the shop, request by request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from connector.errors import RemoteUnavailableError
from connector.woocommerce.client import WooClient
from connector.woocommerce.paging import Place
from connector.woocommerce.terms import Term
from tests.unit.woocommerce.open_gate import OpenGate
from tests.unit.woocommerce.recorded import exchange

ROOT = "https://shop.example/wp-json/wc/v3"


@pytest.fixture
def client() -> WooClient:
    return WooClient("https://shop.example", "ck_1", "cs_1", gate=OpenGate())


@pytest.fixture
def shop() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def _asked(shop: responses.RequestsMock) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(str(call.request.url)).query)) for call in shop.calls]


def _list(shop: responses.RequestsMock, path: str, rows: list[Any]) -> None:
    shop.get(f"{ROOT}/{path}", json=rows, headers={"X-WP-Total": str(len(rows))})


def test_products_are_found_by_sku_whatever_the_case(shop: responses.RequestsMock, client: WooClient) -> None:
    _list(shop, "products", [{"id": 10, "sku": "MUG-001"}])

    found = client.products.by_sku(["mug-001", "NOSUCH", " ", "mug-001"])

    assert {sku: [row["id"] for row in rows] for sku, rows in found.items()} == {"mug-001": [10]}
    assert _asked(shop)[0]["sku"] == "mug-001,NOSUCH"


def test_sku_that_is_there_twice_is_told_twice(shop: responses.RequestsMock, client: WooClient) -> None:
    _list(shop, "products", [{"id": 10, "sku": "A"}, {"id": 11, "sku": "a"}])

    assert [row["id"] for row in client.products.by_sku(["A"])["A"]] == [10, 11]


def test_sku_with_a_comma_is_asked_alone_and_not_taken_for_two(shop: responses.RequestsMock, client: WooClient) -> None:
    _list(shop, "products", [{"id": 1, "sku": "A"}, {"id": 2, "sku": "B"}])

    assert set(client.products.by_sku(["A", "A,B", "B"])) == {"A", "B"}
    assert sorted(one["sku"] for one in _asked(shop)) == ["A,B", "A,B"]


def test_no_skus_ask_nothing(shop: responses.RequestsMock, client: WooClient) -> None:
    assert client.products.by_sku([]) == {}
    assert client.products.by_id([]) == {}
    assert len(shop.calls) == 0


def test_many_skus_are_asked_in_lists_that_fit_into_an_address(shop: responses.RequestsMock, client: WooClient) -> None:
    _list(shop, "products", [])
    skus = [f"ČĆŽ-{number:04d}" for number in range(250)]

    client.products.by_sku(skus, fields=["id", "type"])

    lists = [one["sku"].split(",") for one in _asked(shop)]
    assert [sku for chunk in lists for sku in chunk] == skus
    assert max(len(chunk) for chunk in lists) <= 90
    assert max(len(str(call.request.url)) for call in shop.calls) < 4000
    assert {one["_fields"] for one in _asked(shop)} == {"id,sku,type"}


def test_rows_come_as_they_are_stored_if_they_are_to_be_compared(
    shop: responses.RequestsMock, client: WooClient
) -> None:
    _list(shop, "products", [])
    shop.get(f"{ROOT}/products/5", json={"id": 5})

    client.products.by_sku(["A"], as_stored=True)
    client.products.by_id([5], as_stored=True)
    client.products.get(5, as_stored=True)
    list(client.products.pages(as_stored=True))
    list(client.products.pages())

    assert [one.get("context") for one in _asked(shop)] == ["edit"] * 4 + [None]


def test_chosen_products_are_asked_by_hundreds(shop: responses.RequestsMock, client: WooClient) -> None:
    _list(shop, "products", [{"id": 5}])
    _list(shop, "products/33/variations", [{"id": 6}])

    assert list(client.products.by_id(range(1, 102), fields=["stock_quantity"])) == [5]
    assert list(client.products.variations(33, [6])) == [6]

    counts = [sum(name.startswith("include[") for name in one) for one in _asked(shop)]
    assert counts == [100, 1, 1]
    assert _asked(shop)[0]["_fields"] == "id,stock_quantity"


def test_walk_goes_on_from_its_place_with_new_rows_only(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/products", json=[{"id": 99}, {"id": 104}], headers={"X-WP-Total": "101"})

    [page] = client.products.pages(
        place=Place(99, 99), modified_after=datetime(2026, 11, 22, tzinfo=UTC), fields=["sku"]
    )

    assert ([row["id"] for row in page.rows], page.is_last) == ([104], True)
    asked = _asked(shop)[0]
    assert (asked["offset"], asked["orderby"], asked["order"], asked["per_page"]) == ("99", "id", "asc", "100")
    assert (asked["_fields"], asked["modified_after"]) == ("id,sku", "2026-11-21T23:59:59")


def test_product_that_is_not_there_is_none(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.get(f"{ROOT}/products/999999", status=404, json=exchange("product-get-404")["body"])
    shop.get(f"{ROOT}/products/34", json=exchange("product-get-variation-as-product")["body"])
    shop.get(f"{ROOT}/products/5", json=[])

    assert client.products.get(999999) is None
    variation = client.products.get(34)
    assert variation is not None and variation["type"] == "variation"
    with pytest.raises(RemoteUnavailableError):
        client.products.get(5)


@pytest.mark.parametrize("status", [200, 404, 410])
def test_product_in_the_trash_or_gone_needs_no_more(
    shop: responses.RequestsMock, client: WooClient, status: int
) -> None:
    shop.delete(f"{ROOT}/products/5", status=status, json={"id": 5, "code": "x", "message": "", "data": {}})

    client.products.trash(5)

    assert _asked(shop) == [{}]


def test_terms_come_with_plain_names(shop: responses.RequestsMock, client: WooClient) -> None:
    _list(shop, "products/categories", [{"id": 17, "name": "Kitchen &amp; Home", "slug": "kitchen-home", "parent": 0}])
    shop.get(
        f"{ROOT}/products/attributes", json=[{"id": 2, "name": "Zip", "slug": "pa_zip"}, {"id": 1, "name": "Size"}]
    )

    assert list(client.terms.categories()) == [Term(17, "Kitchen & Home", "kitchen-home")]
    assert [term.id for term in client.terms.attributes()] == [2, 1]
