"""Products and variations of the sandbox shop beyond the recordings: fields, silent losses, time a batch takes."""

import threading
from contextlib import closing
from typing import Any

import pytest
import requests

from sandbox.clock import SystemClock
from tests.integration.sandbox_shop.conftest import RunningShop

SHIRT = {
    "name": "Polo",
    "sku": "POLO",
    "type": "variable",
    "attributes": [
        {"id": 1, "variation": True, "visible": True, "options": ["S", "XXL"]},
        {"name": "Color", "variation": True, "options": ["Red"]},
        {"name": "Fabric", "options": ["Cotton"]},
    ],
}


def _batch(shop: RunningShop, path: str = "products", **elements: Any) -> Any:
    answer = shop.call("POST", f"{path}/batch", json=elements)
    assert answer.status_code == 200
    return answer.json()


def _create(shop: RunningShop, **element: Any) -> Any:
    (made,) = _batch(shop, create=[element])["create"]
    return made


def test_product_keeps_all_that_an_item_brings(shop: RunningShop) -> None:
    sent = {
        "description": "<p>Long</p>",
        "short_description": "Short",
        "weight": "1.5",
        "dimensions": {"length": "3", "width": "2", "height": "1"},
        "catalog_visibility": "search",
        "backorders": "notify",
        "low_stock_amount": 2,
        "manage_stock": True,
        "stock_quantity": 7,
        "menu_order": 4,
        "tax_class": "reduced-rate",
        "regular_price": "5.00",
    }

    made = _create(shop, name="Jar", sku="JAR-1", categories=[{"id": 17}, {"id": 16}, {"id": 999}], **sent)

    assert {name: made[name] for name in sent} == sent
    assert [category["name"] for category in made["categories"]] == ["Apparel", "Kitchen &amp; Home"]
    assert shop.call("GET", f"products/{made['id']}", params={"context": "edit"}).json() == made


def test_texts_are_shown_to_readers_in_another_form_than_they_are_stored(shop: RunningShop) -> None:
    sent = {"name": "Bolt <M8> & nut", "description": "For 8 mm\nholes & slots", "short_description": '19" x 2'}

    made = _create(shop, sku="BOLT", **sent)
    shown = shop.call("GET", f"products/{made['id']}").json()

    assert (made["name"], made["description"]) == ("Bolt  &amp; nut", "For 8 mm\nholes &amp; slots")
    assert shown["description"] == "<p>For 8 mm<br />\nholes &amp; slots</p>\n"
    assert (made["short_description"], shown["short_description"]) == ('19" x 2', "<p>19&#8243; x 2</p>\n")


def test_missing_terms_and_tags_are_made_by_the_product_that_names_them(shop: RunningShop) -> None:
    made = _create(shop, **SHIRT, tags=[{"name": "New"}])

    assert made["attributes"][0]["options"] == ["S", "XXL"]
    assert (made["attributes"][0]["slug"], made["attributes"][0]["name"]) == ("pa_size", "Size")
    assert [tag["name"] for tag in made["tags"]] == ["New"]
    terms = shop.call("GET", "products/attributes/1/terms").json()
    assert [term["name"] for term in terms] == ["M", "S", "XXL"]


def test_variation_loses_options_its_parent_does_not_vary_by(shop: RunningShop) -> None:
    parent = _create(shop, **SHIRT)["id"]
    options = [{"id": 1, "option": "XXL"}, {"name": "color", "option": "Red"}, {"name": "Fabric", "option": "Cotton"}]

    answer = _batch(shop, f"products/{parent}/variations", create=[{"sku": "POLO-1", "attributes": options}])

    (made,) = answer["create"]
    assert [(one["name"], one["option"]) for one in made["attributes"]] == [("Size", "XXL"), ("Color", "Red")]
    assert (made["name"], made["parent_id"]) == ("XXL, Red", parent)
    assert shop.call("GET", f"products/{parent}").json()["variations"] == [made["id"]]


def test_sale_price_is_in_force_between_its_dates(shop: RunningShop) -> None:
    dates = {"date_on_sale_from_gmt": "2020-01-01T00:00:00", "date_on_sale_to_gmt": "2020-02-01T00:00:00"}
    made = _create(shop, name="Jar", sku="JAR-1", regular_price="5.00", sale_price="4.00", **dates)
    assert (made["price"], made["on_sale"], made["sale_price"]) == ("5.00", False, "4.00")
    assert made["date_on_sale_from"] == "2020-01-01T01:00:00"

    (changed,) = _batch(shop, update=[{"id": made["id"], "date_on_sale_to_gmt": None}])["update"]
    assert changed["date_on_sale_to_gmt"] == dates["date_on_sale_to_gmt"]

    (changed,) = _batch(shop, update=[{"id": made["id"], "date_on_sale_to_gmt": ""}])["update"]
    assert (changed["date_on_sale_to_gmt"], changed["price"], changed["on_sale"]) == (None, "4.00", True)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"stock_quantity": 5}, {"stock_quantity": None}),
        ({"manage_stock": True, "stock_quantity": "abc"}, {"stock_quantity": 0}),
        ({"regular_price": "12,50"}, {"regular_price": "1250"}),
        ({"status": "nonsense"}, {"status": "draft"}),
        ({"tax_class": "no-such"}, {"tax_class": ""}),
        ({"categories": [{"id": 999}]}, {"categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}]}),
        ({"attributes": [{"id": 99, "options": ["x"]}]}, {"attributes": []}),
        ({"regular_price": None}, {"regular_price": "5.00"}),
        ({"stock_status": "onbackorder"}, {"stock_status": "onbackorder"}),
    ],
)
def test_batch_takes_what_it_is_given_without_a_word(
    shop: RunningShop, sent: dict[str, Any], shown: dict[str, Any]
) -> None:
    made = _create(shop, name="Jar", sku="JAR-1", regular_price="5.00", tax_class="reduced-rate")

    (changed,) = _batch(shop, update=[{"id": made["id"], **sent}])["update"]

    assert {name: changed[name] for name in shown} == shown


def test_pictures_stay_unless_they_are_sent(shop: RunningShop) -> None:
    picture = {"src": "https://cdn.example/jar.jpg", "alt": "A jar"}
    made = _create(shop, name="Jar", sku="JAR-1", images=[picture])
    shop.control("clock", offset_s=3600)

    (changed,) = _batch(shop, update=[{"id": made["id"], "name": "Jar 2"}])["update"]
    (refused,) = _batch(shop, update=[{"id": made["id"], "images": [{"id": 424242}]}])["update"]

    assert [(one["src"], one["alt"]) for one in changed["images"]] == [(picture["src"], picture["alt"])]
    assert changed["images"] == made["images"], "with their own dates, too"
    assert refused["error"]["code"] == "woocommerce_product_invalid_image_id"


def test_sku_is_free_again_when_its_product_is_renamed_or_trashed(shop: RunningShop) -> None:
    made = _create(shop, name="Jar", sku="JAR-1")
    _batch(shop, update=[{"id": made["id"], "sku": "JAR-2"}])

    again = _create(shop, name="Jar", sku="JAR-1")
    shop.call("DELETE", f"products/{again['id']}")
    third = _create(shop, name="Jar", sku="jar-1")

    assert [made["sku"], again["sku"], third["sku"]] == ["JAR-1", "JAR-1", "jar-1"]
    found = shop.call("GET", "products", params={"sku": "JAR-1,JAR-2"}).json()
    assert sorted(product["id"] for product in found) == [made["id"], third["id"]]


def test_sku_with_a_comma_is_found_by_the_whole_text(shop: RunningShop) -> None:
    made = _create(shop, name="Jar", sku="JAR,1")

    assert [one["id"] for one in shop.call("GET", "products", params={"sku": "JAR,1"}).json()] == [made["id"]]


def test_order_takes_and_gives_back_stock_and_may_leave_the_date_alone(shop: RunningShop) -> None:
    made = shop.control("products", sku="JAR-1", name="Jar", regular_price="5.00", manage_stock=True, stock_quantity=5)
    path = f"products/{made.json()['id']}"
    shop.control("settings", orders_move_product_dates=False)
    before = shop.call("GET", path).json()["date_modified_gmt"]
    shop.control("clock", offset_s=3600)

    order = shop.control("orders", lines=[{"sku": "JAR-1", "quantity": 2}], payment_method="stripe").json()
    taken = shop.call("GET", path).json()
    shop.control(f"orders/{order['id']}", status="cancelled")

    assert (taken["stock_quantity"], taken["date_modified_gmt"]) == (3, before)
    assert {m["key"]: m["value"] for m in order["line_items"][0]["meta_data"]} == {"_reduced_stock": "2"}
    assert shop.call("GET", path).json()["stock_quantity"] == 5


class _Held(SystemClock):
    """A clock whose sleepers sleep until they are let go."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.asleep, self.may_wake = threading.Event(), threading.Event()

    def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.asleep.set()
        self.may_wake.wait()


def test_batch_takes_its_time_and_holds_nobody_else_up() -> None:
    clock = _Held()
    with closing(RunningShop(clock)) as shop:
        shop.control("faults", element_ms=300)
        elements = [{"id": number, "stock_quantity": 3} for number in range(22, 32)]
        writing = threading.Thread(target=_batch, args=(shop,), kwargs={"update": elements}, daemon=True)
        writing.start()
        assert clock.asleep.wait(120)

        try:
            meanwhile = shop.call("GET", "products/22").json()["stock_quantity"]
        finally:
            clock.may_wake.set()
        writing.join(120)

        assert clock.asked == [3]
        assert meanwhile != 3
        assert shop.call("GET", "products/22").json()["stock_quantity"] == 3


def test_large_batch_is_cut_off_and_done_all_the_same(shop: RunningShop) -> None:
    shop.control("faults", element_ms=100, cut_s=0.2)
    small = shop.call("POST", "products/batch", json={"update": [{"id": 22, "stock_quantity": 1}]})
    shop.control("faults", element_ms=200_000, cut_s=0.2)
    large = shop.call(
        "POST", "products/batch", json={"update": [{"id": n, "stock_quantity": 3} for n in range(22, 28)]}
    )

    at_once = shop.call("GET", "products/27").json()["stock_quantity"]
    assert shop.control("late").json() == {"done": 1}

    assert (small.status_code, large.status_code) == (200, 504)
    assert at_once != 3
    assert shop.call("GET", "products/27").json()["stock_quantity"] == 3


def test_variations_are_listed_by_id_and_chosen(shop: RunningShop) -> None:
    path = "products/33/variations"

    ids = [one["id"] for one in shop.call("GET", path, params={"orderby": "id", "order": "asc", "offset": 1}).json()]
    chosen = shop.call("GET", path, params={"include[0]": 35, "include[1]": 10}).json()

    assert ids == [35, 36, 37]
    assert [one["id"] for one in chosen] == [35]
    assert shop.call("GET", "products/999999/variations").status_code == 404


def test_book_tells_of_products_what_a_checker_compares(shop: RunningShop) -> None:
    shirt = next(product for product in shop.book()["products"] if product["sku"] == "TSHIRT-M-BLUE")

    assert shirt == {
        "id": 37,
        "sku": "TSHIRT-M-BLUE",
        "name": "T-shirt - M, Blue",
        "type": "variation",
        "parent_id": 33,
        "status": "publish",
        "manage_stock": True,
        "stock_quantity": 25,
        "regular_price": "19.90",
        "sale_price": "17.50",
        "tax_class": "",
        "categories": [],
        "attributes": {"Size": "M", "Color": "Blue"},
    }


def test_book_of_products_can_be_read_in_parts(shop: RunningShop) -> None:
    whole = [product["id"] for product in shop.book()["products"]]
    parts: list[int] = []
    start = 0
    while start is not None:
        part = requests.get(
            f"{shop.url}/_book", params={"part": "products", "from": start, "limit": 50}, timeout=60
        ).json()
        parts += [product["id"] for product in part["products"]]
        start = part["next"]

    assert parts == whole


def test_storefront_sells_no_more_than_there_is_if_it_looks(shop: RunningShop) -> None:
    shop.control("products", sku="JAR-1", name="Jar", regular_price="5.00", manage_stock=True, stock_quantity=3)
    wanted = {"lines": [{"sku": "JAR-1", "quantity": 2}], "payment_method": "stripe"}

    answers = [shop.control("orders", **wanted, only_in_stock=True) for _ in range(2)]
    through_rest = shop.control("orders", **wanted)

    assert [answer.status_code for answer in (*answers, through_rest)] == [201, 400, 201]
    assert answers[1].json()["code"] == "sandbox_out_of_stock"
