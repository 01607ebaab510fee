"""Nothing the connector keeps holds a piece of somebody the shop has erased, whatever their orders went through before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.flows.customers.poll import ask_for_customers
from connector.m3.programs import order_changes
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.customers import traces
from tests.integration.flows.customers.desk import GOOD_VAT, VAT_KEY
from tests.integration.flows.customers.shown import publishing
from tests.integration.flows.refunds.desk import Desk
from tests.integration.flows.story import deliver, quick_store

EMPTIED = {
    **dict.fromkeys(("first_name", "last_name", "company", "address_1", "address_2", "city", "postcode"), "[deleted]"),
    **{"country": "", "state": "", "email": "deleted@site.invalid", "phone": "000-000-0000"},
}
ELSEWHERE = {**traces.WHO, "address_1": f"{traces.STREET} 18"}


class Life(Desk):
    """What somebody does in a shop, and how the shop forgets them."""

    def __init__(self, connector: Connector, file: str | None = None) -> None:
        super().__init__(connector, guests="common")
        connector.configure(file or publishing())
        self.bought: list[dict[str, Any]] = []
        self.account: dict[str, Any] | None = None

    def buy(self, **order: Any) -> dict[str, Any]:
        """Places an order and carries it as far as it goes."""
        who = {"customer_id": self.account["id"]} if self.account else {}
        placed = self.place(**{"billing": traces.WHO, "customer_note": traces.NOTE, **who, **order})
        self.bought.append(placed)
        self.go_on()
        return placed

    def place_only(self) -> dict[str, Any]:
        """Places an order and carries nothing yet."""
        placed = self.place(billing=traces.WHO, customer_note=traces.NOTE)
        self.bought.append(placed)
        return placed

    def alter(self, order: dict[str, Any], **changes: Any) -> None:
        """Changes an order and lets the connector follow."""
        self.change(order, **changes)
        self.go_on()

    def sign_up(self, **fields: Any) -> None:
        """Makes an account."""
        url = f"{self.sandbox.shop_url}/_control/customers"
        content = {"deliver": "never", "email": traces.EMAIL, "billing": traces.WHO, **fields}
        self.account = self.sandbox.post(url, content)

    def change_account(self, **fields: Any) -> None:
        """Changes the account and has it looked at."""
        assert self.account is not None
        url = f"{self.sandbox.shop_url}/_control/customers"
        self.sandbox.post(url, {"deliver": "never", "id": self.account["id"], **fields})
        ask_for_customers(self.connector.engine, STORE, customer_ids=[self.account["id"]])
        self.go_on()

    def is_erased(self) -> None:
        """Has the shop erase all of it, as WordPress' eraser does, and lets the connector see to it."""
        self.end_faults()
        for order in self.bought:
            meta = [{"key": "_anonymized", "value": "yes"}]
            self.change(order, billing=EMPTIED, shipping=EMPTIED, customer_note="", meta_data=meta)
        if self.account is not None:
            self.change_account(action="delete")
        self.go_on()


def posted_and_given_back(life: Life) -> None:
    life.sign_up(meta_data=[{"key": VAT_KEY, "value": GOOD_VAT}])
    order = life.buy()
    life.alter(order, customer_note=f"{traces.NOTE} na {traces.STREET}")
    life.advance(order, "77")
    life.give_back(order, 0, 1, reason=f"{traces.NAME} ne treba")
    life.go_on()


def other_address(life: Life) -> None:
    order = life.buy()
    life.alter(order, billing=ELSEWHERE)


def other_address_settled(life: Life) -> None:
    other_address(life)
    life.discard()
    life.go_on()


def ordered_alone(life: Life) -> None:
    life.buy()


def held(life: Life) -> None:
    life.sell_in_m3("MUG-001", is_sold=False)
    life.buy()


def held_and_discarded(life: Life) -> None:
    held(life)
    life.discard(entered_as="0000099001")
    life.alter(life.bought[0], billing=ELSEWHERE)


def left_out(life: Life) -> None:
    life.buy(status="on-hold")


def given_up_in_m3(life: Life) -> None:
    life.m3_fault("OIS100MI/AddBatchLine", "nok")
    life.buy()
    life.end_faults()


def in_error_in_m3(life: Life) -> None:
    life.m3_fault("OIS100MI/Confirm", "confirm_status", status="15")
    life.buy()


def note_on_its_way(life: Life) -> None:
    order = life.buy()
    life.m3_fault("OIS100MI/AddText", "drop_after_commit")
    life.change(order, customer_note=f"{traces.NOTE}!")
    life.connector.drain()


def note_another_changed_in_m3(life: Life) -> None:
    order = life.buy()
    life.alter(order, customer_note=f"{traces.NOTE}!")
    store = life.connector.process.runtime.store(STORE)
    number = life.order_of(order)["orno"]
    store.m3.write([order_changes.write_text(number, block="WEB1", text=f"Zvati {traces.NAME}")])[0].require()
    life.alter(order, customer_note=f"{traces.NOTE}?")


def confirm_lost(life: Life) -> None:
    life.m3_fault("OIS100MI/Confirm", "drop_before_commit")
    life.place_only()
    life.connector.drain()


def head_lost(life: Life) -> None:
    life.m3_fault("OIS100MI/AddBatchHead", "drop_after_commit")
    life.place_only()
    life.connector.drain()


def account_that_waits(life: Life) -> None:
    life.sign_up(billing={**traces.WHO, "address_2": "Stan 4"})
    life.buy()
    life.change_account(billing={"address_2": ""})


def account_on_its_way(life: Life) -> None:
    life.sign_up()
    life.buy()
    life.m3_fault("CRS610MI/ChgBasicData", "drop_after_commit")
    life.change_account(billing={"phone": "01 222 333"})


def customer_refused(life: Life) -> None:
    life.sign_up()
    life.m3_fault("CRS610MI/Add", "nok")
    life.buy()


LIVES: dict[Callable[[Life], None], str] = {
    posted_and_given_back: "done",
    other_address: "dead_letter",
    other_address_settled: "done",
    ordered_alone: "done",
    held: "dead_letter",
    held_and_discarded: "dead_letter",
    left_out: "done",
    given_up_in_m3: "dead_letter",
    in_error_in_m3: "dead_letter",
    note_on_its_way: "waiting",
    note_another_changed_in_m3: "dead_letter",
    confirm_lost: "waiting",
    head_lost: "waiting",
    account_that_waits: "done",
    account_on_its_way: "done",
    customer_refused: "blocked",
}
"""What happened, and how the order stood when the buyer was erased."""


@pytest.mark.parametrize("live", LIVES)
def test_nobody_is_left_who_was_erased(
    connector: Connector, live: Callable[[Life], None], capfd: pytest.CaptureFixture[str]
) -> None:
    life = Life(connector)
    live(life)
    assert life.exchange()["state"] == LIVES[live]
    assert traces.in_ledger(connector)

    life.is_erased()

    assert traces.in_ledger(connector) == []
    assert traces.in_valkey(connector) == []
    assert list(traces.traces("".join(capfd.readouterr()))) == []


@pytest.mark.parametrize("live", [ordered_alone, given_up_in_m3, held])
def test_nobody_is_left_whose_order_is_an_invoice(connector: Connector, live: Callable[[Life], None]) -> None:
    life = Life(connector, invoicing())
    live(life)
    assert traces.in_ledger(connector)

    life.is_erased()

    assert traces.in_ledger(connector) == []


def cancelled(life: Life) -> None:
    order = life.buy()
    life.alter(order, status="cancelled")


@pytest.mark.parametrize("live", [cancelled, posted_and_given_back, other_address, in_error_in_m3, held, left_out])
def test_an_order_that_is_deleted_for_good_takes_its_buyer_with_it(
    connector: Connector, live: Callable[[Life], None]
) -> None:
    life = Life(connector)
    live(life)
    url = f"{life.sandbox.shop_url}/_control/orders/{life.bought[0]['id']}"
    life.sandbox.post(url, {"deliver": "never", "action": "delete"})

    connector.ask(life.bought[0]["id"])
    life.go_on()

    of_orders = (
        "SELECT d.plan, x.body FROM exchange e LEFT JOIN document d ON d.exchange_id = e.id"
        " LEFT JOIN delivery x ON x.exchange_id = e.id WHERE e.flow IN ('orders_to_m3', 'refunds_to_m3')"
    )
    assert [trace for row in connector.rows(of_orders) for one in row.values() for trace in traces.traces(one)] == []


def test_late_news_of_before_an_erasure_leave_nothing(connector: Connector) -> None:
    life = Life(connector)
    before = life.buy()
    life.is_erased()

    deliver(connector, "order.updated", before)
    life.go_on()

    assert traces.in_ledger(connector) == []
    assert life.exchange()["state"] == "done"


def test_accounts_that_are_not_followed_are_not_kept(connector: Connector) -> None:
    life = Life(connector, quick_store())
    life.sign_up()
    assert life.account is not None

    deliver(connector, "customer.updated", life.account)
    life.go_on()

    assert traces.in_ledger(connector) == []
