"""Compares the books order by order; `check` is called by the program, the demo and the tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from fnmatch import fnmatch
from typing import Any

from bench.checker.books import WAITING, Key, M3Order, ShopOrder, read_m3_orders, read_shop_orders
from bench.checker.customers import doubled_customers
from bench.checker.refunds import reduced
from bench.checker.verdict import Compared, Finding, Money, Problem, Verdict


def check(
    shop_book: Mapping[str, Any],
    m3_book: Mapping[str, Any],
    *,
    stores: Collection[str] = (),
    poison_skus: Collection[str] = (),
    told: Collection[int] = (),
) -> Verdict:
    """Judges a pair of books, best read when nothing is under way any more.

    Args:
        shop_book: The answer of the shop's `GET /_book`.
        m3_book: The answer of M3's `GET /_book`.
        stores: Codes with which references of this shop's orders begin in M3; none = any code.
        poison_skus: Patterns (`BOOK-*`) of SKUs; an order with one of them must not reach M3.
        told: Ids of orders of which the caller knows that a person was told: they may be missing or differ in M3, but
            never be there twice.
    """
    return _Judge(shop_book, m3_book, stores=stores, poison_skus=poison_skus, told=told).verdict()


class _Judge:
    """One comparison; each method looks at one class of fault."""

    def __init__(
        self,
        shop_book: Mapping[str, Any],
        m3_book: Mapping[str, Any],
        *,
        stores: Collection[str],
        poison_skus: Collection[str],
        told: Collection[int],
    ) -> None:
        held = reduced(read_shop_orders(shop_book), shop_book, m3_book, stores=stores)
        self._shop = {order.key: order for order in held}
        self._gone = {order.key: order for order in read_shop_orders(shop_book, part="gone")}
        self._m3 = read_m3_orders(m3_book)
        self._batch_orders = read_m3_orders(m3_book, part="batch_orders")
        self._customers = m3_book["customers"]
        self._stores = stores
        self._told = set(told)
        self._poison = {order.key for order in self._shop.values() if _has_sku(order, poison_skus)}
        self._poison |= {order.key for order in self._gone.values() if _has_sku(order, poison_skus)}
        self._by_key: dict[Key, list[M3Order]] = {}
        for order in self._m3:
            key = self._known_key(order)
            if key is not None:
                self._by_key.setdefault(key, []).append(order)
        self._waiting = {key: one for one in self._batch_orders if (key := self._waiting_key(one)) is not None}

    def verdict(self) -> Verdict:
        """Puts everything together."""
        findings = [
            *self._about_orders(),
            *self._about_gone(),
            *self._about_strangers(),
            *self._about_batch_orders(),
            *(Finding(Problem.CUSTOMER, what) for what in doubled_customers(self._customers)),
        ]
        orders = tuple(self._compared(order) for order in self._shop.values())
        withdrawn = (o.key for o in self._shop.values() if not o.is_wanted and o.was_wanted and o.key in self._by_key)
        return Verdict(
            orders=orders,
            findings=tuple(findings),
            money=_money(orders),
            m3_orders=len(self._m3),
            withdrawn=_ids(withdrawn),
            gone=_ids(key for key in self._gone if key in self._by_key),
            waiting=tuple(f"{one.name} at {one.status}: {'; '.join(one.errors)}" for one in self._waiting.values()),
            poison=_ids(self._poison),
            told=tuple(sorted(self._told)),
        )

    def _known_key(self, order: M3Order) -> Key | None:
        """Returns which order of this shop an order of M3 names, if there is or was one."""
        is_of_shop = not self._stores or order.store in self._stores
        return order.key if is_of_shop and (order.key in self._shop or order.key in self._gone) else None

    def _waiting_key(self, batch: M3Order) -> Key | None:
        """Returns whose order waits for a person in OIS275: M3 was asked to release it and said why not."""
        key = self._known_key(batch)
        is_known_to_person = batch.status in WAITING and bool(batch.errors)
        return key if is_known_to_person and key not in self._by_key and key not in self._poison else None

    def _is_expected(self, order: ShopOrder) -> bool:
        is_left_to_person = order.key in self._waiting or order.key.order_id in self._told
        return order.is_wanted and not is_left_to_person and order.key not in self._poison

    def _compared(self, order: ShopOrder) -> Compared:
        found = self._by_key.get(order.key, [])
        return Compared(
            order_id=order.key.order_id,
            status=order.status,
            currency=order.currency,
            is_expected=self._is_expected(order),
            shop_lines=order.lines,
            shop_total=order.total,
            m3_numbers=tuple(one.number for one in found),
            m3_lines=sum(len(one.line_keys) for one in found),
            m3_total=sum((one.total for one in found), Decimal(0)),
        )

    def _about_orders(self) -> Iterator[Finding]:
        for order in self._shop.values():
            found = self._by_key.get(order.key, [])
            for problem, what in self._about_order(order, found):
                yield Finding(problem, f"order {order.key.order_id} {what}", order.key.order_id)

    def _about_order(self, order: ShopOrder, found: list[M3Order]) -> Iterator[tuple[Problem, str]]:
        if not found:
            if self._is_expected(order):
                yield Problem.LOST, f"is {order.status} in the shop and not in M3"
            yield from _about_words(order, None)
            return
        if len(found) > 1:
            yield Problem.DOUBLED, f"is in M3 {len(found)} times: {', '.join(one.number for one in found)}"
        if order.key in self._poison:
            yield Problem.POISON, f"had to be stopped and is in M3 as {found[0].number}"
        elif not order.was_wanted:
            yield Problem.UNEXPECTED, f"is {order.status} in the shop and was never for M3, which has {found[0].number}"
        if self._is_expected(order):
            yield from _about_figures(order, found[0])
        yield from _about_words(order, found[0])

    def _about_gone(self) -> Iterator[Finding]:
        for key, order in self._gone.items():
            found = self._by_key.get(key, [])
            if len(found) > 1:
                what = f"order {key.order_id}, which is gone, is in M3 {len(found)} times"
                yield Finding(Problem.DOUBLED, what, key.order_id)
            if found and not order.was_wanted:
                what = f"order {key.order_id}, which is gone, was never for M3, which has {found[0].number}"
                yield Finding(Problem.UNEXPECTED, what, key.order_id)

    def _about_strangers(self) -> Iterator[Finding]:
        """Orders that name no order of the shop; one that is like another is that one made twice."""
        alike = Counter(order.likeness for order in self._m3 if order.purchase_order)
        for order in self._m3:
            if self._known_key(order) is not None:
                continue
            if alike[order.likeness] > 1:
                what = f"{order.name} equals another in buyer's number {order.purchase_order}, customer and total"
                yield Finding(Problem.DOUBLED, f"M3 order {what}")
            else:
                yield Finding(Problem.UNEXPECTED, f"M3 order {order.name} belongs to no order of the shop")

    def _about_batch_orders(self) -> Iterator[Finding]:
        for batch in self._batch_orders:
            if batch not in self._waiting.values():
                id_ = batch.key.order_id if batch.key else None
                yield Finding(Problem.LEFT_BEHIND, f"batch order {batch.name} at {batch.status}", id_)


def _about_figures(order: ShopOrder, found: M3Order) -> Iterator[tuple[Problem, str]]:
    if order.currency != found.currency or order.total != found.total:
        sums = f"{order.total} {order.currency} in the shop, {found.total} {found.currency} in M3"
        yield Problem.MONEY, f"is {sums} ({found.number})"
    has_more_lines = len(found.line_keys) > order.lines or len(set(found.line_keys)) < len(found.line_keys)
    if has_more_lines or found.pieces > order.pieces:
        yield Problem.DOUBLED_LINES, _lines(order, found)
    elif found.pieces < order.pieces or len(found.line_keys) < order.lines:
        yield Problem.CONTENT, _lines(order, found)


def _lines(order: ShopOrder, found: M3Order) -> str:
    ours, theirs = f"{order.lines} lines, {order.pieces} pieces", f"{len(found.line_keys)}, {found.pieces}"
    return f"has {ours} in the shop; {theirs} in M3 ({found.number})"


def _about_words(order: ShopOrder, found: M3Order | None) -> Iterator[tuple[Problem, str]]:
    """What the shop was told of M3's number: once, and true."""
    right = (found.number,) if found else ()
    for problem, what, told in ((Problem.NUMBER, "meta", order.numbers), (Problem.NOTE, "notes", order.notes)):
        if told != right:
            yield problem, f"has {_named(told)} in its {what}; M3 has {_named(right)}"


def _named(numbers: tuple[str, ...]) -> str:
    return ", ".join(numbers) or "nothing"


def _has_sku(order: ShopOrder, patterns: Collection[str]) -> bool:
    return any(fnmatch(sku, pattern) for sku in order.skus for pattern in patterns)


def _ids(keys: Collection[Key] | Iterator[Key]) -> tuple[int, ...]:
    return tuple(sorted(key.order_id for key in keys))


def _money(orders: tuple[Compared, ...]) -> tuple[Money, ...]:
    by_currency: dict[str, list[Compared]] = {}
    for order in orders:
        if order.is_expected:
            by_currency.setdefault(order.currency, []).append(order)
    return tuple(
        Money(
            currency,
            orders=len(found),
            shop=sum((one.shop_total for one in found), Decimal("0.00")),
            m3=sum((one.m3_total for one in found), Decimal("0.00")),
        )
        for currency, found in sorted(by_currency.items())
    )
