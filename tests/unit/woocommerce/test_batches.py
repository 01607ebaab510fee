"""What becomes of each element of a batch, read from recorded answers and from wrong ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import requests
import responses

from connector.errors import OutcomeUnknownError, RateLimitedError, WooRejectedError
from connector.woocommerce.batches import BatchSize, Done, ElementResult, Problem, Refused
from connector.woocommerce.client import WooClient
from tests.unit.woocommerce.open_gate import OpenGate
from tests.unit.woocommerce.recorded import exchange

ROOT = "https://shop.example/wp-json/wc/v3"
BATCH = f"{ROOT}/products/batch"


@pytest.fixture
def client() -> WooClient:
    return WooClient("https://shop.example", "ck_1", "cs_1", gate=OpenGate())


@pytest.fixture
def shop() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def _sent(shop: responses.RequestsMock) -> Any:
    return json.loads(shop.calls[0].request.body or b"null")


def _refused(result: ElementResult) -> Refused:
    assert isinstance(result, Refused)
    return result


def _done(result: ElementResult) -> Done:
    assert isinstance(result, Done)
    return result


def test_recorded_mixed_answer_gives_each_element_its_own_result(
    shop: responses.RequestsMock, client: WooClient
) -> None:
    recorded = exchange("batch-products-partial-error")
    shop.post(BATCH, json={name: recorded["body"][name] for name in ("create", "update")})

    created, stocked, unknown, taken = client.products.write_batch(
        create=recorded["request"]["body"]["create"], update=recorded["request"]["body"]["update"]
    )

    assert (_done(stocked).id, _done(stocked).ignored) == (24, ())
    assert _refused(unknown).problem is Problem.UNKNOWN_ID
    for result in (_refused(created), _refused(taken)):
        assert (result.problem, result.resource_id) == (Problem.SKU_TAKEN, 10)
        assert "(number 10)" in result.message
        assert result.remedy
    assert list(_sent(shop)) == ["create", "update"]


def test_variation_sent_as_a_product_is_told_apart(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.post(BATCH, json=exchange("batch-products-with-variation-id")["body"])

    [result] = client.products.write_batch(update=[{"id": 34, "stock_quantity": 21}])

    assert _refused(result).problem is Problem.IS_VARIATION
    assert "<id>" in _refused(result).message


def test_recorded_variations_are_written_under_their_parent(shop: responses.RequestsMock, client: WooClient) -> None:
    recorded = exchange("batch-variations")
    shop.post(f"{ROOT}/products/33/variations/batch", json=recorded["body"])

    stocked, unknown = client.products.write_variations(33, update=recorded["request"]["body"]["update"])

    assert _done(stocked).id == 34
    assert _refused(unknown).problem is Problem.UNKNOWN_ID


def test_parent_that_is_gone_refuses_every_variation(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.post(f"{ROOT}/products/33/variations/batch", status=404, json=exchange("product-get-404")["body"])

    results = client.products.write_variations(
        33, update=[{"id": 34, "stock_quantity": 1}, {"id": 35, "status": "draft"}]
    )

    assert [_refused(result).problem for result in results] == [Problem.UNKNOWN_PARENT] * 2


def test_wrong_element_is_not_sent_and_keeps_its_place(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.post(BATCH, json={"update": [{"id": 24, "stock_quantity": 1}, {"id": 26, "stock_quantity": 3}]})

    first, wrong, last = client.products.write_batch(
        update=[{"id": 24, "stock_quantity": 1}, {"id": 25, "stock_quantity": "abc"}, {"id": 26, "stock_quantity": 3}]
    )

    assert (_done(first).id, _done(last).id) == (24, 26)
    assert (_refused(wrong).problem, "abc" in _refused(wrong).message) == (Problem.INVALID, False)
    assert [element["id"] for element in _sent(shop)["update"]] == [24, 26]


def test_nothing_is_sent_if_no_element_may_be(shop: responses.RequestsMock, client: WooClient) -> None:
    [result] = client.products.write_batch(update=[{"id": 24}])

    assert _refused(result).problem is Problem.INVALID
    assert client.products.write_batch() == []
    assert len(shop.calls) == 0


def test_more_than_the_shop_takes_is_a_mistake_of_the_caller(client: WooClient) -> None:
    with pytest.raises(ValueError, match="101"):
        client.products.write_batch(update=[{"id": 1, "stock_quantity": 0}] * 101)


@pytest.mark.parametrize(
    ("sent", "shown", "ignored"),
    [
        ({"stock_quantity": 5}, {"stock_quantity": None, "manage_stock": False}, ("stock_quantity",)),
        ({"sale_price": "6.00"}, {"sale_price": ""}, ("sale_price",)),
        ({"regular_price": "5.00"}, {"regular_price": "5"}, ()),
        ({"tax_class": "no-such"}, {"tax_class": ""}, ("tax_class",)),
        (
            {"manage_stock": True, "stock_quantity": 1},
            {"manage_stock": "parent", "stock_quantity": 1},
            ("stock_quantity", "manage_stock"),
        ),
        ({"stock_quantity": 5}, {"stock_quantity": 4, "manage_stock": True}, ()),
        ({"manage_stock": False}, {"manage_stock": "parent"}, ()),
        ({"categories": [{"id": 99}]}, {"categories": [{"id": 15, "name": "Uncategorized"}]}, ("categories",)),
        ({"name": "Salt & Pepper"}, {"name": "Salt &amp; Pepper"}, ()),
        ({"name": "Cable <5m>"}, {"name": "Cable "}, ("name",)),
    ],
)
def test_what_the_shop_dropped_without_a_word_is_named(
    shop: responses.RequestsMock,
    client: WooClient,
    sent: dict[str, Any],
    shown: dict[str, Any],
    ignored: tuple[str, ...],
) -> None:
    shop.post(BATCH, json={"update": [{"id": 7, **shown}]})

    [result] = client.products.write_batch(update=[{"id": 7, **sent}])

    assert _done(result).ignored == ignored


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"update": []},
        {"update": [{"id": 8}]},
        {"update": [{"id": 7}, {"id": 7}]},
        {"update": ["done"]},
        {"update": None},
    ],
)
def test_answer_that_does_not_fit_leaves_the_outcome_open(
    shop: responses.RequestsMock, client: WooClient, answer: object
) -> None:
    shop.post(BATCH, json=answer)

    with pytest.raises(OutcomeUnknownError):
        client.products.write_batch(update=[{"id": 7, "stock_quantity": 1}])


def test_call_without_an_answer_raises_as_a_whole(shop: responses.RequestsMock, client: WooClient) -> None:
    shop.post(BATCH, body=requests.ReadTimeout())
    with pytest.raises(OutcomeUnknownError):
        client.products.write_batch(update=[{"id": 7, "stock_quantity": 1}])

    shop.replace("POST", BATCH, status=429, headers={"Retry-After": "3"})
    with pytest.raises(RateLimitedError):
        client.products.write_batch(update=[{"id": 7, "stock_quantity": 1}])

    shop.replace("POST", BATCH, status=413, json=exchange("batch-products-101")["body"])
    with pytest.raises(WooRejectedError):
        client.products.write_batch(update=[{"id": 7, "stock_quantity": 1}])


def test_error_of_an_element_that_says_nothing_is_still_a_refusal(
    shop: responses.RequestsMock, client: WooClient
) -> None:
    shop.post(BATCH, json={"update": [{"id": 7, "error": {"code": 5, "message": None, "data": 500}}]})

    [result] = client.products.write_batch(update=[{"id": 7, "stock_quantity": 1}])

    assert (_refused(result).problem, _refused(result).resource_id) == (Problem.REFUSED, None)


def test_term_that_exists_is_told_with_its_number(shop: responses.RequestsMock, client: WooClient) -> None:
    error = exchange("category-create-duplicate")["body"]
    shop.post(f"{ROOT}/products/categories/batch", json={"create": [{"id": 0, "error": error}]})

    [result] = client.terms.create_categories([{"name": "Apparel"}])

    assert (_refused(result).problem, _refused(result).resource_id) == (Problem.TERM_EXISTS, 16)


def test_batch_size_halves_at_once_and_grows_back_slowly() -> None:
    size = BatchSize()
    for _ in range(8):
        size = size.halved()
    assert size.elements == 1

    grown = [(size := size.grown()).elements for _ in range(60)]

    assert grown[:10] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert all(after - before <= max(1, before // 10) for before, after in pairwise(grown))
    assert grown[-1] == 100
