"""Buyers give something back of what was just sold, whose payment the books hold. Rules of machine.py."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.acceptance.simulation.buyers import KINDS
from tests.acceptance.simulation.days import step
from tests.acceptance.simulation.refunds import PARTS, Refunds
from tests.acceptance.simulation.rest import work_off
from tests.acceptance.simulation.sent_by_m3 import INVOICED
from tests.acceptance.simulation.warehouse import ENOUGH, Warehouse

NEWEST = -1


class PaidBack(Refunds, Warehouse):
    """The rules about orders that are paid in the books."""

    @rule(
        kind=st.sampled_from(KINDS),
        what=st.sampled_from(PARTS),
        paid_back=st.booleans(),
        restocks=st.booleans(),
        is_invoiced=st.booleans(),
    )
    @step
    def sell_and_take_back(self, kind: str, what: str, paid_back: bool, restocks: bool, is_invoiced: bool) -> None:
        """A buyer places an order, the pools run, M3 invoices what it has or not, and something of the order is given back."""
        self.place(kind=kind, arrives=True)
        work_off(self.world, most=ENOUGH)
        if is_invoiced:
            self.deliver_in_m3(which=0, to=INVOICED, all_of_them=True)
        self.give_back(which=NEWEST, what=what, paid_back=paid_back, restocks=restocks, arrives=True)
