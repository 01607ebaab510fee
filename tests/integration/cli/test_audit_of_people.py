"""`connector audit export --customer` finds all that was carried of a person, whatever the store's rules made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run, Said
from tests.integration.flows.customers.desk import Desk, file_of
from tests.integration.flows.customers.shown import Shown


def lines(said: Said) -> list[dict[str, Any]]:
    assert said.status == 0, said.err
    return [json.loads(line) for line in said.out.splitlines()]


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"guests": "common", "registered": "common"},
        {"guests_with_account": "apart"},
        {"other_company": "own"},
        {"guests_with_account": "apart", "other_company": "own"},
    ],
    ids=lambda rules: ", ".join(rules.values()) or "as they are",
)
def test_an_e_mail_address_finds_all_orders_of_a_person(connector: Connector, run: Run, rules: dict[str, str]) -> None:
    desk = Desk(connector, file_of(**rules))
    theirs = [desk.order(desk.account()), desk.order(billing={"company": "Brodovi d.o.o."}), desk.order()]
    desk.order(billing={"email": "eva@example.com"})

    told = lines(run("audit", "export", "--customer", "ANA@example.com "))

    orders = {one["business_key"] for one in told if one["flow"] == "orders_to_m3"}
    made = {one["key"] for one in told if one["action"] == "CRS610MI/Add"}
    held = {one["cuno"] for one in desk.customers() if one["fields"]["MAIL"] == "ana@example.com"}
    assert orders == {str(one["id"]) for one in theirs}
    assert made == held


@pytest.mark.parametrize("name", ["ana@example.com", "number"])
def test_what_was_written_to_accounts_is_found_and_nobody_elses(connector: Connector, run: Run, name: str) -> None:
    desk = Shown(connector)
    ana, eva = desk.account(), desk.account(email="eva@example.com")
    desk.order(ana)
    number = desk.customer()["cuno"]
    desk.order(eva)
    desk.change(ana, billing={"phone": "01 999 888"})
    desk.look(ana)

    told = lines(run("audit", "export", "--customer", number if name == "number" else name))

    changed = [one for one in told if one["action"] == "CRS610MI/ChgBasicData"]
    shown = {one["key"] for one in told if one["flow"] == "customers_to_woo"}
    assert [(one["key"], one["store"]) for one in changed] == [(number, STORE)]
    assert shown == {str(ana["id"])}


def test_who_was_erased_is_found_all_the_same(connector: Connector, run: Run) -> None:
    desk = Desk(connector)
    account = desk.account()
    order = desk.order(account)
    desk.change(account, billing={"phone": "01 999 888"})
    desk.look(account)
    desk.change(account, action="delete")
    desk.look(account)

    told = lines(run("audit", "export", "--customer", "ana@example.com"))

    assert {"CRS610MI/Add", "CRS610MI/ChgBasicData", "account erased"} <= {one["action"] for one in told}
    assert str(order["id"]) in {one["business_key"] for one in told}
