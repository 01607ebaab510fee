"""The lives of orders and accounts once orders are sold: changed, delivered in parts, invoiced, given back. Called by the story."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from demo import handling, sights
from demo.acts import Act, Deed, Sight
from demo.books import Books, Row
from demo.handling import DELIVERED, NOTE, Request
from demo.sights import INVOICED
from demo.stage import Stage
from demo.stores import DIRECT

REFUNDED: Request = {"status": "refunded"}
Change = Callable[[Row], Request]
"""Makes a request out of what one side holds of an order."""
Given = tuple[Row | None, str, Change]
"""An order, what is done to it in words, and the request that does it."""
Known = tuple[Row | None, str, Change, Callable[[Books, Row], Sight]]
"""The same of the account an order was placed with, and how the books show it."""


class Drawer:
    """The orders the buyers placed, taken out kind by kind, each once; the first placed first."""

    def __init__(self, orders: Mapping[int, tuple[str, Row]]) -> None:
        """Takes kind and answer of the shop by order id."""
        self._orders = dict(sorted(orders.items()))

    def take(self, *kinds: str, lines: int = 1, is_paid: bool | None = None) -> Row | None:
        """Returns an order of the first of these kinds that has one with so many lines, paid or unpaid if asked for; or None."""
        for kind in kinds:
            for order_id, (own, order) in self._orders.items():
                is_right = is_paid in (None, bool(order["date_paid_gmt"]))
                if own == kind and len(order["line_items"]) >= lines and is_right:
                    del self._orders[order_id]
                    return order
        return None


@dataclass(frozen=True)
class Hands:
    """What people do in both systems."""

    stage: Stage

    def change(self, order: Row, change: Change) -> None:
        """Changes an order in the shop's administration."""
        self.stage.shop.control(f"orders/{order['id']}", dict(change(order)))

    def refund(self, order: Row, refund: Change) -> None:
        """Gives money back in the shop."""
        self.stage.shop.control(f"orders/{order['id']}", {"refund": dict(refund(order))})

    def credit(self, order: Row, refund: Change) -> None:
        """Gives money back in the second shop."""
        self.stage.direct.control(f"orders/{order['id']}", {"refund": dict(refund(order))})

    def change_account(self, order: Row, change: Change) -> None:
        """Changes the account an order was placed with, as its owner does in the shop."""
        self.stage.shop.control("customers", {"id": order["customer_id"], **change(order)})

    def change_customer(self, order: Row, change: Change) -> None:
        """Changes the customer M3 has the order of, as M3's people do."""
        customer = Books(self.stage.shop.book(), self.stage.m3.book()).customer(order)
        if customer is not None:
            self.stage.m3.control(f"customers/{customer['cuno']}", dict(change(order)))

    def deliver(self, order: Row, parcel: Change) -> None:
        """Lets M3's warehouse take a part of an order further."""
        sale = Books(self.stage.shop.book(), self.stage.m3.book()).sale(int(order["id"]))
        if sale is not None:
            self.stage.m3.control(f"orders/{sale['orno']}/advance", dict(parcel(sale)))

    def advance_all(self, status: str) -> None:
        """Lets warehouse and invoicing take every order of M3 up to a status."""
        self.stage.m3.control("orders/advance", {"to": status})


def second_thoughts(hands: Hands, drawer: Drawer) -> Act:
    """Buyers and staff change orders M3 has already, none of them paid yet, and give money back before anything is picked."""
    take, take_any = partial(drawer.take, is_paid=False), drawer.take
    again = take("registered", "guest")
    changed: list[Given] = [
        (take("guest"), "twice as many of the first line", handling.twice_the_first),
        (take("registered"), "a mug more", lambda _: handling.ONE_MUG),
        (take("two_tax_rates", lines=2), "the last line taken off", handling.without_the_last),
        (take("usd"), "gift wrap for 4.00", lambda _: handling.GIFT_WRAP),
        (take("guest"), "a tenth off the price of a line", handling.first_a_tenth_cheaper),
    ]
    ended: list[Given] = [
        (take("guest"), "cancelled", lambda _: {"status": "cancelled"}),
        (take("registered"), "put into the trash", lambda _: {"action": "trash"}),
        (again, "cancelled", lambda _: {"status": "cancelled"}),
    ]
    with_note: list[Given] = [(take("guest"), f'a note: "{NOTE}"', lambda _: {"customer_note": NOTE})]
    given: list[Given] = [
        (take_any("same_sku_two_lines", "guest"), "a piece given back before picking", handling.piece_restocked),
        (take_any("fee_negative"), "a piece and the shipping, before picking", handling.piece_and_shipping),
    ]
    wholly: list[Given] = [(take_any("long_address"), "set to refunded before picking", lambda _: REFUNDED)]
    confirmed: list[Given] = [(again, "confirmed again: the same order", lambda _: {"status": "processing"})]
    return Act(
        "Second thoughts: changed in the shop after M3 had them",
        "Orders M3 has already are changed, cancelled, given back. Below picking M3 follows, line by line, to the cent.",
        (
            (
                *_deeds(hands.change, changed, sights.equal),
                *_deeds(hands.change, (*ended, *wholly), sights.closed),
                *_deeds(hands.refund, given, sights.smaller),
                *_deeds(hands.change, with_note, sights.noted),
            ),
            _deeds(hands.change, confirmed, sights.equal),
        ),
    )


def customers(hands: Hands, orders: Iterable[Row]) -> Act:
    """Buyers with an account move; M3's people change what M3 is the master of. `orders` tell which accounts there are."""
    accounts = iter({one["customer_id"]: one for one in orders if one["customer_id"]}.values())
    moves, sends, changes = (next(accounts, None) for _ in range(3))
    in_shop: list[Known] = [
        (moves, "moves, in the shop", handling.moved, sights.followed),
        (sends, "has goods sent elsewhere, in the shop", handling.also_elsewhere, sights.sent_elsewhere),
    ]
    in_m3: list[Known] = [
        (changes, "other telephone number and terms, in M3", lambda _: handling.IN_M3, sights.told_to_the_account),
    ]
    return Act(
        "Customers: each field has one master, and travels from it to the other side",
        "Buyers change their accounts in the shop, M3's people change customers in M3.",
        ((*_of_accounts(hands.change_account, in_shop), *_of_accounts(hands.change_customer, in_m3)),),
    )


def warehouse(hands: Hands, drawer: Drawer, *, hero: Row | None) -> Act:
    """The warehouse delivers: two orders in two parts each, the rest whole."""
    large = drawer.take("sixty_lines", lines=2)
    parts: list[Given] = [
        (large, "the first half leaves", handling.half_of_it),
        (hero, "one line leaves, in two parcels", handling.first_in_two_parcels),
    ]
    everything = Deed("all others", "everything leaves", partial(hands.advance_all, DELIVERED), sights.all_delivered)
    rest: list[Given] = [(one, "the rest leaves", _nothing) for one in (large, hero)]
    return Act(
        "The warehouse: what M3 delivered, and what the shop tells its customers",
        "M3's warehouse delivers. Two orders leave in two parts; the buyer gets one note for each delivery, with its number.",
        (_deeds(hands.deliver, parts, sights.left_in_part), (everything, *_deeds(_watch, rest, sights.left_whole))),
    )


def invoicing(hands: Hands) -> Act:
    """M3 invoices every delivery."""
    deed = Deed("all", "M3 invoices each delivery", partial(hands.advance_all, INVOICED), sights.all_invoiced)
    return Act(
        "Invoices: M3's numbers on the shop's orders",
        "M3 invoices what was delivered; the shop's orders get the numbers of their invoices.",
        ((deed,),),
    )


def giving_back(hands: Hands, drawer: Drawer, *, direct: Drawer, hero: Row | None) -> Act:
    """Refunds of each kind, `direct` ones in the second shop; afterwards the warehouse receives what comes back."""
    take = drawer.take
    given: list[Given] = [
        (hero, "a piece given back, restocked", handling.piece_restocked),
        (take("registered"), "a piece given back, broken", handling.piece_broken),
        (take("coupon_percent"), "7.77 as goodwill, no line", lambda _: {"amount": "7.77", "reason": "Goodwill"}),
        (take("two_tax_rates"), "9.00 over two tax rates, no line", lambda _: {"amount": "9.00"}),
        (take("coupon_fixed"), "shipping given back", handling.shipping),
        (take("fee_positive"), "its fee given back", handling.fees),
        (take("registered", "guest"), "everything given back, restocked", handling.everything),
    ]
    wholly: list[Given] = [(take("guest", "long_address"), "set to refunded", lambda _: REFUNDED)]
    restocked = direct.take("guest", "registered")
    units: list[Given] = [(restocked, f"its piece is in M3's stock again ({DIRECT})", _nothing)]
    credited: list[Given] = [
        (restocked, f"a piece given back ({DIRECT})", handling.piece_restocked),
        (direct.take("two_tax_rates", "registered"), f"5.00 as goodwill ({DIRECT})", lambda _: {"amount": "5.00"}),
    ]
    received = Deed(
        "all returns", "M3 receives and invoices them", partial(hands.advance_all, INVOICED), sights.all_received
    )
    return Act(
        f"Given back: each refund is one return or credit order in M3, of store {DIRECT} one credit invoice",
        "Goods and money are given back: pieces restocked or not, an amount alone, shipping, a fee, whole orders.",
        (
            (
                *_deeds(hands.refund, given, sights.credited),
                *_deeds(hands.change, wholly, sights.credited),
                *_deeds(hands.credit, credited, sights.credited_in_ledger),
                *_deeds(_watch, units, sights.booked_in),
            ),
            (received,),
        ),
    )


def _deeds(
    do: Callable[[Row, Change], None], given: Sequence[Given], look: Callable[[Books, int], Sight]
) -> tuple[Deed, ...]:
    """Returns a deed for each order there is."""
    return tuple(
        Deed(str(order["id"]), what, partial(do, order, change), partial(_look, look, int(order["id"])))
        for order, what, change in given
        if order is not None
    )


def _of_accounts(do: Callable[[Row, Change], None], known: Sequence[Known]) -> tuple[Deed, ...]:
    """Returns a deed for the account of each order there is."""
    return tuple(
        Deed(f"account {order['customer_id']}", what, partial(do, order, change), partial(_look_at, look, order))
        for order, what, change, look in known
        if order is not None
    )


def _look_at(look: Callable[[Books, Row], Sight], order: Row, books: Books) -> Sight:
    return look(books, order)


def _look(look: Callable[[Books, int], Sight], order_id: int, books: Books) -> Sight:
    return look(books, order_id)


def _watch(_order: Row, _change: Change) -> None:
    """What is looked at here was done by another deed."""


def _nothing(_row: Row) -> Request:
    return {}
