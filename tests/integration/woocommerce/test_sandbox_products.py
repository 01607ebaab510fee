"""The product calls against the sandbox shop over HTTP: found, written, refused, cut off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import requests

from connector.errors import OutcomeUnknownError, WooRejectedError
from connector.woocommerce.batches import BatchSize, Done, ElementResult, Problem, Refused
from connector.woocommerce.client import WooClient
from connector.woocommerce.product_models import parse_product
from sandbox.serving import SandboxServer, start_in_thread
from sandbox.shop.app import create_app
from tests.unit.woocommerce.open_gate import OpenGate


@dataclass(frozen=True)
class Shop:
    url: str

    def client(self, *, timeout_s: float = 60) -> WooClient:
        return WooClient(
            self.url, "ck_sandbox", "cs_sandbox", gate=OpenGate(), allow_plain_http=True, timeout_s=timeout_s
        )

    def control(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/_control/{path}", json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def stock_of(self, sku: str) -> int | None:
        book = requests.get(f"{self.url}/_book", timeout=120).json()
        return next((one["stock_quantity"] for one in book["products"] if one["sku"] == sku), None)

    def waits_for_stock(self, sku: str, wanted: int) -> bool:
        end = time.monotonic() + 120
        while self.stock_of(sku) != wanted and time.monotonic() < end:
            time.sleep(0.05)
        return self.stock_of(sku) == wanted


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    app = create_app(seed=7)
    server = SandboxServer(app, 0)
    thread = start_in_thread(server)
    yield Shop(server.url)
    server.shutdown()
    server.server_close()
    thread.join(60)
    app.extensions["dispatcher"].close()


@pytest.fixture
def shop(running: Shop) -> Shop:
    running.control("reset", seed=7)
    return running


def _id(result: ElementResult) -> int:
    assert isinstance(result, Done)
    assert result.ignored == ()
    return result.id


def _refused(result: ElementResult) -> Refused:
    assert isinstance(result, Refused)
    return result


def test_products_and_variations_are_found_by_sku(shop: Shop) -> None:
    found = shop.client().products.by_sku(["mug-001", "TSHIRT-S-RED", "NOSUCH"], fields=["type", "parent_id"])

    assert found == {
        "mug-001": [{"id": 10, "sku": "MUG-001", "type": "simple", "parent_id": 0}],
        "TSHIRT-S-RED": [{"id": 34, "sku": "TSHIRT-S-RED", "type": "variation", "parent_id": 33}],
    }


def test_many_skus_are_found_and_a_comma_is_no_separator(shop: Shop) -> None:
    shop.control("products", count=300, prefix="ČĆŽ ")
    shop.control("products", sku="A,B", name="Odd")
    skus = [*(f"ČĆŽ {number:05d}" for number in range(1, 301)), "A,B"]

    assert set(shop.client().products.by_sku(skus)) == set(skus)


def test_sku_that_an_import_brought_in_twice_is_told_twice(shop: Shop) -> None:
    twin = shop.control("products", sku="mug-001", name="Mug again", twin=True)

    [first, second] = shop.client().products.by_sku(["MUG-001"])["MUG-001"]

    assert [(row["id"], row["sku"]) for row in (first, second)] == [(10, "MUG-001"), (twin["id"], "mug-001")]


def test_walk_sees_every_product_once_in_pages(shop: Shop) -> None:
    shop.control("products", count=350)
    pages = list(shop.client().products.pages(fields=["sku"]))

    ids = [row["id"] for page in pages for row in page.rows]
    assert ids == sorted(set(ids))
    assert {10, 33, 1001} < set(ids)
    assert 34 not in ids
    assert max(len(page.rows) for page in pages) <= 100


def test_walk_goes_on_after_a_crash_and_products_that_left_hide_none(shop: Shop) -> None:
    shop.control("products", count=350)
    products = shop.client().products
    walk = products.pages(fields=["sku"])
    first = next(walk)
    products.trash(first.rows[0]["id"])
    products.trash(first.rows[5]["id"])

    rest = [row["id"] for page in products.pages(place=first.after, fields=["sku"]) for row in page.rows]

    seen = [row["id"] for row in first.rows] + rest
    assert seen == sorted(set(seen))
    assert len(seen) == len([row for page in products.pages() for row in page.rows]) + 2


def test_variable_product_is_made_with_its_variations(shop: Shop) -> None:
    client = shop.client()
    [size] = client.terms.attributes()
    [category] = client.terms.create_categories([{"name": "Polo & more", "parent": 16}])
    attribute = {"id": size.id, "variation": True, "visible": True, "options": ["Wide", "Narrow"]}
    parent = {"name": "Polo", "sku": "POLO", "type": "variable", "attributes": [attribute]}

    [made] = client.products.write_batch(create=[{**parent, "categories": [{"id": _id(category)}]}])
    options = [[{"id": size.id, "option": name}] for name in ("Wide", "Narrow")]
    results = client.products.write_variations(
        _id(made),
        create=[
            {
                "sku": f"POLO-{n}",
                "attributes": option,
                "regular_price": "19.90",
                "manage_stock": True,
                "stock_quantity": n,
            }
            for n, option in enumerate(options)
        ],
    )

    rows = client.products.variations(_id(made), [_id(result) for result in results])
    read = [parse_product(row) for row in rows.values()]
    assert [(one.sku, one.stock_quantity, one.regular_price) for one in read] == [
        ("POLO-0", 0, Decimal("19.90")),
        ("POLO-1", 1, Decimal("19.90")),
    ]
    assert [[one["option"] for one in row["attributes"]] for row in rows.values()] == [["Wide"], ["Narrow"]]
    assert [(term.name, term.parent) for term in client.terms.categories()][-1] == ("Polo & more", 16)
    assert size.slug == "pa_size"


def test_one_bad_element_of_each_kind_stops_no_other(shop: Shop) -> None:
    results = shop.client().products.write_batch(
        create=[{"name": "Taken", "sku": "mug-001"}, {"name": "Good", "sku": "GOOD-1", "regular_price": "1.00"}],
        update=[
            {"id": 22, "stock_quantity": 41},
            {"id": 999999, "stock_quantity": 1},
            {"id": 34, "stock_quantity": 1},
            {"id": 23, "regular_price": "12,50"},
            {"id": 24, "stock_quantity": 43},
        ],
    )

    problems = [result.problem if isinstance(result, Refused) else None for result in results]
    assert problems == [
        Problem.SKU_TAKEN,
        None,
        None,
        Problem.UNKNOWN_ID,
        Problem.IS_VARIATION,
        Problem.INVALID,
        None,
    ]
    assert _refused(results[0]).resource_id == 10
    assert [shop.stock_of(f"PENCIL-00{n}") for n in (1, 3)] == [41, 43]


def test_silent_losses_are_named(shop: Shop) -> None:
    client = shop.client()

    [unmanaged, taxed] = client.products.write_batch(
        update=[{"id": 20, "stock_quantity": 5}, {"id": 22, "tax_class": "no-such", "categories": [{"id": 999}]}]
    )
    [loose] = client.products.write_variations(
        33, create=[{"sku": "T-X", "attributes": [{"id": 1, "option": "S"}, {"name": "Fabric", "option": "Wool"}]}]
    )

    assert isinstance(unmanaged, Done) and unmanaged.ignored == ("stock_quantity",)
    assert isinstance(taxed, Done) and taxed.ignored == ("tax_class", "categories")
    assert isinstance(loose, Done) and loose.ignored == ("attributes",)


def test_variations_of_a_parent_that_is_gone_are_refused_one_by_one(shop: Shop) -> None:
    [result] = shop.client().products.write_variations(999999, update=[{"id": 34, "stock_quantity": 1}])

    assert _refused(result).problem is Problem.UNKNOWN_PARENT
    with pytest.raises(WooRejectedError):
        list(shop.client().products.variation_pages(999999))


def test_create_whose_answer_is_lost_is_found_by_sku_and_refused_a_second_time(shop: Shop) -> None:
    products, element = shop.client().products, {"name": "Jar", "sku": "JAR-1", "regular_price": "5.00"}
    shop.control("faults", rules=[{"fault": "drop_after_commit", "path": "products/batch", "times": 1}])

    with pytest.raises(OutcomeUnknownError):
        products.write_batch(create=[element])
    [row] = products.by_sku(["JAR-1"])["JAR-1"]
    [again] = products.write_batch(create=[element])

    assert (_refused(again).problem, _refused(again).resource_id) == (Problem.SKU_TAKEN, row["id"])


def test_batch_that_takes_too_long_is_of_unknown_outcome_and_a_smaller_one_is_answered(shop: Shop) -> None:
    shop.control("faults", element_ms=1000, cut_s=0.5)
    size, products = BatchSize(), shop.client().products
    shop.control("products", count=100, stock_quantity=3)
    ids = [rows[0]["id"] for rows in products.by_sku([f"BULK-{n:05d}" for n in range(1, 101)]).values()]

    with pytest.raises(OutcomeUnknownError):
        products.write_batch(update=[{"id": number, "stock_quantity": 8} for number in ids[: size.elements]])
    before_it_was_done = shop.stock_of("BULK-00100")
    shop.control("late")
    done_all_the_same = shop.stock_of("BULK-00100")
    shop.control("faults", element_ms=30, cut_s=0.5)
    while size.elements * 30 > 400:
        size = size.halved()
    results = products.write_batch(update=[{"id": number, "stock_quantity": 8} for number in ids[: size.elements]])

    assert [_id(result) for result in results] == ids[: size.elements]
    assert (before_it_was_done, done_all_the_same) == (3, 8)


def test_slow_shop_is_given_up_on_and_may_have_written(shop: Shop) -> None:
    shop.control("faults", element_ms=800)

    with pytest.raises(OutcomeUnknownError, match=r"no answer within 0\.3 s"):
        shop.client(timeout_s=0.3).products.write_batch(update=[{"id": 22, "stock_quantity": 7}])

    assert shop.waits_for_stock("PENCIL-001", 7)


def test_product_is_read_from_the_trash_and_gone_is_none(shop: Shop) -> None:
    products = shop.client().products
    products.trash(22)
    products.trash(22)
    products.trash(999999)

    trashed = products.get(22, fields=["status"])

    assert trashed is not None and trashed["status"] == "trash"
    assert products.get(999999) is None
    assert list(products.by_id([22, 23, 34])) == [23]
    assert products.by_sku(["PENCIL-001"]) == {}


def test_text_that_was_written_is_read_back_as_it_is_stored(shop: Shop) -> None:
    products, text = shop.client().products, '19" shelf & 2 bolts'
    [made] = products.write_batch(create=[{"name": "Shelf", "sku": "SHELF", "short_description": text}])
    assert isinstance(made, Done)

    [stored] = products.by_sku(["SHELF"], fields=["short_description"], as_stored=True)["SHELF"]
    [shown] = products.by_sku(["SHELF"], fields=["short_description"])["SHELF"]

    assert stored["short_description"] == made.resource["short_description"] == text.replace("&", "&amp;")
    assert shown["short_description"] == "<p>19&#8243; shelf &amp; 2 bolts</p>\n"
