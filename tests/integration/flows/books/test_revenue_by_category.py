"""Revenue by category: of a product filed under a child only, of one in the trash, and of one the shop does not have any more."""

from __future__ import annotations

from typing import Any

import pytest

from connector.woocommerce.client import WooClient
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import CountingHouse, invoicing

KITCHEN, MUGS, ANY = ({"account": {"account": number}} for number in ("3020", "3010", "3090"))
MUG = [{"sku": "MUG-001", "quantity": 1}]


@pytest.fixture
def house(connector: Connector) -> CountingHouse:
    return CountingHouse(connector)


def shop_of(house: CountingHouse) -> WooClient:
    return house.connector.process.runtime.store(STORE).shop


def split_by(house: CountingHouse, *rules: dict[str, Any]) -> None:
    house.connector.configure(invoicing(invoices={"revenue": list(rules)}))


def make_categories(house: CountingHouse, *names: str) -> int:
    """Makes categories, each below the one before; returns the last one."""
    number = 0
    for name in names:
        (made,) = shop_of(house).terms.create_categories([{"name": name, "parent": number}])
        number = getattr(made, "id", 0)
    return number


def file_mug_under(house: CountingHouse, *categories: int) -> int:
    ((mug,),) = shop_of(house).products.by_sku(["MUG-001"], fields=("id",)).values()
    shop_of(house).products.write_batch(
        update=[{"id": mug["id"], "categories": [{"id": number} for number in categories]}]
    )
    return int(mug["id"])


def delete_for_good(house: CountingHouse, product: int) -> None:
    shop_of(house).products._transport.write("DELETE", f"products/{product}", params=(("force", "true"),))


def revenue(house: CountingHouse) -> set[str]:
    """The revenue accounts of the one invoice."""
    (sums,) = house.books_of("I")
    return {account for account in sums if account.startswith(("30", "39"))}


def test_rule_of_a_category_above_fits_a_product_filed_under_the_child_only(house: CountingHouse) -> None:
    file_mug_under(house, make_categories(house, "Household", "Tables", "Cups"))
    split_by(house, {"category": "household", **KITCHEN}, ANY)
    house.place(lines=MUG)
    house.go_on()

    assert revenue(house) == {"3020"}


def test_nearest_rule_counts_wherever_it_stands_before_the_one_for_all(house: CountingHouse) -> None:
    file_mug_under(house, make_categories(house, "Household", "Tables", "Cups"))
    split_by(house, {"category": "household", **KITCHEN}, {"category": "tables", **MUGS}, ANY)
    house.place(lines=MUG)
    house.go_on()

    assert revenue(house) == {"3010"}


def test_product_in_the_trash_still_tells_its_category(house: CountingHouse) -> None:
    mug = file_mug_under(house, make_categories(house, "Cups"))
    split_by(house, {"category": "cups", **MUGS}, ANY)
    house.place(lines=MUG)
    shop_of(house).products.trash(mug)
    house.go_on()

    assert revenue(house) == {"3010"}


def test_product_that_is_gone_is_held_until_its_account_is_named(house: CountingHouse) -> None:
    mug = file_mug_under(house, make_categories(house, "Cups"))
    split_by(house, {"category": "cups", **MUGS}, ANY)
    name = house.place(lines=MUG)["line_items"][0]["name"]
    delete_for_good(house, mug)
    house.go_on()
    held, written = house.exchange("invoices_to_m3"), house.journals()
    split_by(house, {"product": name, **KITCHEN}, {"category": "cups", **MUGS}, ANY)
    house.go_on()

    assert (held["state"], held["reason_code"], written) == ("dead_letter", "unmappable", [])
    assert 'product: "name of the line"' in held["resolution"]
    assert name not in held["reason"] + held["resolution"]
    assert revenue(house) == {"3020"}


def test_product_that_is_gone_goes_where_no_category_is_asked_for(house: CountingHouse) -> None:
    mug = file_mug_under(house, make_categories(house, "Cups"))
    split_by(house, {"country": "DE", **KITCHEN}, ANY)
    house.place(lines=MUG)
    delete_for_good(house, mug)
    house.go_on()

    assert revenue(house) == {"3090"}
    assert house.exchange("invoices_to_m3")["state"] == "done"
