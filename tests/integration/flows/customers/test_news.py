"""Messages of M3 about customers: those with an account in the shop are looked at, all others are nobody's business."""

from __future__ import annotations

import json
from io import BytesIO

from connector.flows.event_intake import BodMessage, EventMessage, take_bod, take_event
from connector.ion.ims import Parameters
from connector.ion.payload import open_payload
from connector.ion.rules import load_event_rules
from tests.harness import ROOT, STORE, Connector
from tests.integration.flows.customers.shown import Shown

BOD = """<SyncCustomerPartyMaster releaseID="9.2"><ApplicationArea/><DataArea>
<Sync><TenantID>SANDBOX_TST</TenantID><AccountingEntityID>100</AccountingEntityID>
<ActionCriteria><ActionExpression actionCode="Replace"/></ActionCriteria></Sync>
<CustomerPartyMaster><CustomerPartyMasterHeader>
<PartyIDs><ID accountingEntity="100" variationID="{variation}">{number}</ID></PartyIDs>
</CustomerPartyMasterHeader></CustomerPartyMaster></DataArea></SyncCustomerPartyMaster>"""


def tell(connector: Connector, number: str, *, variation: int = 1) -> None:
    """Brings a BOD about a customer."""
    payload = open_payload(BytesIO(BOD.format(number=number, variation=variation).encode()))
    message = BodMessage(STORE, "", Parameters({"messageId": f"{number}-{variation}"}), payload)
    take_bod(connector.engine, message, rules=load_event_rules(ROOT / "config"), scope_of=lambda _: "")
    payload.close()


def due(connector: Connector) -> list[str]:
    """Returns the customers that are due."""
    rows = connector.rows("SELECT item_number FROM offer WHERE flow = 'customers_to_woo' AND wanted_rev > done_rev")
    return [row["item_number"] for row in rows]


def test_a_bod_about_a_customer_with_an_account_brings_its_news_to_the_shop(connector: Connector) -> None:
    desk = Shown(connector)
    account = desk.account()
    desk.order(account)
    number = desk.customer()["cuno"]
    desk.in_m3(number, TEPY="030")

    tell(connector, number)
    found = due(connector)
    connector.settle()

    assert found == [number]
    assert desk.meta(account)["_m3_payment_terms"] == "030"


def test_an_older_version_calls_for_nothing(connector: Connector) -> None:
    desk = Shown(connector)
    desk.order(desk.account())
    number = desk.customer()["cuno"]
    tell(connector, number, variation=7)
    connector.settle()

    tell(connector, number, variation=6)

    assert due(connector) == []


def test_a_customer_without_an_account_makes_nothing_due(connector: Connector) -> None:
    Shown(connector)

    tell(connector, "GUESTHREUR")

    assert due(connector) == []
    notes = [row["note"] for row in connector.rows("SELECT note FROM delivery")]
    assert notes == ["Sync.CustomerPartyMaster: no account of the shop is 1 customer (GUESTHREUR)."]


def test_an_event_of_the_customer_table_does_the_same(connector: Connector) -> None:
    desk = Shown(connector)
    desk.order(desk.account())
    number = desk.customer()["cuno"]
    body = json.dumps({"documentName": "OCUSMA", "elements": {"CUNO": number}}).encode()

    event = EventMessage(STORE, "", body, "x")
    take_event(connector.engine, event, rules=load_event_rules(ROOT / "config"), scope_of=lambda _: "")

    assert due(connector) == [number]
