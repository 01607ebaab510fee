"""What M3 says of a customer, on its account in the shop: written once, in batches, and never carried back."""

from __future__ import annotations

from connector.flows.customer_publishing.compare import compare
from connector.flows.customer_publishing.pull import pull
from connector.flows.pulling import Reason
from tests.harness import STORE, Connector
from tests.integration.flows.customers.desk import Desk
from tests.integration.flows.customers.shown import FLOW, Shown


def test_a_new_customer_is_told_to_its_account(connector: Connector) -> None:
    desk = Shown(connector)
    account = desk.account()

    desk.order(account)

    meta = desk.meta(account)
    assert meta["_m3_customer_number"] == desk.customer()["cuno"]
    assert (meta["_m3_payment_terms"], meta["_m3_customer_status"], meta["_m3_customer_stop"]) == ("000", "20", "0")


def test_terms_changed_in_m3_are_found_by_the_pull_and_written_once(connector: Connector) -> None:
    desk = Shown(connector)
    account = desk.account()
    desk.order(account)
    desk.pull()
    written = desk.batches()
    desk.in_m3(desk.customer()["cuno"], TEPY="030", PLTB="WHOLESALE", BLCD="1")

    first, second = desk.pull(), desk.pull()

    meta = desk.meta(account)
    assert (meta["_m3_payment_terms"], meta["_m3_price_list"], meta["_m3_customer_stop"]) == ("030", "WHOLESALE", "1")
    assert desk.batches() == written + 1
    assert (first, second) == (1, 1)  # within the overlap it is looked at once more, and nothing is written


def test_what_we_write_is_not_carried_back(connector: Connector) -> None:
    desk = Shown(connector, owners={"phone": "m3"})
    account = desk.account()
    desk.order(account)
    desk.poll()
    desk.in_m3(desk.customer()["cuno"], PHNO="01 777 000")
    desk.pull()
    changed = desk.calls("CRS610MI/ChgBasicData")

    polled = desk.poll()

    assert desk.row(account)["billing"]["phone"] == "01 777 000"
    assert polled.news == 1
    assert desk.calls("CRS610MI/ChgBasicData") == changed
    assert desk.customer()["fields"]["PHNO"] == "01 777 000"


def test_parts_the_shop_is_the_master_of_are_left_alone(connector: Connector) -> None:
    desk = Shown(connector)
    account = desk.account()
    desk.order(account)
    desk.in_m3(desk.customer()["cuno"], PHNO="01 777 000", TOWN="Rijeka")

    desk.pull()

    billing = desk.row(account)["billing"]
    assert (billing["phone"], billing["city"]) == ("091 234 5678", "Zagreb")


def test_a_part_m3_is_the_master_of_is_put_back_each_night(connector: Connector) -> None:
    desk = Shown(connector, owners={"phone": "m3"})
    account = desk.account()
    desk.order(account)
    desk.change(account, billing={"phone": "01 999 888", "city": "Sesvete"})
    desk.look(account)

    pull(connector.engine, connector.process.runtime.store(STORE), full=True)
    connector.settle()

    shown = desk.row(account)["billing"]
    assert (shown["phone"], shown["city"]) == ("091 234 5678", "Sesvete")
    assert (desk.customer()["fields"]["PHNO"], desk.customer()["fields"]["TOWN"]) == ("091 234 5678", "Sesvete")


def test_one_customer_m3_lost_stops_no_other(connector: Connector) -> None:
    desk = Shown(connector)
    accounts = [desk.account(email=f"a{number}@example.com") for number in range(3)]
    for account in accounts:
        desk.order(account)
    lost = desk.meta(accounts[0])["_m3_customer_number"]
    kept = [desk.meta(account)["_m3_customer_number"] for account in accounts[1:]]
    with connector.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE binding SET m3_key = 'NOBODY' WHERE m3_key = '{lost}' AND kind = 'account'")
    for number in kept:
        desk.in_m3(number, TEPY="030")

    desk.carry("NOBODY", *kept)

    problems = connector.rows("SELECT item_number, problem_code FROM offer WHERE problem_code IS NOT NULL")
    assert problems == [{"item_number": "NOBODY", "problem_code": "unknown_in_m3"}]
    assert [desk.meta(account)["_m3_payment_terms"] for account in accounts[1:]] == ["030", "030"]


def test_many_customers_are_written_in_one_call(connector: Connector) -> None:
    desk = Shown(connector)
    accounts = [desk.account(email=f"a{number}@example.com") for number in range(4)]
    for account in accounts:
        desk.order(account)
    numbers = [made["cuno"] for made in desk.customers()]
    for number in numbers:
        desk.in_m3(number, TEPY="030")
    before = connector.rows("SELECT count(*) AS n FROM attempt")[0]["n"]

    desk.carry(*numbers)

    assert {desk.meta(account)["_m3_payment_terms"] for account in accounts} == {"030"}
    assert connector.rows("SELECT count(*) AS n FROM attempt")[0]["n"] == before + 1


def test_a_deleted_account_is_found_by_the_write_and_forgotten(connector: Connector) -> None:
    desk = Shown(connector)
    account = desk.account()
    desk.order(account)
    desk.change(account, action="delete")
    desk.in_m3(desk.customer()["cuno"], TEPY="030")

    desk.pull()

    assert connector.rows("SELECT 1 FROM binding WHERE kind = 'account'") == []
    assert desk.offer()["problem_code"] is None


def test_a_lost_answer_is_compared_again(connector: Connector) -> None:
    desk = Shown(connector)
    account = desk.account()
    desk.order(account)
    desk.in_m3(desk.customer()["cuno"], TEPY="030")
    desk.sandbox.shop_rule("POST", "customers/batch", "drop_after_commit")

    desk.pull()
    connector.pass_time(10)
    desk.carry(desk.customer()["cuno"])

    offer = desk.offer()
    assert desk.meta(account)["_m3_payment_terms"] == "030"
    assert offer["wanted_rev"] == offer["done_rev"]


def test_both_sides_are_compared_without_showing_what_is_a_persons(connector: Connector) -> None:
    desk = Shown(connector, owners={"phone": "m3"})
    account = desk.account()
    desk.order(account)
    desk.in_m3(desk.customer()["cuno"], TEPY="030", PHNO="01 777 000")

    rows = list(compare(connector.engine, connector.process.runtime.store(STORE)))

    told = {row.field: (row.m3, row.shop) for row in rows if row.reason is Reason.DIFFERENT}
    assert told == {"meta._m3_payment_terms": ("030", "000"), "billing.phone": ("***", "***")}


def test_nothing_is_shown_where_the_store_says_nothing_of_it(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.account()

    desk.order(account)

    assert connector.rows("SELECT 1 FROM exchange WHERE flow = :flow", flow=FLOW) == []
