"""`connector customers` and the dry runs of both flows: which account is which customer, never who it is."""

from __future__ import annotations

import pytest

from tests.harness import STORE, Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.customers.test_to_woo import Shown

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
