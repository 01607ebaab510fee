"""Whatever happens in which order: paid, invoiced, given back; both ways of paying invoices end in the same books."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from connector.ledger.dispatch import revive_dead_letters
from connector.ledger.session import transaction
from connector.m3.programs import order_changes
from connector.m3.programs.ois100mi import LineKey
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import (
    PAYMENTS,
    SETTLE,
    CountingHouse,
    invoicing,
    paying,
    sums_of,
)
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG, part_of

ZERO = Decimal(0)
CLEARING, PREPAYMENTS = "1930", "2420"
REFUNDS = ("mug by the gateway", "money by the gateway", "mug by hand")
PICKED, CLOSED = "other mug picked", "other mug closed in M3, and given back by hand"
EVENTS = (*REFUNDS, "paid", PICKED, CLOSED, "invoice")
BEFORE_PAID = ("mug by hand", "mug by the gateway", "paid", "money by the gateway", CLOSED, PICKED, "invoice")
"""A refund from before the order was paid, and one of a closed line that is settled before an earlier one is credited."""
PAID_OTHERWISE = "the store file names the other way of paying invoices"
LAST_MUG = "last mug by the gateway"
OTHER_LEFT = (PICKED, "paid", "mug by the gateway", "mug by hand", LAST_MUG, "invoice", "money by the gateway")
"""A whole line given back beside one that M3 picks: the rounding of what is left is another one then."""
WAYS = ("prepayment", "clearing")
few = settings(
    max_examples=int(os.environ.get("MONEY_EXAMPLES", "3")),
    phases=[Phase.explicit, Phase.generate],
)


class Life:
    """One order that is paid on delivery, and what the accounts of it come to."""

    def __init__(self, connector: Connector, *, against: str, is_direct: bool = False) -> None:
        self.house = CountingHouse(connector)
        self.rounding = ZERO
        self.against = against
        payments = {**PAYMENTS, "settle": {**SETTLE, "against": against}}
        as_invoice = invoicing(invoices={"credit_prefix": "W1C-"}, payments=payments)
        connector.configure(as_invoice if is_direct else paying(payments=payments))
        self.house.start_anew()
        self.house.end_faults()
        connector.forget()
        self.order = self.house.place(payment_method="cod")
        self.go_on()

    def go_on(self, *, rounds: int = 1) -> None:
        """Lets everything go on, and M3's people do what is theirs: invoice what came back, post payment batches."""
        for _ in range(rounds):
            self.house.connector.pass_time(901)
            with transaction(self.house.connector.engine) as connection:
                revive_dead_letters(connection)
            self.house.connector.drain()
            for one in self.house.sandbox.m3_book()["returns"]:
                self.house.sandbox.advance(one["orno"], "77")
            self.house.update_payments()

    def after(self, events: Iterable[str]) -> dict[str, Any]:
        """Has all of that happen, lets it come to rest and returns what is wrong then."""
        for event in events:
            self.happen(event)
        self.go_on(rounds=4)
        return self.complaints()

    def happen(self, event: str) -> None:
        if event == "paid":
            self.house.change(self.order, status="completed")
        elif event == "invoice":
            self.house.sandbox.advance(self._held["orno"], "77")
        elif event == PICKED:
            self._pick()
        elif event == PAID_OTHERWISE:
            self._pay_otherwise()
        elif event in (*REFUNDS, LAST_MUG):
            self._refund(event)
        else:
            self._close()
        self.go_on()

    def _pay_otherwise(self) -> None:
        (self.against,) = (one for one in WAYS if one != self.against)
        self.house.connector.configure(paying(payments={"settle": {**SETTLE, "against": self.against}}))

    def _refund(self, event: str) -> None:
        if event == "money by the gateway":
            self.house.change(self.order, refund={"amount": "2.50", "paid_back": True})
            return
        self._give_back(MUG, paid_back=event != "mug by hand")

    def _give_back(self, line: int, *, paid_back: bool) -> None:
        mug = part_of(self.order["line_items"][line], 1)
        self.house.change(self.order, refund={"line_items": [mug], "api_restock": False, "paid_back": paid_back})

    @property
    def _held(self) -> dict[str, Any]:
        (held,) = self.house.orders()
        return held

    @property
    def _is_other_mug_open(self) -> bool:
        """Whether M3 has neither picked nor invoiced nor closed it."""
        return any(line["ponr"] == 2 and line["stat"] < "44" for line in self._held["lines"])

    def _pick(self) -> None:
        if self._is_other_mug_open:
            self.house.sandbox.advance(self._held["orno"], "44", lines=[{"ponr": 2}])

    def _close(self) -> None:
        if self._is_other_mug_open:
            self.rounding = Decimal("0.01")  # that the order had for its lines; whoever closes one in M3 leaves it
            store = self.house.connector.process.runtime.store(STORE)
            store.m3.write([order_changes.close_line(self._held["orno"], LineKey("2"), reason="")])
            self._give_back(OTHER_MUG, paid_back=False)

    def refunded(self, *, by_gateway: bool | None = None) -> Decimal:
        """Returns what the shop says was given back: in all, or by the gateway, or by hand."""
        shop = self.house.connector.process.runtime.store(STORE).shop
        rows = shop.refunds.of_order(self.order["id"])
        wanted = [one for one in rows if by_gateway in (None, one["refunded_payment"])]
        return sum((Decimal(one["amount"]) for one in wanted), ZERO)

    def balances(self) -> dict[str, Decimal]:
        """Returns the balance of each account, and under `open` what is open of invoices and credits."""
        book = self.house.sandbox.m3_book()
        sums: dict[str, Decimal] = {}
        for journal in book["journals"]:
            for account, amount in sums_of(journal).items():
                sums[account] = sums.get(account, ZERO) + amount
        amounts = [(Decimal(one["amount"]), Decimal(one["paid"])) for one in book["invoices"]]
        sums["sold"] = sum((amount for amount, _ in amounts), ZERO)
        sums["open"] = sum((amount - paid for amount, paid in amounts), ZERO)
        return sums

    def complaints(self) -> dict[str, Any]:
        """Returns what is otherwise than the final state of the shop says."""
        held, total = self.balances(), Decimal(self.order["total"])
        wanted = {
            "sold": (held["sold"], total - self.refunded()),
            "the gateway owes us": (held.get(CLEARING, ZERO), total - self.refunded(by_gateway=True)),
            "we owe the buyer": (held.get(PREPAYMENTS, ZERO) + held["open"], -self.refunded(by_gateway=False)),
        }
        states = self.house.connector.rows("SELECT flow, state, reason FROM exchange WHERE state <> 'done'")
        limits = dict.fromkeys(wanted, self.rounding) | {"the gateway owes us": ZERO}
        wrong = {what: pair for what, pair in wanted.items() if abs(pair[0] - pair[1]) > limits[what]}
        return wrong | ({"states": states} if states else {})


@few
@given(events=st.permutations(EVENTS))
@example(events=BEFORE_PAID)
@pytest.mark.parametrize("against", WAYS)
def test_any_order_of_events_ends_in_the_same_books(connector: Connector, against: str, events: Sequence[str]) -> None:
    life = Life(connector, against=against)

    assert life.after(events) == {}


@few
@given(events=st.permutations(OTHER_LEFT))
@example(events=OTHER_LEFT)
@pytest.mark.parametrize("against", WAYS)
def test_whole_line_given_back_beside_one_that_is_picked_loses_no_cent(
    connector: Connector, against: str, events: Sequence[str]
) -> None:
    life = Life(connector, against=against)

    assert (life.after(events), life.rounding) == ({}, ZERO)


@few
@given(events=st.permutations((*REFUNDS, "paid")))
@pytest.mark.parametrize("against", WAYS)
def test_direct_invoices_end_in_the_same_books(connector: Connector, against: str, events: Sequence[str]) -> None:
    life = Life(connector, against=against, is_direct=True)

    assert life.after(events) == {}


def is_paid_before_a_gateway_pays_back(events: Sequence[str]) -> bool:
    return events.index("paid") < min(place for place, one in enumerate(events) if one.endswith("by the gateway"))


@few
@given(events=st.permutations((*REFUNDS, "paid", "invoice", PAID_OTHERWISE)).filter(is_paid_before_a_gateway_pays_back))
@example(events=("paid", PAID_OTHERWISE, "invoice", *REFUNDS))
@example(events=("paid", "invoice", PAID_OTHERWISE, *REFUNDS))
@example(events=("paid", *REFUNDS, PAID_OTHERWISE, "invoice"))
@pytest.mark.parametrize("against", WAYS)
def test_a_change_of_how_invoices_are_paid_ends_in_the_same_books(
    connector: Connector, against: str, events: Sequence[str]
) -> None:
    life = Life(connector, against=against)

    assert life.after(events) == {}
