"""Accounts of the shop after M3 has them: what differs travels, field by field, and nothing else."""

from __future__ import annotations

from typing import Any

from connector.ledger.people import discard, release
from connector.ledger.session import transaction
from connector.ledger.trail import NO_ANSWER
from tests.harness import STORE, Connector
from tests.integration.flows.customers.desk import (
    GOOD_VAT,
    HOME,
    OTHER_VAT,
    SUMMER_HOUSE,
    VAT_KEY,
    Desk,
    file_of,
)


def test_a_changed_phone_is_written_alone(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.known()
    desk.change(account, billing={"phone": "01 999 888"})

    exchange = desk.look(account)

    assert exchange["state"] == "done"
    assert desk.customer()["fields"]["PHNO"] == "01 999 888"
    audit = connector.rows("SELECT after FROM audit WHERE action = 'CRS610MI/ChgBasicData'")
    assert [row["after"] for row in audit] == [{"changed": ["PHNO"]}]


def test_an_account_that_did_not_change_asks_m3_nothing(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.poll()
    before = desk.sandbox.m3_book()["calls"]

    polled = desk.poll()

    assert polled.news == 0
    assert desk.sandbox.m3_book()["calls"] == before


def test_an_account_without_an_order_is_no_customer(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()

    exchange = desk.look(account)

    assert (exchange["state"], desk.customers()) == ("done", [])


def test_an_account_is_made_a_customer_at_once_where_the_store_says_so(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"create": "at_once"}))
    account = desk.account(shipping=SUMMER_HOUSE)

    exchange = desk.look(account)
    desk.order(account)

    made = desk.customer()
    assert exchange["state"] == "done"
    assert [one["TOWN"] for one in made["addresses"]] == ["Split"]
    assert desk.orders() == [made["cuno"]]


def test_a_delivery_address_becomes_an_address_record_and_goes_with_it(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.change(account, shipping=SUMMER_HOUSE)
    desk.look(account)
    added = desk.customer()["addresses"]
    desk.change(account, shipping={**SUMMER_HOUSE, "city": "Trogir", "postcode": "21220"})
    desk.look(account)
    changed = desk.customer()["addresses"]
    desk.change(account, shipping=dict.fromkeys(SUMMER_HOUSE, ""))
    desk.look(account)

    assert [(one["adrt"], one["adid"], one["TOWN"]) for one in added] == [(1, "WEB", "Split")]
    assert [(one["PONO"], one["TOWN"], one["CUA1"]) for one in changed] == [("21220", "Trogir", "Obala 8")]
    assert desk.customer()["addresses"] == []


def test_goods_that_go_where_the_bill_goes_need_no_address_record(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account(shipping=HOME)
    desk.order(account)

    desk.look(account)

    assert desk.customer()["addresses"] == []


def test_e_mail_goes_to_the_repository_where_a_type_is_named(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"email_type": "04"}))
    account = desk.known()
    first = desk.customer()["emails"]
    desk.change(account, billing={"email": "ana.anic@example.com"})

    desk.look(account)

    assert first == {"04": "ana@example.com"}
    assert desk.customer()["emails"] == {"04": "ana.anic@example.com"}
    assert desk.customer()["fields"]["MAIL"] == "ana.anic@example.com"


def test_a_part_m3_is_the_master_of_is_left_alone(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"owners": {"phone": "m3", "delivery_address": "m3"}}))
    account = desk.account()
    desk.order(account)
    desk.change(account, billing={"phone": "01 999 888", "city": "Sesvete"}, shipping=SUMMER_HOUSE)

    desk.look(account)

    made = desk.customer()
    assert (made["fields"]["TOWN"], made["fields"]["PHNO"]) == ("Sesvete", "091 234 5678")
    assert made["addresses"] == []


def test_a_shorter_address_waits_until_a_person_has_emptied_the_rest(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account(billing={"address_2": "Stan 4"})
    desk.order(account)
    desk.change(account, billing={"address_2": "", "address_1": "Savska 2"})

    exchange = desk.look(account)

    assert exchange["state"] == "dead_letter"
    assert "CUA2" in exchange["reason"]
    assert desk.customer()["fields"]["CUA1"] == "Savska 2"


def test_a_vat_number_is_written_as_m3_keeps_it(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account(billing={"company": "Ana d.o.o."})
    desk.order(account)
    desk.change(account, meta_data=[{"key": VAT_KEY, "value": "hr 333 920 05961"}])

    desk.look(account)

    assert desk.customer()["fields"]["VRNO"] == GOOD_VAT


def test_a_vat_number_taken_off_the_account_waits_until_a_person_has_emptied_it_in_m3(connector: Connector) -> None:
    desk = Desk(connector)
    number = {"meta_data": [{"key": VAT_KEY, "value": GOOD_VAT}]}
    account = desk.account(billing={"company": "Ana d.o.o."}, **number)
    desk.order(account, **number)
    desk.look(account)
    desk.change(account, meta_data=[{"key": VAT_KEY, "value": ""}])

    waiting = [desk.look(account), desk.look(account)]
    in_m3 = f"{desk.sandbox.m3_url}/_control/customers/{desk.customer()['cuno']}"
    desk.sandbox.post(in_m3, {"VRNO": ""})
    exchange = desk.look(account)

    assert [one["state"] for one in waiting] == ["dead_letter", "dead_letter"]
    assert "VRNO" in waiting[1]["reason"]
    assert GOOD_VAT not in waiting[1]["reason"]
    assert exchange["state"] == "done"


def test_a_vat_number_that_the_shop_keeps_on_orders_alone_was_not_taken_off_the_account(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account(billing={"company": "Ana d.o.o."})
    desk.order(account, meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])
    desk.change(account, billing={"phone": "01 999 888"})

    exchange = desk.look(account)
    desk.order(account, meta_data=[{"key": VAT_KEY, "value": OTHER_VAT}])

    assert (exchange["state"], desk.customer()["fields"]["VRNO"]) == ("done", GOOD_VAT)
    assert len(desk.orders()) == 1  # it still stands for the company of the first order


def test_a_vat_number_that_only_m3_ever_had_is_no_matter_of_the_shop(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    desk.sandbox.post(f"{desk.sandbox.m3_url}/_control/customers/{desk.customer()['cuno']}", {"VRNO": GOOD_VAT})

    desk.change(account, billing={"phone": ""})
    exchange = desk.look(account)

    assert (exchange["state"], desk.customer()["fields"]["VRNO"]) == ("done", GOOD_VAT)
    assert "M3 also has PHNO" in exchange["reason"]


def test_an_account_that_shows_another_vat_number_changes_nothing_by_itself(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.known(billing={"company": "Ana"}, meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])
    desk.change(account, billing={"company": "Zora"}, meta_data=[{"key": VAT_KEY, "value": OTHER_VAT}])

    exchange = desk.look(account)

    assert exchange["state"] == "dead_letter"
    assert OTHER_VAT not in exchange["reason"] + exchange["resolution"]
    assert desk.customer()["fields"]["CUNM"] == "Ana"


def test_a_lost_answer_is_looked_up_not_repeated(connector: Connector) -> None:
    desk = Desk(connector)

    _, exchange = desk.phone_changes("drop_after_commit")

    assert exchange["state"] == "done"
    assert (desk.customer()["fields"]["PHNO"], desk.calls("CRS610MI/ChgBasicData")) == ("01 999 888", 1)
    assert connector.rows("SELECT 1 FROM document WHERE kind = 'account'") == []
    assert written(connector) == [({"changed": ["PHNO"]}, NO_ANSWER)]
    assert looked_up(connector) == [{"call": "CRS610MI/ChgBasicData", "changed": ["PHNO"], "is_there": True}]


def test_a_write_that_never_came_is_in_the_audit_trail_beside_the_one_that_did(connector: Connector) -> None:
    desk = Desk(connector)

    desk.phone_changes("drop_before_commit")

    assert desk.customer()["fields"]["PHNO"] == "01 999 888"
    lost, came = written(connector)
    assert lost == ({"changed": ["PHNO"]}, NO_ANSWER)
    assert [one["is_there"] for one in looked_up(connector)] == [False]
    assert came == ({"changed": ["PHNO"]}, "")


def test_a_customer_whose_answer_was_lost_is_in_the_audit_trail(connector: Connector) -> None:
    desk = Desk(connector)
    desk.sandbox.m3_rule("CRS610MI", "Add", "drop_after_commit")

    desk.order()

    (told,) = connector.rows("SELECT key, why FROM audit WHERE action = 'CRS610MI/Add'")
    assert told == {"key": desk.customer()["cuno"], "why": NO_ANSWER}
    assert looked_up(connector) == [{"call": "CRS610MI/Add", "is_there": True}]


def looked_up(connector: Connector) -> list[dict[str, Any]]:
    """Returns what the audit trail says M3 shows of writes whose answer nobody saw."""
    return [row["after"] for row in connector.rows("SELECT after FROM audit WHERE action = 'looked up' ORDER BY id")]


def written(connector: Connector) -> list[tuple[dict[str, Any], str]]:
    """Returns what the audit trail tells of changes of customers."""
    rows = connector.rows("SELECT after, why FROM audit WHERE action = 'CRS610MI/ChgBasicData' ORDER BY id")
    return [(row["after"], row["why"]) for row in rows]


def test_an_account_whose_customer_a_person_discarded_waits_for_nothing(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"create": "at_once"}))
    account = desk.account()
    desk.sandbox.m3_rule("CRS610MI", "Add", "nok")
    desk.look(account)
    (shopper,) = connector.rows(
        "SELECT id, state FROM exchange WHERE flow = 'customers_to_m3' AND scope <> :s", s=STORE
    )
    with transaction(connector.engine) as connection:
        discard(connection, shopper["id"], who="test", why="no customer of ours")

    told = desk.look(account)

    assert shopper["state"] == "dead_letter"
    assert (told["state"], told["reason"]) == ("done", "no order of this account is in M3 yet")
    assert desk.customers() == []
    assert connector.rows("SELECT 1 FROM discard") == []  # which would keep its delivery for good


def test_a_discarded_shopper_that_a_person_releases_is_made(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"create": "at_once"}))
    account = desk.account()
    desk.sandbox.m3_rule("CRS610MI", "Add", "nok")
    desk.look(account)
    (shopper,) = connector.rows("SELECT id FROM exchange WHERE flow = 'customers_to_m3' AND scope <> :s", s=STORE)
    with transaction(connector.engine) as connection:
        discard(connection, shopper["id"], who="test", why="no customer of ours")
        desk.sandbox.m3_faults()
        decision = release(connection, shopper["id"], who="test")
    connector.settle()

    assert decision.was_discarded
    assert len(desk.customers()) == 1
