"""Who is one customer: guests and accounts, several addresses of one login, and companies that share a mailbox."""

from __future__ import annotations

import pytest

from connector.flows.customers.keys import company_key
from connector.ledger.dispatch import revive_dead_letters
from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.flows.customers.desk import GOOD_VAT, OTHER_VAT, VAT_KEY, Desk, file_of


def test_a_guest_with_the_address_of_an_account_is_its_customer_and_changes_nothing(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)

    desk.order(billing={"address_1": "Vlaška 7"})

    made = desk.customer()
    assert desk.orders() == [made["cuno"]] * 2
    assert made["fields"]["CUA1"] == "Savska 1"


def test_guests_are_customers_of_their_own_where_the_store_keeps_them_apart(connector: Connector) -> None:
    desk = Desk(connector, file_of(guests_with_account="apart"))
    desk.order(desk.account())

    desk.order()

    assert len(set(desk.orders())) == 2


def test_one_login_is_one_customer_whatever_address_the_bill_has(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)

    desk.order(account, billing={"email": "office@example.com"})

    assert desk.orders() == [desk.customer()["cuno"]] * 2


def test_an_account_that_types_the_address_of_another_shopper_becomes_not_that_customer(connector: Connector) -> None:
    desk = Desk(connector)
    desk.order()
    other = desk.account(email="eva@example.com", billing={"first_name": "Eva"})
    desk.order(other, billing={"email": "ana@example.com"})
    desk.change(other, billing={"phone": "01 999 888"})

    exchange = desk.look(other)
    before = desk.customer()["fields"]
    desk.order(other)

    assert (exchange["state"], before["PHNO"]) == ("done", "091 234 5678")
    ana, typed, eva = desk.orders()
    assert ana == typed
    assert eva != ana


def test_a_guest_who_makes_an_account_later_stays_the_same_customer(connector: Connector) -> None:
    desk = Desk(connector)
    desk.order()
    account = desk.account()
    desk.order(account)
    desk.change(account, billing={"phone": "01 999 888"})

    desk.look(account)

    assert desk.customer()["fields"]["PHNO"] == "01 999 888"
    assert desk.orders() == [desk.customer()["cuno"]] * 2


def test_another_company_under_the_same_address_waits_for_a_person(connector: Connector) -> None:
    desk = Desk(connector)
    desk.order(billing={"company": "Brodovi d.o.o."})

    desk.order(billing={"company": "Kruške i sinovi"})

    (held,) = connector.rows("SELECT reason, resolution FROM exchange WHERE state = 'dead_letter'")
    assert "another company" in held["reason"]
    assert "Kru" not in held["reason"] + held["resolution"]
    assert len(desk.orders()) == 1


def test_the_same_company_written_another_way_is_the_same(connector: Connector) -> None:
    desk = Desk(connector)
    desk.order(billing={"company": "Kruške i sinovi d.o.o."})

    desk.order(billing={"company": "KRUSKE I SINOVI, d.o.o."})
    desk.order()

    assert desk.orders() == [desk.customer()["cuno"]] * 3


def test_a_vat_number_tells_companies_apart_whatever_they_are_called(connector: Connector) -> None:
    desk = Desk(connector, file_of(other_company="own"))
    first = {"billing": {"company": "Kruške"}, "meta_data": [{"key": VAT_KEY, "value": GOOD_VAT}]}
    second = {"billing": {"company": "Kruške"}, "meta_data": [{"key": VAT_KEY, "value": OTHER_VAT}]}

    desk.order(**first)
    desk.order(**second)
    desk.order(**first)

    one, two, again = desk.orders()
    assert one != two
    assert one == again
    assert sorted(made["fields"]["VRNO"] for made in desk.customers()) == sorted([GOOD_VAT, OTHER_VAT])


def test_a_company_may_be_of_one_name_under_the_same_address_where_the_address_alone_decides(
    connector: Connector,
) -> None:
    desk = Desk(connector, file_of(other_company="same"))
    desk.order(billing={"company": "Brodovi"})

    desk.order(billing={"company": "Kruške"})

    assert desk.orders() == [desk.customer()["cuno"]] * 2


def test_a_customer_found_in_m3_with_another_vat_number_is_not_taken(connector: Connector) -> None:
    desk = Desk(connector)
    desk.order(billing={"company": "Brodovi"}, meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])
    with connector.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM binding WHERE kind = 'customer'")
        connection.exec_driver_sql("UPDATE exchange SET fingerprint = NULL WHERE flow = 'customers_to_m3'")

    desk.order(billing={"company": "Brodovi"}, meta_data=[{"key": VAT_KEY, "value": OTHER_VAT}])

    held = connector.rows("SELECT flow, reason FROM exchange WHERE state = 'dead_letter'")
    assert "customers_to_m3" in [row["flow"] for row in held]
    assert "another VAT number" in str(held)
    assert connector.rows("SELECT 1 FROM binding WHERE kind = 'customer'") == []
    for _ in range(3):  # nor when its order is looked at again
        look_again(connector)
    assert len(desk.orders()) == 1


def look_again(connector: Connector) -> None:
    """Lets the time pass after which dead letters and what waits for them are looked at again."""
    connector.pass_time(3601)
    with transaction(connector.engine) as connection:
        revive_dead_letters(connection)
    connector.settle()


@pytest.mark.parametrize(
    ("policy", "company", "called", "outcome"),
    [
        ("person", "Brodovi d.o.o.", "Kruške i sinovi", "waits"),
        ("person", "Brodovi d.o.o.", "BRODOVI DOO", "taken"),
        ("person", "Brodovi d.o.o.", "Anić Ana", "taken"),
        ("person", "", "Kruške i sinovi", "taken"),
        ("same", "Brodovi d.o.o.", "Kruške i sinovi", "taken"),
    ],
)
def test_a_customer_that_m3_calls_otherwise_is_nobody_elses(
    connector: Connector, policy: str, company: str, called: str, outcome: str
) -> None:
    desk = Desk(connector, file_of(other_company=policy))
    desk.order()
    made = desk.customer()["cuno"]
    desk.sandbox.post(f"{desk.sandbox.m3_url}/_control/customers/{made}", {"CUNM": called})
    lose_ledger(connector)

    desk.order(billing={"company": company})

    held = connector.rows("SELECT reason, resolution FROM exchange WHERE state = 'dead_letter'")
    assert len(desk.orders()) == (1 if outcome == "waits" else 2)
    assert set(desk.orders()) == {made}
    assert [company in str(row) for row in held] == ([False] if outcome == "waits" else [])


def test_an_account_that_buys_for_two_companies_is_two_customers_where_each_company_is_one(
    connector: Connector,
) -> None:
    desk = Desk(connector, file_of(other_company="own"))
    account = desk.account()

    desk.order(account, billing={"company": "Kruške"})
    desk.order(account, billing={"company": "Brodovi"})
    desk.order(account, billing={"company": "KRUŠKE"})

    first, other, again = desk.orders()
    assert (first == again, first == other) == (True, False)


def test_who_types_the_address_of_another_shopper_says_not_for_which_company_that_one_stands(
    connector: Connector,
) -> None:
    desk = Desk(connector)
    desk.order()
    other = desk.account(email="eva@example.com", billing={"first_name": "Eva"})
    desk.order(other, billing={"email": "ana@example.com", "company": "Brodovi"})

    desk.order(billing={"company": "Kruške"})

    assert companies(connector) == [""]
    assert desk.orders() == [desk.customer()["cuno"]] * 3


def test_the_order_of_a_login_says_for_which_company_its_customer_stands(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.order(account, billing={"company": "Brodovi"})

    desk.order(billing={"company": "Kruške"})

    assert companies(connector) == [company_key("BRODOVI")]
    assert len(desk.orders()) == 2


def test_a_guest_changes_nothing_about_a_customer_that_was_in_m3_before(connector: Connector) -> None:
    desk = Desk(connector)
    desk.order()
    lose_ledger(connector)

    desk.order(billing={"company": "Brodovi"}, meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])

    assert companies(connector) == []
    assert "VRNO" not in desk.customer()["fields"]
    assert desk.orders() == [desk.customer()["cuno"]] * 2


def test_a_customer_that_was_in_m3_before_stands_for_the_company_m3_calls_it(connector: Connector) -> None:
    desk = Desk(connector)
    desk.order(billing={"company": "Kruške i sinovi"})
    lose_ledger(connector)

    desk.order(billing={"company": "KRUSKE I SINOVI"})
    desk.order(billing={"company": "Brodovi"})

    assert companies(connector) == [company_key("Kruške i sinovi")]
    assert len(desk.orders()) == 2


def companies(connector: Connector) -> list[str]:
    """Returns which companies the customers are known to stand for, as digests."""
    return [row["company"] for row in connector.rows("SELECT company FROM customer_identity")]


def lose_ledger(connector: Connector) -> None:
    """Leaves the ledger as a backup from before the first order would."""
    with connector.engine.begin() as connection:
        tables = "exchange, delivery, document, step, attempt, binding, order_line, audit, customer_identity"
        connection.exec_driver_sql(f"TRUNCATE {tables} CASCADE")


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"MAIL": "eva@example.com"}, "another e-mail address"), ({"STAT": "10"}, "has status 10")],
)
def test_a_customer_found_in_m3_that_is_another_shopper_or_may_not_order_is_not_taken(
    connector: Connector, fields: dict[str, str], words: str
) -> None:
    desk = Desk(connector)
    desk.order()
    number = desk.customer()["cuno"]
    desk.sandbox.post(f"{desk.sandbox.m3_url}/_control/customers/{number}", fields)
    with connector.engine.begin() as connection:  # as a restored backup from before the order
        connection.exec_driver_sql("TRUNCATE exchange, delivery, document, step, attempt, binding, order_line CASCADE")

    desk.order()

    (held,) = connector.rows("SELECT reason, resolution FROM exchange WHERE state = 'dead_letter'")
    assert words in held["reason"] and number in held["reason"] and "CRS610" in held["resolution"]
    assert "example.com" not in held["reason"] + held["resolution"]
    assert len(desk.orders()) == 1
