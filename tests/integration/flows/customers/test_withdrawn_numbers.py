"""A VAT number that an account took off is a person's matter; one that the account itself never showed is not."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.customers.compare import compare_accounts
from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.customers.desk import GOOD_VAT, VAT_KEY, Desk

NUMBER, NONE = [{"key": VAT_KEY, "value": GOOD_VAT}], [{"key": VAT_KEY, "value": ""}]


class Office(Desk):
    """A company with an account, whose VAT number comes and goes."""

    def __init__(self, connector: Connector, *, shows: list[dict[str, str]], orders_with: list[dict[str, str]]) -> None:
        super().__init__(connector)
        self.company = self.account(billing={"company": "Ana d.o.o."}, meta_data=shows)
        self.order(self.company, meta_data=orders_with)
        self.look(self.company)

    def shows(self, meta_data: list[dict[str, Any]], **billing: str) -> dict[str, Any]:
        """Changes the account and returns its exchange after a look."""
        self.change(self.company, meta_data=meta_data, billing=billing)
        return self.look(self.company)

    def has_in_m3(self, number: str) -> None:
        """A person writes or empties the number in M3."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/customers/{self.customer()['cuno']}", {"VRNO": number})

    def discard(self) -> None:
        """Discards what the account's exchange waits with."""
        with transaction(self.connector.engine) as connection:
            discard(connection, self.exchange(self.company)["id"], who="test", why="M3 keeps it")


def test_a_field_that_was_always_empty_takes_nothing_off(connector: Connector) -> None:
    office = Office(connector, shows=NONE, orders_with=NUMBER)

    changed = [office.shows(NONE, phone=f"01 999 88{turn}") for turn in range(2)]

    assert [one["state"] for one in changed] == ["done", "done"]
    assert (office.customer()["fields"]["VRNO"], office.customer()["fields"]["PHNO"]) == (GOOD_VAT, "01 999 881")


@pytest.mark.parametrize("meta_data", [NONE, [{"key": VAT_KEY, "value": None}]])
def test_a_number_that_the_account_showed_and_shows_no_more_was_taken_off(
    connector: Connector, meta_data: list[dict[str, Any]]
) -> None:
    office = Office(connector, shows=NUMBER, orders_with=NUMBER)

    told = office.shows(meta_data)
    (compared,) = compare_accounts(
        connector.engine,
        connector.process.runtime.store(STORE),
        connector.process.runtime.store(STORE).config.customers.accounts,
        account_ids=[office.company["id"]],
    )

    assert (told["state"], "VRNO" in told["reason"]) == ("dead_letter", True)
    assert (compared.needs_person, "VRNO" in compared.words) == (True, True)


def test_who_says_that_m3_keeps_the_number_is_not_asked_again_until_it_is_shown_and_taken_off_again(
    connector: Connector,
) -> None:
    office = Office(connector, shows=NUMBER, orders_with=NUMBER)
    office.shows(NONE)
    office.discard()

    settled = office.shows(NONE, phone="01 999 888")
    office.shows(NUMBER)
    again = office.shows(NONE)

    assert (settled["state"], office.customer()["fields"]["PHNO"]) == ("done", "01 999 888")
    assert again["state"] == "dead_letter"


def test_another_matter_that_is_discarded_settles_no_number_that_is_taken_off_later(connector: Connector) -> None:
    office = Office(connector, shows=NUMBER, orders_with=NUMBER)
    office.has_in_m3("HR69435151530")
    office.shows(NUMBER, phone="01 999 888")
    office.discard()
    office.has_in_m3(GOOD_VAT)

    assert office.shows(NONE)["state"] == "dead_letter"


def test_a_number_that_only_a_person_wrote_in_m3_is_no_matter_of_the_account(connector: Connector) -> None:
    office = Office(connector, shows=NUMBER, orders_with=NUMBER)
    office.has_in_m3("HR69435151530")

    assert office.shows(NONE)["state"] == "done"


def test_of_an_account_seen_before_this_was_kept_a_person_is_asked_once(connector: Connector) -> None:
    office = Office(connector, shows=NUMBER, orders_with=NUMBER)
    with connector.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE shop_account SET vat_number = NULL")

    asked = office.shows(NONE)
    office.discard()
    settled = office.shows(NONE, phone="01 999 888")

    assert (asked["state"], settled["state"]) == ("dead_letter", "done")


def test_nothing_is_kept_of_the_number_of_an_account_that_was_erased(connector: Connector) -> None:
    office = Office(connector, shows=NUMBER, orders_with=NUMBER)
    before = connector.rows("SELECT vat_number <> '' AS is_kept FROM shop_account")

    office.change(office.company, action="delete")
    office.look(office.company)

    assert before == [{"is_kept": True}]
    assert connector.rows("SELECT vat_number FROM shop_account") == [{"vat_number": ""}]
