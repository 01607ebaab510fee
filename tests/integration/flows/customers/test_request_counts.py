"""How many requests changed customers cost M3 and the shop; bench/customers.py counts them for two hundred at once."""

from __future__ import annotations

from tests.harness import Connector
from tests.integration.flows.customers.desk import Desk
from tests.integration.flows.customers.shown import Shown


def requests(desk: Desk) -> int:
    """Returns how many requests M3 got so far."""
    return int(desk.sandbox.m3_book()["http_calls"])


def test_a_changed_account_takes_a_look_a_write_and_a_proof(connector: Connector) -> None:
    desk = Desk(connector)
    account = desk.known()
    desk.change(account, billing={"phone": "01 999 888"})
    before = requests(desk)

    desk.look(account)

    assert desk.customer()["fields"]["PHNO"] == "01 999 888"
    assert requests(desk) == before + 3


def test_customers_changed_in_m3_are_read_together(connector: Connector) -> None:
    desk = Shown(connector)
    for number in range(4):
        desk.order(desk.account(email=f"a{number}@example.com"))
    numbers = [made["cuno"] for made in desk.customers()]
    for number in numbers:
        desk.in_m3(number, TEPY="030")
    before = requests(desk)

    desk.carry(*numbers)

    assert requests(desk) == before + 1
