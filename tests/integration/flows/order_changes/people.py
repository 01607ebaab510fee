"""What a person does in M3 with an order the connector posted, and with the exchange that waits for one."""

from __future__ import annotations

from decimal import Decimal

import requests

from connector.ledger.people import discard
from connector.ledger.session import transaction
from connector.m3.calls import Call
from connector.m3.programs import order_changes
from connector.m3.programs.ois100mi import LineKey
from tests.harness import STORE
from tests.integration.flows.order_changes.desk import Desk


def tell_m3(desk: Desk, program: str, transaction: str, **record: str) -> None:
    """Does what a person does in M3."""
    ionapi = requests.get(f"{desk.story.sandbox.m3_url}/_control/ionapi", timeout=60).json()
    token = requests.post(
        ionapi["pu"] + ionapi["ot"],
        data={"grant_type": "password", "username": ionapi["saak"], "password": ionapi["sask"]},
        auth=(ionapi["ci"], ionapi["cs"]),
        timeout=60,
    ).json()["access_token"]
    answer = requests.post(
        f"{ionapi['iu']}/{ionapi['ti']}/M3/m3api-rest/v2/execute",
        json={
            "program": program,
            "cono": 1,
            "divi": "AAA",
            "transactions": [{"transaction": transaction, "record": record}],
        },
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert answer.json()["nrOfFailedTransactions"] == 0, answer.text


def write(desk: Desk, call: Call) -> None:
    """Does in M3 what the call says, past the connector."""
    desk.story.connector.process.runtime.store(STORE).m3.write([call])[0].require()


def change_by_person(desk: Desk, quantity: int, *, line: int = 1) -> None:
    """Has a person in M3 change the quantity of a line."""
    write(desk, order_changes.change_quantity(desk.held["orno"], LineKey(str(line)), quantity=Decimal(quantity)))


def change_price(desk: Desk, line: str, fields: dict[str, str]) -> None:
    """Has a person in M3 change price or discounts of a line."""
    write(desk, order_changes.change_price(desk.held["orno"], LineKey(line), fields))


def write_text(desk: Desk, text: str) -> None:
    """Does what a person does in OIS300."""
    keys = {"FILE": "OOHEAD", "KFLD": desk.held["orno"], "FLDN": "OAPRTX", "TXVR": "WEB1"}
    tell_m3(desk, "OIS100MI", "AddText", **keys, TEXT=text)


def discard_it(desk: Desk) -> None:
    """Has a person settle the order's exchange."""
    with transaction(desk.story.connector.engine) as connection:
        discard(connection, desk.story.exchange()["id"], who="test", why="done by hand")
