"""Only what a store uses of M3 and of its shop has to be there, and be allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli.checks.permissions import Permissions, permissions, site_of
from connector.cli.checks.used_operations import USES, used_operations
from connector.m3.operations import load_operations
from connector.stores.config import OperationConfig, StoreConfig
from tests.integration.flows.books.counting_house import INVOICES, PAYMENTS

CONFIG = Path(__file__).parents[3] / "config"
OPERATIONS = list(load_operations(CONFIG, {}))
M3 = {"company": 1, "division": "AAA", "facility": "001", "warehouse": "001", "order_type": "W01"}


def store(**parts: object) -> StoreConfig:
    return StoreConfig.model_validate({"m3": M3, **parts})


def keys(**parts: object) -> set[str]:
    return {one.key for one in used_operations(OPERATIONS, site_of(store(**parts), {}))}


def told(**parts: object) -> Permissions:
    config = store(**parts)
    return permissions("w1", site_of(config, {}), load_operations(CONFIG, config.operations))


def test_a_store_that_publishes_nothing_needs_what_orders_need_and_no_more() -> None:
    needed = keys(customers={"guests": "common", "registered": "common"})

    assert {"order.add_head", "order.confirm", "item.basic", "currency.basic", "delivery.by_order"} <= needed
    assert not {
        one for one in needed if one.startswith(("price.", "balance.changed", "count.", "journal.", "invoice.add"))
    }
    assert not needed & {
        "customer.add",
        "item.by_alias",
        "item.unit",
        "currency.rate",
        "order.add_line_charge",
        "item.list",
    }


def test_customers_of_their_own_need_those_who_make_them() -> None:
    assert {"customer.add", "customer.by_search_key"} <= keys(customers={"guests": "per_email", "template": "TMPL"})


@pytest.mark.parametrize(
    ("orders", "needed", "not_needed"),
    [
        (
            {"changes": "person"},
            {"order.lock", "order.charges"},
            {"order.change_line", "order.close_line", "order.write_text"},
        ),
        ({"changes": "apply", "cancel": "delete"}, {"order.delete", "order.close_line"}, {"delivery.by_line"}),
        (
            {"progress": {"deliveries": "line"}},
            {"delivery.by_line", "delivery.head"},
            {"delivery.by_order", "order.delete"},
        ),
        ({"progress": {"carry": False}}, {"order.lines"}, {"delivery.head", "invoice.by_order"}),
    ],
)
def test_what_is_done_with_orders_decides(orders: dict[str, object], needed: set[str], not_needed: set[str]) -> None:
    used = keys(orders=orders)

    assert (needed - used, not_needed & used) == (set(), set())


def test_the_shops_tax_needs_line_charges_and_changes_of_them_where_orders_follow() -> None:
    changes = {"order.connect_line_charge", "order.change_line_charge", "order.remove_line_charge"}

    sent, left_to_people = keys(money={"tax_mode": "T"}), keys(money={"tax_mode": "T"}, orders={"changes": "person"})

    assert {"order.add_line_charge", "order.line_charges", *changes} <= sent
    assert "order.add_line_charge" in left_to_people and not left_to_people & changes
    assert not keys() & {"order.add_line_charge", "order.line_charges", *changes}


def test_orders_are_held_by_a_lock_or_by_a_stop() -> None:
    assert keys() & {"order.lock", "order.release", "order.stop"} == {"order.lock", "order.release"}
    assert keys(orders={"hold_by": "stop"}) & {"order.lock", "order.release", "order.stop"} == {"order.stop"}


def test_what_a_store_publishes_has_to_be_there() -> None:
    published = {"prices": {"price_list": "WEB", "currency": "EUR"}, "products": {}}

    assert {"price.base", "item.update"} <= keys(publish=published)
    assert "item.list" not in keys(publish=published)
    assert "currency.rate" in keys(rates={"currencies": ["USD"]})


@pytest.mark.parametrize(
    ("by_hand", "needed"), [("report", set()), ("count", {"count.update"}), ("adjust", {"count.adjust"})]
)
def test_stock_corrections_need_what_books_them(by_hand: str, needed: set[str]) -> None:
    corrections = {"by_hand": by_hand, "location": "MAIN", "partner": "WEB"}

    used = keys(publish={"stock": {"corrections": corrections}})

    assert used & {"count.update", "count.adjust"} == needed
    assert ("count.location" in used) == bool(needed)


def test_payments_need_the_ledger_and_what_tells_that_its_lists_are_cut() -> None:
    assert {"journal.update", "ledger.vouchers", "item.list"} <= keys(payments=PAYMENTS)


def test_direct_invoices_need_the_ledger_and_what_tells_that_its_lists_are_cut() -> None:
    assert {"ledger.vouchers", "item.list"} <= keys(orders={"carried_as": "invoice"}, invoices=INVOICES)


@pytest.mark.parametrize(
    ("category", "asked"), [("cups", {"GET products", "GET products/categories"}), ("*", set[str]())]
)
def test_categories_are_asked_for_where_revenue_goes_by_them(category: str, asked: set[str]) -> None:
    invoices = {**INVOICES, "revenue": [{"category": category, "account": {"account": "3010"}}]}

    needed = told(orders={"carried_as": "invoice"}, invoices=invoices)

    assert {f"{one.method} {one.path}" for one in needed.shop if one.path.startswith("products")} == asked


def test_every_operation_is_used_for_something() -> None:
    used = {key for use in USES for key in use.keys}

    assert used == {one.key for one in OPERATIONS}


def test_a_transaction_of_the_sites_own_is_told_in_place_of_the_published_one() -> None:
    own = {"order.add_head": OperationConfig(program="ZOS100MI", transaction="AddHead")}

    names = {(one.program, one.transaction) for one in told(operations=own).m3}

    assert ("ZOS100MI", "AddHead") in names
    assert ("OIS100MI", "AddBatchHead") not in names


def test_each_transaction_and_request_is_told_once_with_what_for() -> None:
    needed = told(payments=PAYMENTS, publish={"stock": {}})

    transactions = [(one.program, one.transaction) for one in needed.m3]
    requests = [(one.method, one.path) for one in needed.shop]
    assert len(set(transactions)) == len(transactions) and len(set(requests)) == len(requests)
    assert all(one.what for one in (*needed.m3, *needed.shop))
    assert needed.shop_right == "Read/Write"
