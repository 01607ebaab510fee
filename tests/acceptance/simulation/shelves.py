"""What happens to goods: changes in M3, heard of or not, buyers, changes by the shop's staff. Rules of machine.py."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.m3.events.courier import Answered
from sandbox.m3.events.message import Message as Told
from tests.acceptance.simulation.buyers import Buyers
from tests.acceptance.simulation.days import SOME, step
from tests.acceptance.simulation.goods import ENDED, MUG, NEW, PRICE, SOLD, UNITS, VARIANTS
from tests.acceptance.simulation.sorts import Sort
from tests.acceptance.simulation.world import M3, SHOP

IN_M3 = ("name", "price", "receipt", "sold elsewhere", "counted", "counted", "ended", "sold again")
MOVED = ("receipt", "sold elsewhere", "counted")
BY_STAFF = ("name", "price", "stock", "description")
BUYER = {
    **{"first_name": "Iva", "last_name": "Horvat", "email": "iva.horvat@example.com", "address_1": "Ilica 1"},
    **{"city": "Zagreb", "postcode": "10000", "country": "HR"},
}
SENT_AT_MOST = 5
"""Times a message is sent that the receiver asks for again (503), as it does when a statement of the ledger took too long."""

_IS_KNOWN = "SELECT 1 FROM product WHERE item_number = :item"
"""What was changed in the shop before a product was known as an item stays there (docs/products.md)."""


class Shelves(Buyers):
    """The rules about goods."""

    @precondition(lambda self: self.world.sort is Sort.ISSUES_SHOWN and self.history.versions)
    @rule(what=st.sampled_from(MOVED), amount=st.integers(0, 9))
    @step
    def move_in_m3(self, what: str, amount: int) -> None:
        """M3 moves mugs for reasons of its own, and tells nobody."""
        address, change = _in_m3(what, amount)
        self.world.control(M3, address, content=[{"itno": MUG, **change}])
        self.tell(f"M3: {MUG}: {what} {amount}.")

    @precondition(lambda self: self.world.sort.shows_goods)
    @rule(which=SOME, what=st.sampled_from(IN_M3), amount=st.integers(0, 9))
    @step
    def change_in_m3(self, which: int, what: str, amount: int) -> None:
        """M3 changes an item, its price or its balance, or has a new item; who hears of it is another matter."""
        item = SOLD[which % len(SOLD)]
        if item not in self.world.site.state.items:
            what = "new"
            content = {"itno": NEW, "name": "New pot", "list_price": PRICE, "on_hand": UNITS}
            self.world.control(M3, "items", content=[content])
        else:
            address, change = _in_m3(what, amount)
            self.world.control(M3, address, content=[{"itno": item, **change}])
        self.history.goods.note(self.world.site)
        self.tell(f"M3: {item}: {what} {amount}.")

    @precondition(lambda self: self.news)
    @rule(
        which=SOME,
        fate=st.sampled_from(("arrives", "arrives twice", "arrives, and again later", "is lost", "is garbled")),
    )
    @step
    def hear(self, which: int, fate: str) -> None:
        """A message of M3 arrives, in any order, twice, late, spoilt, or never."""
        told = self.news.pop(which % len(self.news))
        self.tally.faults[f"message of M3 {fate}"] += fate != "arrives"
        self.tell(f"A message of M3 ({told.name}) {fate}.")
        if fate == "is garbled":
            self._hear_half(told)
        elif fate != "is lost":
            for _ in range(2 if fate == "arrives twice" else 1):
                self._hear(told)
        if fate == "arrives, and again later":
            self.news.append(told)

    @precondition(lambda self: self.news)
    @rule()
    @step
    def hear_all(self) -> None:
        """All messages of M3 arrive as they should."""
        news, self.news = self.news, []
        for told in news:
            self._hear(told)
        self.tell(f"{len(news)} messages of M3 arrive.")

    @precondition(lambda self: self.world.sort.shows_goods)
    @rule(which=SOME, what=st.sampled_from(BY_STAFF), amount=st.integers(0, 9), arrives=st.booleans())
    @step
    def change_by_hand(self, which: int, what: str, amount: int, arrives: bool) -> None:
        """The shop's staff change a product; its deliveries arrive at once, or wait."""
        item = SOLD[which % len(SOLD)]
        product = self.world.shop.product_by_sku(item)
        change = _by_staff(what, amount)
        if product is None or (what == "name" and item in VARIANTS):
            return
        if what == "stock":
            self.history.goods.counted_by_hand[item] += product.stock_quantity != amount
        elif what == "description" and self.world.rows(_IS_KNOWN, item=item):
            self.history.goods.described[item] = str(change["description"])
        self.world.control(SHOP, "products", sku=item, deliver="now", **change)
        self.tell(f"The staff change {item}: {change}.")
        if arrives:
            self.deliver_all()

    @precondition(lambda self: self.world.sort.shows_goods)
    @rule(which=SOME, units=st.integers(1, 4), is_paid=st.booleans(), arrives=st.booleans())
    @step
    def buy(self, which: int, units: int, is_paid: bool, arrives: bool) -> None:
        """A buyer takes units of an item, if the shop shows so many."""
        item = SOLD[which % len(SOLD)]
        product = self.world.shop.product_by_sku(item)
        if product is None or product.status != "publish" or (product.stock_quantity or 0) < units:
            return
        cart = {"billing": BUYER, "lines": [{"sku": item, "quantity": units}]}
        status = "processing" if is_paid else "on-hold"
        shown = self.world.control(SHOP, "orders", **cart, status=status, payment_method="stripe", deliver="now")
        self._note(shown["id"])
        self.tally.goods["units bought"] += units
        self.tell(f"A buyer takes {units} of {item}: order {shown['id']}, {status}.")
        if arrives:
            self.deliver_all()

    def _hear_half(self, told: Told) -> None:
        """A document cut in half is stored and waits for a person; an event's body is its own envelope, and is refused."""
        half = replace(told, payload=told.payload[: len(told.payload) // 2])
        self.history.goods.garbled += told.is_bod
        self._hear(half, Answered.ACCEPTED if told.is_bod else Answered.REFUSED)

    def _hear(self, told: Told, expected: Answered = Answered.ACCEPTED) -> None:
        answers = [self.world.news.deliver(told)]
        while answers[-1] is Answered.TRY_AGAIN and len(answers) < SENT_AT_MOST:
            answers.append(self.world.news.deliver(told))
        assert answers[-1] is expected, f"{told.name} of {len(told.payload)} bytes was answered {answers}"


def _in_m3(what: str, amount: int) -> tuple[str, dict[str, Any]]:
    """Returns the address at M3's control side and what is sent there besides the item number."""
    if what == "name":
        return "items", {"name": f"A pot of {amount} litres"}
    if what in ("ended", "sold again"):
        return "items", {"status": ENDED if what == "ended" else "20"}
    if what == "price":
        return "prices", {"sapr": str(amount * Decimal("1.25"))}
    if what == "counted":
        return "stock", {"on_hand": str(amount * 3)}
    return "stock", {"add": str(amount if what == "receipt" else -amount)}


def _by_staff(what: str, amount: int) -> dict[str, object]:
    """Returns what of a product the staff change, never to a value M3 has."""
    if what == "stock":
        return {"stock_quantity": amount}
    if what == "price":
        return {"regular_price": f"{amount + 100}.00"}
    return {what: f"By hand {amount}"}
