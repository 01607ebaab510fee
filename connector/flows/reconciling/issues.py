"""Compares what orders carried as invoices hold of the shop's stock with what M3 has booked out for them. Called by compare.py.

Units the shop sold less those it took back are what its order holds (`_reduced_stock`); what M3 has booked is read from messages of
MMS850 whose numbers follow from the order. The ledger only says why the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from connector.accounting.invoices import StockIssue
from connector.flows.books.keys import epoch_of
from connector.flows.context import StoreContext
from connector.flows.issues.keeping import Issue, Issued, plain
from connector.flows.issues.rules import stated
from connector.flows.reconciling.booked_reasons import Seen, why_booked_otherwise
from connector.flows.reconciling.m3_side import chunks
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.result import Difference, Fact, Row, Subject, Why
from connector.flows.reconciling.stock_messages import BookedLine, Sold, SoldLine, read_booked
from connector.flows.reconciling.totals import Totals
from connector.flows.reconciling.ways import Ways
from connector.flows.stock.selling import taken_units
from connector.ledger import issued
from connector.ledger.carried import Carried, find_carried
from connector.ledger.discards import DISCARDED
from connector.ledger.session import Ledger, transaction
from connector.money.rounding import ZERO
from connector.stores.orders import CarriedAs, OrderAction
from connector.woocommerce.models import Order

ORDERS = "orders_to_m3"
NOTHING = BookedLine("", ZERO, (), ())


@dataclass
class _Known:
    """What the ledger knows of some orders, by key: their bookings, the orders themselves, what was booked."""

    bookings: Mapping[str, Carried]
    orders: Mapping[str, Carried]
    issues: Mapping[str, Issue]


@dataclass
class Issues:
    """Takes the orders of a store as they are read, and compares them at the end; takes none where stock is not issued.

    An order belongs to the day it was made; an older one that was changed in the period, to the day of that change.
    """

    ledger: Ledger
    store: StoreContext
    period: Period
    totals: Totals
    _sold: list[Sold] = field(default_factory=list)

    def take(self, order: Order) -> None:
        """Takes an order of the shop."""
        moment = order.created_at if self.period.holds(order.created_at) else order.date_modified_gmt
        if self._rules is None or moment is None or not self.period.holds(moment):
            return
        self._sold.append(
            Sold(
                id=order.id,
                number=order.number,
                epoch=epoch_of(order),
                day=self.period.day_of(moment),
                is_carried=self.store.config.orders.action(order.status) is OrderAction.CONFIRM,
                lines={
                    str(one.id): SoldLine(one.sku.strip() or str(one.id), plain(taken_units(one)))
                    for one in order.line_items
                },
            )
        )

    def compare(self) -> Iterator[Row]:
        """Yields a row for each line that differs, and one for each order of which all is equal.

        Raises:
            MappingError: M3's unit cannot be used.
            RetryableError: M3 or the ledger cannot be asked now.
        """
        rules = self._rules
        if rules is None:
            return
        for some in chunks(self._sold):
            some = self._as_carried(some)
            booked = read_booked(self.store, some, rules=rules)
            known = self._known(some)
            for order in some:
                yield from self._one(order, booked[order.id], known)

    def _as_carried(self, orders: list[Sold]) -> list[Sold]:
        """Returns orders with what M3 has to have booked: nothing of those that were customer orders before the store changed."""
        ways = Ways(self.ledger, self.store)
        ways.learn(one.id for one in orders)
        return [one if ways.is_direct(one.id) else replace(one, lines={}) for one in orders]

    @property
    def _rules(self) -> StockIssue | None:
        return stated(self.store) if self.store.config.orders.carried_as is CarriedAs.INVOICE else None

    def _known(self, orders: list[Sold]) -> _Known:
        keys = [str(order.id) for order in orders]
        with transaction(self.ledger) as connection:
            bookings = find_carried(connection, self.store.name, flow=issued.FLOW, keys=keys)
            sales = find_carried(connection, self.store.name, flow=ORDERS, keys=keys)
            plans = issued.find_issued(connection, self.store.name, keys=keys)
        issues = {key: Issue.from_json(plan) for key, plan in plans.items()}
        for key, known in bookings.items():
            if known.reason_code == DISCARDED and key in issues:  # no run has taken account of it yet
                issues[key] = issues[key].answered_for("now")
        return _Known(bookings, sales, issues)

    def _one(self, order: Sold, booked: Mapping[str, BookedLine], known: _Known) -> Iterator[Row]:
        issue = known.issues.get(str(order.id))
        kept = {} if issue is None or issue.epoch != order.epoch else issue.lines
        found: list[tuple[Difference, Why]] = []
        wanted_units, booked_units = ZERO, ZERO
        for line in {**order.lines, **booked}:
            seen = self._seen(order, line, booked, kept)
            wanted_units, booked_units = wanted_units + seen.wanted, booked_units + seen.booked
            if seen.is_otherwise:
                why = why_booked_otherwise(
                    known.bookings.get(str(order.id)), known.orders.get(str(order.id)), seen, sync=self._sync(order)
                )
                name = order.lines[line].name if line in order.lines else booked[line].name
                found.append((Difference(f"line {name}", f"{seen.wanted:f}", f"{seen.booked:f}"), why))
        if found or booked or wanted_units:
            yield from self.totals.add(_subject(order, booked), found, shop=wanted_units, m3=booked_units)

    @staticmethod
    def _seen(order: Sold, line: str, booked: Mapping[str, BookedLine], kept: Mapping[str, Issued]) -> Seen:
        there, one = booked.get(line, NOTHING), kept.get(line)
        by_hand = ZERO if one is None else one.by_hand
        held = order.lines[line].held if line in order.lines else ZERO
        return Seen(
            wanted=held if order.is_carried else min(held, plain(there.units + by_hand)),
            booked=plain(there.units),
            by_hand=plain(by_hand),
            proven=None if one is None else plain(one.units - one.by_hand),
            waiting=there.waiting,
        )

    def _sync(self, order: Sold) -> str:
        return f"connector sync orders_to_m3 --store {self.store.name} --ids {order.id}"


def _subject(order: Sold, booked: Mapping[str, BookedLine]) -> Subject:
    return Subject(
        fact=Fact.BOOKING,
        shop_id=order.id,
        order_number=order.number,
        m3_number=", ".join(number for one in booked.values() for number in one.numbers) or None,
        day=order.day,
        currency="",
    )
