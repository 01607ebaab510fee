"""An address nothing can be sent to is noticed before anything is written; any other is carried, as its country writes it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connector.errors import MappingError
from connector.flows.customers.compare import compare_accounts
from connector.flows.preview import preview_order
from connector.publishing.customers import Accounts
from tests.harness import STORE, Connector
from tests.integration.flows.customers.desk import HOME, SUMMER_HOUSE, Desk, file_of
from tests.integration.flows.story import Story, quick_store

LONDON = {"address_1": "1 Long Lane", "city": "London", "postcode": "sw1a1aa", "country": "GB", "state": "Middlesex"}
BERLIN = {"address_1": "Lange Straße 1", "city": "Berlin", "postcode": "10115", "country": "DE", "state": "DE-BE"}
ALBANY = {"address_1": "1 Long Street", "city": "Albany", "postcode": "12201", "country": "US", "state": "New York"}
NOWHERE = "1011Zxq"


def passing() -> str:
    return yaml.safe_dump({**yaml.safe_load(quick_store(guests="common")), "addresses": {"check": "pass"}})


@pytest.fixture
def story(connector: Connector) -> Story:
    """A store whose buyers share a customer, so that only the order's own address goes to M3."""
    story = Story(connector, guests="common")
    story.start_anew()
    story.end_faults()
    connector.forget()
    return story


def buyer(place: dict[str, str], **changes: str) -> dict[str, str]:
    return {"first_name": "Iva", "last_name": "Horvat", "email": "iva@example.com", **place, **changes}


def held_for(story: Story, field: str) -> dict[str, Any]:
    held = story.exchange()
    assert (held["state"], held["reason_code"], story.orders(), story.batch_orders()) == (
        "dead_letter",
        "unmappable",
        [],
        [],
    )
    assert held["reason"].startswith(f"The {field} of the delivery address of order ")
    return held


def address_in_m3(story: Story) -> dict[str, str]:
    (order,) = story.orders()
    (address,) = order["addresses"]
    return {name: address.get(name, "") for name in ("PONO", "CSCD", "ECAR")}


@pytest.mark.parametrize(
    ("place", "wrong", "field"),
    [
        (BERLIN, {"postcode": NOWHERE}, "postcode"),
        (BERLIN, {"postcode": ""}, "postcode"),
        (BERLIN, {"country": "QX"}, "country"),
        (ALBANY, {"state": ""}, "state"),
        (ALBANY, {"state": "Zxq"}, "state"),
    ],
)
def test_a_held_order_goes_on_by_itself_when_the_address_is_corrected_in_the_shop(
    story: Story, place: dict[str, str], wrong: dict[str, str], field: str
) -> None:
    order = story.place(billing=buyer(place, **wrong))
    story.go_on()
    held = held_for(story, field)
    assert "Zxq" not in held["reason"] + held["resolution"]
    assert "goes on by itself" in held["resolution"]

    story.change(order, billing=buyer(place))
    story.go_on()

    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (LONDON, {"PONO": "SW1A 1AA", "CSCD": "GB", "ECAR": ""}),
        (ALBANY, {"PONO": "12201", "CSCD": "US", "ECAR": "NY"}),
        ({**BERLIN, "country": "de", "state": "DE-BE"}, {"PONO": "10115", "CSCD": "DE", "ECAR": "BE"}),
        ({**BERLIN, "country": "AE", "postcode": "n/a", "state": ""}, {"PONO": "N/A", "CSCD": "AE", "ECAR": ""}),
    ],
)
def test_an_address_is_written_as_its_country_writes_it(
    story: Story, place: dict[str, str], written: dict[str, str]
) -> None:
    story.place(billing=buyer(place))
    story.go_on()

    assert address_in_m3(story) == written


def test_a_state_longer_than_m3_holds_has_the_code_of_the_stores_table(story: Story) -> None:
    content = yaml.safe_load(quick_store(guests="common"))
    del content["lookups"]["state"]  # a file from before there was one
    sydney = {**ALBANY, "country": "AU", "postcode": "2000", "state": "New South Wales"}
    story.connector.configure(yaml.safe_dump(content))
    story.place(billing=buyer(sydney))
    story.go_on()
    assert address_in_m3(story)["ECAR"] == ""

    story.start_anew()
    content["lookups"]["state"] = {"NSW": "NS"}
    story.connector.configure(yaml.safe_dump(content))
    story.place(billing=buyer(sydney))
    story.go_on()
    assert address_in_m3(story)["ECAR"] == "NS"


def test_the_delivery_address_is_looked_at_where_there_is_one(story: Story) -> None:
    order = story.place(billing=buyer(BERLIN, postcode=NOWHERE), shipping=buyer(LONDON, email=""))
    story.go_on()
    assert address_in_m3(story)["PONO"] == "SW1A 1AA"

    story.start_anew()
    order = story.place(billing=buyer(LONDON), shipping=buyer(BERLIN, email="", postcode=NOWHERE))
    story.go_on()
    held_for(story, "postcode")
    with pytest.raises(MappingError, match="delivery address"):
        preview_order(story.connector.engine, story.connector.process.runtime.store(STORE), order_id=order["id"])


@pytest.mark.parametrize("guests", ["common", "per_email"])
@pytest.mark.parametrize(
    "way",
    [
        {"shipping_method": "local_pickup"},
        {"shipping_total": None, "lines": [{"sku": "EBK-1", "quantity": 1}]},
    ],
    ids=["pickup", "download"],
)
def test_a_buyer_to_whom_nothing_is_sent_may_live_anywhere(
    connector: Connector, guests: str, way: dict[str, Any]
) -> None:
    story = Story(connector, guests=guests)
    story.start_anew()
    story.place(billing=buyer(BERLIN, postcode=NOWHERE), **way)
    story.go_on()

    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)


@pytest.mark.parametrize("guests", ["common", "per_email"])
@pytest.mark.parametrize("sku", ["MUG-001", "TSHIRT-S-RED"])
def test_things_without_a_shipping_line_are_sent_all_the_same(connector: Connector, guests: str, sku: str) -> None:
    story = Story(connector, guests=guests)
    story.start_anew()
    lines = [{"sku": "EBK-1", "quantity": 1}, {"sku": sku, "quantity": 1}]
    order = story.place(billing=buyer(BERLIN, postcode=NOWHERE), shipping_total=None, lines=lines)
    story.go_on()
    held = story.exchange()
    assert (held["state"], story.orders()) == ("dead_letter", [])
    assert held["reason"].startswith("The postcode of the ")

    story.change(order, billing=buyer(BERLIN))
    story.go_on()
    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)


TILL = {"created_via": "pos-rest-api", "checkout": "rest"}


@pytest.mark.parametrize("guests", ["common", "per_email"])
def test_things_handed_over_at_a_till_are_not_sent(connector: Connector, guests: str) -> None:
    story = Story(connector, guests=guests)
    story.start_anew()
    story.place(billing=buyer(BERLIN, postcode=NOWHERE), shipping_total=None, **TILL)
    story.go_on()

    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)


def test_things_that_a_till_sends_need_an_address(story: Story) -> None:
    story.place(billing=buyer(BERLIN, postcode=NOWHERE), **TILL)
    story.go_on()

    held_for(story, "postcode")


def test_which_plug_ins_hand_over_what_they_sell_the_store_file_says(story: Story) -> None:
    file = yaml.safe_load(quick_store(guests="common"))
    story.connector.configure(yaml.safe_dump({**file, "addresses": {"handed_over": ["openpos"]}}))
    story.place(billing=buyer(BERLIN, postcode=NOWHERE), shipping_total=None, **{**TILL, "created_via": "openpos"})
    story.go_on()
    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)

    story.place(billing=buyer(BERLIN, postcode=NOWHERE), shipping_total=None, **TILL)
    story.go_on()
    assert (story.exchange()["state"], len(story.orders())) == ("dead_letter", 1)


def test_a_variation_alone_may_be_a_download(story: Story) -> None:
    content = {"sku": "TSHIRT-S-RED", "virtual": True, "deliver": "never"}
    story.sandbox.post(f"{story.sandbox.shop_url}/_control/products", content)
    lines = [{"sku": "TSHIRT-S-RED", "quantity": 1}]
    story.place(billing=buyer(BERLIN, postcode=NOWHERE), shipping_total=None, lines=lines)
    story.go_on()

    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)


def test_the_shop_is_not_asked_for_products_where_the_address_is_right(story: Story) -> None:
    before = story.sandbox.shop_book()["calls"]
    story.place(billing=buyer(BERLIN), shipping_total=None)
    story.go_on()

    calls = story.sandbox.shop_book()["calls"]
    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)
    assert {one: n for one, n in calls.items() if "products" in one} == {
        one: n for one, n in before.items() if "products" in one
    }


def test_while_the_shop_cannot_say_what_was_sold_the_order_waits(story: Story) -> None:
    story.sandbox.shop_rule("GET", "products", "http_503", times=50)
    story.place(billing=buyer(BERLIN, postcode=NOWHERE), shipping_total=None, lines=[{"sku": "EBK-1", "quantity": 1}])
    story.connector.drain()
    waiting = story.exchange()["state"]
    story.end_faults()
    story.go_on()

    assert (waiting, story.exchange()["state"], len(story.orders())) == ("waiting", "done", 1)


def test_a_store_that_passes_everything_has_its_held_orders_carried_by_themselves(story: Story) -> None:
    story.place(billing=buyer(BERLIN, postcode="1011"))
    story.go_on()
    held_for(story, "postcode")

    story.connector.configure(passing())
    story.go_on()

    assert address_in_m3(story)["PONO"] == "1011"


def test_an_order_that_m3_has_already_is_found_there_whatever_its_address(story: Story) -> None:
    story.connector.configure(passing())
    order = story.place(billing=buyer(BERLIN, postcode="1011"))
    story.go_on()
    story.connector.configure(quick_store(guests="common"))

    story.lose_ledger()
    story.connector.ask(order["id"])
    story.go_on()

    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)


def test_an_order_that_m3_has_already_is_found_there_though_its_buyer_is_not_known_any_more(
    connector: Connector,
) -> None:
    story = Story(connector)
    story.start_anew()
    connector.configure(yaml.safe_dump({**yaml.safe_load(quick_store()), "addresses": {"check": "pass"}}))
    order = story.place(billing=buyer(BERLIN, postcode=NOWHERE))
    story.go_on()
    connector.configure(quick_store())

    story.lose_ledger()
    connector.ask(order["id"])
    story.go_on()

    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)
    assert len(story.sandbox.m3_book()["customers"]) == 1


def test_an_order_that_m3_does_not_have_is_held_though_it_has_the_buyer(connector: Connector) -> None:
    story = Story(connector)
    story.start_anew()
    story.place(billing=buyer(BERLIN))
    story.go_on()
    story.lose_ledger()
    story.place(billing=buyer(BERLIN, postcode=NOWHERE))
    story.go_on()

    held = story.exchange()
    assert (held["state"], len(story.orders()), len(story.batch_orders())) == ("dead_letter", 1, 0)
    assert held["reason"].startswith("The postcode of the delivery address of order ")


def test_an_address_written_another_way_after_posting_is_no_change(story: Story) -> None:
    order = story.place(billing=buyer(LONDON))
    story.go_on()

    story.change(order, billing=buyer(LONDON, postcode="SW1A 1AA"))
    story.go_on()
    assert story.exchange()["state"] == "done"

    story.change(order, billing=buyer(LONDON, postcode="SW1A 2AA"))
    story.go_on()
    assert story.exchange()["state"] == "dead_letter"
    assert "the delivery address (PONO)" in story.exchange()["reason"]


def test_no_customer_is_made_of_a_bill_nothing_can_be_sent_to(connector: Connector) -> None:
    story = Story(connector)
    story.start_anew()
    order = story.place(billing=buyer(BERLIN, postcode=NOWHERE), shipping=buyer(LONDON, email=""))
    story.go_on()
    held = story.exchange()
    assert (held["state"], story.sandbox.m3_book()["customers"]) == ("dead_letter", [])
    assert held["reason"].startswith("The postcode of the billing address of order ")

    story.change(order, billing=buyer(BERLIN))
    story.go_on()

    (made,) = story.sandbox.m3_book()["customers"]
    assert (made["fields"]["PONO"], story.exchange()["state"], len(story.orders())) == ("10115", "done", 1)


@pytest.mark.parametrize(
    ("changes", "whose"),
    [
        ({"billing": {**HOME, **BERLIN, "postcode": NOWHERE}}, "billing"),
        ({"shipping": {**SUMMER_HOUSE, **BERLIN, "postcode": NOWHERE}}, "delivery"),
    ],
)
def test_a_wrong_address_of_an_account_waits_and_goes_on_when_it_is_corrected(
    connector: Connector, changes: dict[str, Any], whose: str
) -> None:
    desk = Desk(connector)
    account = desk.account()
    desk.order(account)
    before = desk.customer()
    desk.change(account, **changes)

    held = desk.look(account)

    assert (held["state"], held["reason_code"]) == ("dead_letter", "unmappable")
    assert held["reason"].startswith(f"The postcode of the {whose} address of account {account['id']} ")
    assert NOWHERE not in held["reason"] + held["resolution"]
    assert desk.customer() == before
    store, config = desk.connector.process.runtime.store(STORE), Accounts()
    (told,) = compare_accounts(connector.engine, store, config, account_ids=[account["id"]])
    assert (told.needs_person, told.words) == (True, held["reason"])

    desk.change(account, **{name: {**value, "postcode": "10115"} for name, value in changes.items()})
    assert desk.look(account)["state"] == "done"


def test_a_wrong_address_holds_up_no_other_change_of_an_account(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"owners": {"address": "m3", "delivery_address": "m3"}}))
    account = desk.account()
    desk.order(account)
    desk.change(account, billing={**HOME, **BERLIN, "postcode": NOWHERE, "phone": "030 555"})

    assert desk.look(account)["state"] == "done"
    assert desk.customer()["fields"]["PHNO"] == "030 555"


def test_an_account_with_a_wrong_address_is_made_no_customer(connector: Connector) -> None:
    desk = Desk(connector, file_of(accounts={"create": "at_once"}))
    account = desk.account(billing={**BERLIN, "postcode": NOWHERE})

    held = desk.look(account)

    assert (held["state"], desk.customers()) == ("dead_letter", [])
