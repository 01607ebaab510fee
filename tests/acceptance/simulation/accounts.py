"""People with an account: they come, move, order, and are erased; M3's people change their customers. Rules of machine.py."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.shop.entities import Customer
from tests.acceptance.simulation.buyers import Buyers
from tests.acceptance.simulation.days import SOME, step
from tests.acceptance.simulation.world import M3, SHOP

PEOPLE = ("ana", "iva", "leo")
CHANGES = ("moves", "moves", "calls from another phone", "has goods sent elsewhere", "has goods sent home")
IN_M3 = ("phone", "terms")
OF_ORDERS = {"address_1": "Ilica 1", "city": "Zagreb", "postcode": "10000", "country": "HR", "state": "HR-21"}
"""Where orders are billed: never where an account says that its owner lives, so that an order is no trace of it."""
PHONE = "091 111 111"
NOWHERE = dict.fromkeys(("first_name", "last_name", "address_1", "city", "postcode", "country", "state"), "")


class Accounts(Buyers):
    """The rules about accounts."""

    @precondition(lambda self: self.world.sort.follows_accounts)
    @rule(who=st.sampled_from(PEOPLE), arrives=st.booleans())
    @step
    def open_account(self, who: str, arrives: bool) -> None:
        """Somebody opens an account, perhaps anew after it was deleted."""
        email, street = f"{who}@example.com", self.history.accounts.new_street()
        if any(one.email == email for one in self._accounts()):
            return
        made = self.world.control(SHOP, "customers", deliver="now", email=email, billing=_home(email, street))
        self.history.accounts.lives(made["id"], street)
        self.tell(f"{who} opens account {made['id']} in {street}.")
        if arrives:
            self.deliver_all()

    @precondition(lambda self: self._accounts())
    @rule(which=SOME, what=st.sampled_from(CHANGES), amount=st.integers(0, 9), arrives=st.booleans())
    @step
    def change_account(self, which: int, what: str, amount: int, arrives: bool) -> None:
        """Somebody changes the account; one that was emptied gets an address again."""
        account, street = self._account(which), self.history.accounts.new_street()
        if account.id in self.history.accounts.erased:
            what = "comes back"
        self.history.accounts.lives(account.id, street)
        body = _changed(account.email, what, street, amount)
        self._change_account(account, arrives, f"The owner of account {account.id} {what} ({street}).", body)

    @precondition(lambda self: self._accounts())
    @rule(which=SOME, arrives=st.booleans())
    @step
    def order_with_account(self, which: int, arrives: bool) -> None:
        """Somebody with an account orders."""
        account = self._account(which)
        if account.id in self.history.accounts.erased:
            return
        billing = {**OF_ORDERS, **_name(account.email), "phone": PHONE, "email": account.email}
        cart = {"customer_id": account.id, "billing": billing, "lines": [{"sku": "MUG-001", "quantity": 1}]}
        shown = self.world.control(SHOP, "orders", **cart, status="processing", payment_method="stripe", deliver="now")
        self._note(shown["id"])
        self.tell(f"The owner of account {account.id} places order {shown['id']}.")
        if arrives:
            self.deliver_all()

    @precondition(lambda self: self._accounts())
    @rule(which=SOME, how=st.sampled_from(("erase", "delete")), arrives=st.booleans())
    @step
    def erase_account(self, which: int, how: str, arrives: bool) -> None:
        """An account is emptied by the shop's eraser, or deleted."""
        account = self._account(which)
        self.history.accounts.erase(account.id)
        self._change_account(account, arrives, f"The shop: {how} account {account.id}.", {"action": how})

    @precondition(lambda self: self.world.sort.follows_accounts and self._customers())
    @rule(which=SOME, what=st.sampled_from(IN_M3), amount=st.integers(0, 9))
    @step
    def change_customer_in_m3(self, which: int, what: str, amount: int) -> None:
        """M3's people change what M3 is the master of."""
        numbers = self._customers()
        number = numbers[which % len(numbers)]
        change = {"PHNO": f"01 777 00{amount}"} if what == "phone" else {"TEPY": f"0{amount}0"}
        self.world.control(M3, f"customers/{number}", **change)
        self.tell(f"M3: {what} {amount} of customer {number}.")

    def _accounts(self) -> list[Customer]:
        known = self.history.accounts.streets
        return [one for one in self.world.shop.customers.values() if one.id in known]

    def _account(self, which: int) -> Customer:
        accounts = self._accounts()
        return accounts[which % len(accounts)]

    def _customers(self) -> list[str]:
        return [one.cuno for one in self.world.site.state.customers.values() if one.created_by_call]

    def _change_account(self, account: Customer, arrives: bool, sentence: str, body: dict[str, Any]) -> None:
        self.world.control(SHOP, "customers", id=account.id, deliver="now", **body)
        self.tell(sentence)
        if arrives:
            self.deliver_all()


def _changed(email: str, what: str, street: str, amount: int) -> dict[str, Any]:
    """Returns what of an account is sent to the shop."""
    if what == "comes back":
        return {"billing": _home(email, street)}
    if what == "moves":
        return {"billing": {"address_1": street}}
    if what == "calls from another phone":
        return {"billing": {"phone": f"091 000 00{amount}"}}
    return {"shipping": _place(email, street) if what == "has goods sent elsewhere" else NOWHERE}


def _home(email: str, street: str) -> dict[str, str]:
    return {**_place(email, street), "phone": PHONE, "email": email}


def _place(email: str, street: str) -> dict[str, str]:
    return {**OF_ORDERS, **_name(email), "address_1": street}


def _name(email: str) -> dict[str, str]:
    return {"first_name": email.partition("@")[0].title(), "last_name": "Horvat"}
