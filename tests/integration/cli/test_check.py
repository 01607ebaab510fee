"""`connector check` finds what is wrong before the first order does."""

from __future__ import annotations

from typing import Any

import pytest

from connector.m3.programs.cusextmi import add_tenure
from tests.harness import STORE, Connector, store_file
from tests.integration.cli.conftest import Run, Said
from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.stock.warehouse import ISSUE


def _findings(said: Said, *, level: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in said.data if one["level"] == level}


def test_the_example_store_over_the_sandbox_fails_in_nothing(run_store: Run) -> None:
    said = run_store("check", "--json")

    assert _findings(said, level="fail") == {}
    assert said.status == 0
    assert {"database", "migrations", "broker", "secret keys", "shop", "M3", "warehouse", "order type", "charges",
            "common customers", "M3 fields", "clock"} <= set(_findings(said, level="ok"))  # fmt: skip


def test_missing_webhooks_are_only_a_warning_with_the_command_that_makes_them(run_store: Run) -> None:
    said = run_store("store", "check", "w1", "--json")

    assert "connector webhooks install w1" in _findings(said, level="warn")["webhooks"]["remedy"]
    assert said.status == 0


@pytest.mark.parametrize(
    ("entry", "value", "name", "words"),
    [
        ("warehouse", '"999"', "warehouse", "Warehouse 999"),
        ("division", '"ZZZ"', "warehouse", "belongs to division AAA, not ZZZ"),
        ("facility", '"ZZZ"', "warehouse", "not ZZZ"),
        ("order_type", '"Z99"', "order type", "no customer order type Z99"),
        ("template", '"NOBODY"', "customer template", "NOBODY"),
        ("return_order_type", '"Z99"', "refunds", "no customer order type Z99"),
        ("credit_order_type", '"W01"', "refunds", "order type W01 does not take negative quantities only"),
        ('- {rate: "5",  item', "NONE05}", "refunds", "item NONE05"),
    ],
)
def test_what_m3_does_not_have_fails_with_its_name(
    connector: Connector, run_store: Run, entry: str, value: str, name: str, words: str
) -> None:
    connector.configure(store_file(**{entry: value}))

    said = run_store("check", "--json")

    assert said.status == 1
    assert words in _findings(said, level="fail")[name]["message"]


def test_a_charge_that_m3_does_not_have_or_has_in_another_currency_fails(connector: Connector, run_store: Run) -> None:
    config = store_file().replace("id: SHP25}", "id: NONE1}", 1).replace("id: FEE25}", "id: FEU25}", 1)
    connector.configure(config)

    found = _findings(run_store("check", "--json"), level="fail")

    assert "M3 has no charge NONE1" in found["charge NONE1"]["message"]
    assert "in USD, in the store file in EUR" in found["charge FEU25"]["message"]


def test_a_common_customer_that_is_not_active_or_missing_fails(connector: Connector, run_store: Run) -> None:
    connector.configure(store_file().replace("GUESTHREUR", "TMPLB2C", 1).replace("GUESTDEEUR", "NOBODY", 1))

    found = _findings(run_store("check", "--json"), level="fail")

    assert "orders need 20" in found["customer TMPLB2C"]["message"]
    assert "does not exist" in found["customer NOBODY"]["message"]


def test_a_sku_sold_lately_that_m3_does_not_know_is_named_until_it_is_mapped(
    connector: Connector, run_store: Run
) -> None:
    connector.sandbox.place(kind="guest")
    connector.sandbox.place(kind="unknown_sku")

    before = _findings(run_store("check", "--json"), level="warn")["items"]
    sku = before["remedy"].split("items map ")[1].split()[0]
    run_store("items", "map", sku, "MUG-001")
    after = run_store("check", "--json")

    assert "M3 has no item for 1 of the " in before["message"]
    assert sku in before["message"]
    assert "items" in _findings(after, level="ok")


def test_a_charge_that_is_billed_with_each_delivery_is_told(connector: Connector, run_store: Run) -> None:
    url = f"{connector.sandbox.m3_url}/_control/charges"
    connector.sandbox.post(url, {"crid": "SHP25", "debit_frequency": "2"})

    found = _findings(run_store("check", "--json"), level="warn")["charge SHP25"]

    assert "HACD" in found["message"] and "OIS030" in found["remedy"]


@pytest.mark.parametrize(
    ("status", "warehouse", "words"),
    [("10", '"001"', "CHECK-1 has status 10"), ("20", '"999"', "CHECK-1 is not in 999")],
)
def test_an_item_sold_lately_that_m3_would_refuse_is_named(
    connector: Connector, run_store: Run, status: str, warehouse: str, words: str
) -> None:
    items = [{"itno": "CHECK-1", "name": "Cup", "status": status}]
    connector.sandbox.post(f"{connector.sandbox.m3_url}/_control/items", items)
    connector.sandbox.post(
        f"{connector.sandbox.shop_url}/_control/products", {"sku": "CHECK-1", "regular_price": "5.00"}
    )
    connector.sandbox.place(lines=[{"sku": "CHECK-1", "quantity": 1}])
    connector.configure(store_file(warehouse=warehouse))

    found = _findings(run_store("check", "--json"), level="warn")["items for sale"]

    assert words in found["message"] and "MMS002" in found["remedy"]


def test_a_currency_in_which_m3_keeps_fewer_decimals_than_the_shop_is_told(
    connector: Connector, run_store: Run
) -> None:
    yen = "    - {countries: [JP], currency: JPY, number: GUESTHRJPY}\n    # exempt: for"
    connector.configure(store_file().replace("    # exempt: for", yen, 1))

    said = run_store("check", "--json")

    assert "M3 keeps 0 decimals of amounts" in _findings(said, level="warn")["currency JPY"]["message"]
    assert "2 decimals of amounts" in _findings(said, level="ok")["currency EUR"]["message"]


def test_stock_issues_of_a_store_file_that_names_no_unit_fail_with_what_to_add(
    connector: Connector, run_store: Run
) -> None:
    connector.configure(invoicing(invoices=ISSUE))

    found = _findings(run_store("check", "--json"), level="fail")["unit of stock issues"]

    assert "in which unit the shop sells" in found["message"] and "invoices.issue.unit" in found["remedy"]


def test_revenue_rules_and_categories_of_the_shop_that_miss_each_other_are_named(
    connector: Connector, run_store: Run
) -> None:
    rule = {"account": {"account": "3010"}}
    shop = connector.process.runtime.store(STORE).shop
    shop.terms.create_categories([{"name": "Cups", "parent": 17}])  # below kitchen-home
    rules = [{"category": "kitchen", **rule}, {"category": "kitchen-home", **rule}, {"product": "MUG-001", **rule}]
    connector.configure(invoicing(invoices={"revenue": rules}))
    before = _findings(run_store("check", "--json"), level="warn")
    connector.configure(invoicing(invoices={"revenue": [*rules[1:], rule]}))
    after = run_store("check", "--json")

    assert "the shop does not have: kitchen." in before["revenue by category"]["message"]
    assert "apparel" in before["categories without account"]["message"]
    assert "cups" not in before["categories without account"]["message"]
    assert "revenue by category" in _findings(after, level="ok")


def test_permissions_are_listed_without_asking_anybody(connector: Connector, run_store: Run) -> None:
    before = connector.sandbox.m3_book()["calls"]

    (told,) = run_store("check", "--permissions", "--json").data
    shown = run_store("check", "--permissions", "--store", STORE)

    assert connector.sandbox.m3_book()["calls"] == before
    assert {"program": "OIS100MI", "transaction": "Confirm"}.items() <= {
        key: one[key] for one in told["m3"] if one["transaction"] == "Confirm" for key in ("program", "transaction")
    }.items()
    assert {(one["method"], one["path"]) for one in told["shop"]} >= {("PUT", "orders/<id>"), ("GET", "orders")}
    assert (shown.status, told["shop_right"]) == (0, "Read/Write")
    assert "AddBatchHead" in shown.out and "/wp-json/wc/v3/orders/<id>" in shown.out


def test_a_transaction_that_the_site_does_not_have_is_named(connector: Connector, run_store: Run) -> None:
    config = store_file().replace(
        "operations: {}", "operations: {order.add_head: {program: ZOS100MI, transaction: AddHead}}", 1
    )
    connector.configure(config)

    said = run_store("check", "--json")

    assert any("ZOS100MI/AddHead" in one["name"] for one in said.data if one["level"] != "ok")


def test_a_wrong_secret_key_is_found_before_anything_is_asked(run_store: Run, environment: dict[str, str]) -> None:
    said = run_store("check", "--json", env={"CONNECTOR_SECRET_KEYS": environment["CONNECTOR_SECRET_KEYS"]})

    assert said.status == 1
    assert "none of the keys" in _findings(said, level="fail")["secret keys"]["message"]


def test_a_broker_that_is_away_fails_and_says_that_nothing_is_lost(run: Run) -> None:
    said = run("check", "--json", env={"REDIS_URL": "redis://:visible@127.0.0.1:1/0"})

    failed = _findings(said, level="fail")
    assert said.status == 1
    assert "Nothing is lost" in failed["broker"]["remedy"]
    assert "visible" not in said.out + said.err


def test_the_table_ends_with_the_counts(run: Run) -> None:
    said = run("check")

    assert said.status == 0
    assert "5 ok, 1 warning, 0 failed" in said.out
    assert "There is no store yet" in said.out
    assert "connector store add" in said.out


def test_who_writes_for_the_store_is_told_before_the_first_order_and_after_it(
    connector: Connector, run_store: Run
) -> None:
    before = _findings(run_store("check", "--json"), level="ok")["tenure"]["message"]
    connector.ask(connector.sandbox.place(kind="guest")["id"])
    connector.drain()

    after = _findings(run_store("check", "--json"), level="ok")["tenure"]["message"]

    assert "no installation writes" in before
    assert "this installation writes" in after


def test_another_installation_that_writes_for_the_store_fails_with_what_to_do(
    connector: Connector, run_store: Run
) -> None:
    m3 = connector.process.runtime.store(STORE).m3
    m3.write([add_tenure(STORE, holder="0123456789ab.cdef01234567")])[0].require()

    said = run_store("check", "--json")

    assert said.status == 1
    found = _findings(said, level="fail")["tenure"]
    assert "0123456789ab" in found["message"]
    assert "connector store take-over w1" in found["remedy"]


def test_site_where_the_table_may_not_be_used_fails_and_one_without_it_is_warned(
    connector: Connector, run_store: Run
) -> None:
    connector.sandbox.m3_rule("CUSEXTMI", "GetFieldValue", "nok")
    refused = _findings(run_store("check", "--json"), level="fail")["tenure"]

    connector.configure(store_file(tenure="false"))
    without = _findings(run_store("check", "--json"), level="warn")["tenure"]

    assert "CUSEXTMI" in refused["remedy"]
    assert "second installation" in without["message"]
