"""`connector customers` and the dry runs of both flows: which account is which customer, never who it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.customers.desk import Desk, file_of
from tests.integration.flows.customers.shown import Choosy, Shown

TRACES = ("Ana", "Savska", "example.com", "999 888")


@pytest.fixture
def desk(connector: Connector) -> Shown:
    """A shop with one account that is a customer of M3, and one that has ordered nothing."""
    made = Shown(connector)
    made.order(made.account(billing={"company": "Kruške"}))
    made.account(email="zora@example.com")
    return made


def test_accounts_are_listed_with_their_customers(desk: Shown, run_store: Run) -> None:
    said = run_store("customers", "bindings", "--store", STORE)
    (row,) = run_store("customers", "bindings", "--json").data

    assert (said.status, row["number"], row["is_due"]) == (0, desk.customer()["cuno"], False)
    assert row["number"] in said.out
    assert not any(trace in said.out for trace in TRACES)


def test_one_is_told_of_by_either_number(desk: Shown, run_store: Run) -> None:
    (row,) = run_store("customers", "bindings", "--json").data

    by_account = run_store("customers", "show", row["account"], "--json").data
    by_number = run_store("customers", "show", row["number"])

    (shopper,) = by_account["shoppers"]
    assert (shopper["state"], shopper["is_company"], shopper["has_vat_number"]) == ("done", True, False)
    assert by_number.status == 0
    assert not any(trace in by_number.out for trace in TRACES)


def test_somebody_nobody_knows_is_refused_with_a_remedy(run_store: Run) -> None:
    said = run_store("customers", "show", "4711")

    assert said.status == 1
    assert "connector customers bindings" in said.flat_err


def test_a_dry_run_shows_the_fields_and_no_value(desk: Shown, run_store: Run) -> None:
    (row,) = run_store("customers", "bindings", "--json").data
    desk.change({"id": int(row["account"])}, billing={"phone": "01 999 888"})

    said = run_store("sync", "customers_to_m3", "--ids", row["account"], "--dry-run")

    assert said.status == 0
    assert "PHNO" in said.out
    assert "CRS610MI" in said.out
    assert not any(trace in said.out for trace in TRACES)
    assert desk.calls("CRS610MI/ChgBasicData") == 0


def test_a_dry_run_to_the_shop_shows_what_m3_says(desk: Shown, run_store: Run) -> None:
    desk.in_m3(desk.customer()["cuno"], TEPY="030")

    said = run_store("sync", "customers_to_woo", "--dry-run", "--json")

    (row,) = said.data["rows"]
    assert (row["field"], row["shop"], row["wanted"]) == ("meta._m3_payment_terms", "000", "030")


@pytest.mark.parametrize("is_named", [True, False])
def test_who_asks_for_a_customer_or_for_all_has_sent_again_what_the_shop_refused(
    connector: Connector, run_store: Run, is_named: bool
) -> None:
    desk = Choosy(connector)
    desk.refuse("billing.phone")
    desk.change_in_m3(PHNO="01 777 000")
    desk.refuse()

    run_store("sync", "customers_to_woo")
    connector.settle()
    changed = desk.shows()["phone"]
    run_store("sync", "customers_to_woo", *(["--ids", desk.number] if is_named else ["--full"]))
    connector.settle()

    assert (changed, desk.shows()["phone"]) == ("091 234 5678", "01 777 000")
    assert desk.offer()["problem_code"] is None


def test_an_account_bound_by_an_address_it_only_typed_is_seen_unbound_and_stays_so(
    connector: Connector, run_store: Run
) -> None:
    desk, eva, ana = typed_first(connector)

    (doubted,) = run_store("customers", "bindings", "--doubtful", "--json").data
    checked = run_store("check", "--store", STORE, "--json").data
    said = run_store("customers", "unbind", eva["id"], "--reason", "the address is Ana's")
    connector.settle()
    desk.look(eva)

    assert (doubted["account"], doubted["is_proved"], doubted["claimants"]) == (
        str(eva["id"]),
        False,
        [f"{STORE}/{ana['id']}"],
    )
    (warned,) = [one for one in checked if one["name"] == f"account {eva['id']}"]
    assert f"customers unbind {eva['id']}" in warned["remedy"]
    (row,) = run_store("customers", "bindings", "--json").data
    assert (row["account"], row["number"], row["is_proved"]) == (str(ana["id"]), doubted["number"], True)
    assert f"Account {ana['id']} logs in" in said.out
    assert not any(trace in said.out + str(doubted) + str(warned) for trace in TRACES)


def test_the_trail_says_who_unbound_an_account_and_why(connector: Connector, run_store: Run) -> None:
    _, eva, _ = typed_first(connector)
    (doubted,) = run_store("customers", "bindings", "--doubtful", "--json").data

    refused = run_store("customers", "unbind", eva["id"])
    run_store("customers", "unbind", eva["id"], "--reason", "the address is Ana's")
    again = run_store("customers", "unbind", eva["id"], "--reason", "once more")

    trail = run_store("audit", "export", "--customer", "eva@example.com").out.splitlines()
    (line,) = [one for line in trail if (one := json.loads(line))["action"] == "account_unbound"]
    assert (refused.status, again.status) == (1, 1)
    assert (line["key"], line["before"], line["why"]) == (
        str(eva["id"]),
        {"customer": doubted["number"]},
        "the address is Ana's",
    )
    assert "(command line)" in line["who"]


def test_a_login_that_proves_a_customer_does_not_undo_what_a_person_said(desk: Shown, run_store: Run) -> None:
    (row,) = run_store("customers", "bindings", "--json").data

    run_store("customers", "unbind", row["account"], "--reason", "another Ana")
    desk.look({"id": int(row["account"])})

    assert run_store("customers", "bindings", "--json").data == []


def test_two_shops_accounts_with_two_addresses_on_one_customer_are_told(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector)
    ana = desk.account()
    desk.order(ana)
    desk.poll()
    with connector.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO store (name, shop_url, config, config_source) SELECT 'w2', shop_url, config, 'x' FROM store;"
            "INSERT INTO shop_account (store, account, login) VALUES ('w2', 7, 'another');"
            "INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key) SELECT kind, 'w2', '7',"
            " replace(m3_scope, '/w1', '/w2'), m3_key FROM binding WHERE kind = 'account'"
        )

    (row,) = run_store("customers", "bindings", "--doubtful", "--json").data

    assert (row["store"], row["account"], row["others"]) == ("w2", "7", [f"{STORE}/{ana['id']}"])


def test_a_guests_wrong_customer_is_unbound_and_the_next_order_gets_another_one(
    connector: Connector, run_store: Run
) -> None:
    desk = Desk(connector)
    desk.order()
    wrong = desk.customer()["cuno"]

    refused = run_store("customers", "unbind", "--customer", wrong)
    said = run_store("customers", "unbind", "--customer", wrong, "--reason", "somebody else of M3", "--json")
    desk.order()
    desk.order()

    first, second, third = desk.orders()
    assert (refused.status, said.status, said.data["accounts"]) == (1, 0, [])
    assert (first, second == third, second == wrong) == (wrong, True, False)
    assert connector.rows("SELECT DISTINCT state FROM exchange") == [{"state": "done"}]
    (listed,) = run_store("customers", "unbound", "--store", STORE, "--json").data
    assert (listed["account"], listed["number"], listed["why"]) == (None, wrong, "somebody else of M3")
    assert not any(trace in said.out for trace in TRACES)


def test_a_shopper_unbound_from_its_customer_does_not_get_it_again_by_a_login(
    connector: Connector, run_store: Run
) -> None:
    desk = Desk(connector)
    account = desk.known()
    wrong = desk.customer()["cuno"]

    said = run_store("customers", "unbind", "--customer", wrong, "--reason", "somebody else of M3", "--json")
    desk.order()

    first, second = desk.orders()
    assert said.data["accounts"] == [f"{STORE}/{account['id']}"]
    assert (first, second == wrong) == (wrong, False)


def test_accounts_of_a_customer_that_was_no_shoppers_are_told(desk: Shown, run_store: Run) -> None:
    number = desk.customer()["cuno"]
    (row,) = run_store("customers", "bindings", "--json").data

    said = run_store("customers", "unbind", "--customer", number, "--reason", "somebody else")
    both = run_store("customers", "unbind", row["account"], "--customer", number, "--reason", "x")

    assert f"customers unbind {row['account']} --store {STORE}" in " ".join(said.out.split())
    assert (both.status, "Either" in both.flat_err) == (1, True)


def typed_first(connector: Connector) -> tuple[Desk, dict[str, Any], dict[str, Any]]:
    """A shop in which Eva's account ordered under Ana's address before Ana had an account."""
    desk = Desk(connector)
    eva = desk.account(email="eva@example.com", billing={"first_name": "Eva", "email": "ana@example.com"})
    desk.order(eva)
    desk.poll()
    ana = desk.account()
    desk.order(ana)
    return desk, eva, ana


def test_all_accounts_are_looked_at_after_a_change_of_the_store_file(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector)
    desk.known()
    connector.configure(file_of(accounts={"email_type": "04"}))

    unclear = run_store("sync", "customers_to_m3")
    shown = run_store("sync", "customers_to_m3", "--full", "--dry-run")
    said = run_store("sync", "customers_to_m3", "--full")
    connector.settle()

    assert (unclear.status, "--full" in unclear.flat_err, "EMAL" in shown.out, said.status) == (1, True, True, 0)
    assert desk.customer()["emails"] == {"04": "ana@example.com"}
