"""M3's general ledger beside both shops: payments, direct invoices, credits, by order and by account. Used by __main__.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.checker.books import WANTED
from demo.books import ZERO, Row
from demo.stage import Stage
from demo.stores import ACCOUNTS, DIRECT, STORE

RECEIVABLES, PREPAYMENTS = "1510", "2420"
CLEARING = ("1580", "1930")
TAX = "26"
REVENUE = "30"
LONGEST_BAR = 24


class Kind(StrEnum):
    """What a voucher is, by the letter of its key."""

    PAYMENT = "P"
    INVOICE = "I"
    CREDIT = "C"


@dataclass(frozen=True)
class Voucher:
    """A voucher the connector posted; amounts by account, negative for credit."""

    store: str
    kind: str
    order_id: int
    currency: str
    sums: Mapping[str, Decimal]


@dataclass(frozen=True)
class Ledger:
    """All vouchers, and what is wrong with them."""

    vouchers: tuple[Voucher, ...]
    orders: Mapping[tuple[str, int], Row]
    findings: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Tells whether nothing is wrong."""
        return not self.findings

    def of(self, store: str, kind: Kind) -> list[Voucher]:
        """Returns the vouchers of one kind."""
        return [one for one in self.vouchers if (one.store, one.kind) == (store, kind)]


def read_ledger(stage: Stage) -> Ledger:
    """Reads three books and compares them: each payment, direct invoice and credit once, balanced, of the shop's amount."""
    shops = {STORE: stage.shop.book(), DIRECT: stage.direct.book()}
    orders = {(store, int(one["id"])): one for store, book in shops.items() for one in book["orders"]}
    vouchers = vouchers_of(stage.m3.book())
    found = (*findings_of(orders, vouchers), *credit_findings_of(shops[DIRECT]["refunds"], vouchers))
    return Ledger(vouchers, orders, tuple(found))


def vouchers_of(book: Row) -> tuple[Voucher, ...]:
    """Returns what the connector posted, from M3's book."""
    return tuple(_vouchers(book))


def credited_of(book: Row, *, store: str, order_id: int) -> list[Decimal]:
    """Returns what each credit invoice of an order gives back, from M3's book."""
    found = [one for one in _vouchers(book) if (one.store, one.order_id, one.kind) == (store, order_id, Kind.CREDIT)]
    return [-one.sums.get(RECEIVABLES, ZERO) for one in found]


def _vouchers(book: Row) -> Iterator[Voucher]:
    for journal in book["journals"]:
        store = str(journal["key1"])[: len(STORE)].lower()
        if store not in (STORE, DIRECT):
            continue
        sums: dict[str, Decimal] = {}
        for line in journal["lines"]:
            amount = Decimal(line["amount"]) * (1 if line["side"] == "debit" else -1)
            sums[line["account"]] = sums.get(line["account"], ZERO) + amount
        first: dict[str, Any] = journal["lines"][0]
        yield Voucher(store, journal["key1"][len(STORE)], int(first["vtxt"].split()[-1]), first["cucd"], sums)


def findings_of(orders: Mapping[tuple[str, int], Row], vouchers: tuple[Voucher, ...]) -> Iterator[str]:
    """Yields what is wrong: each paid order has one payment, each order of the second store one invoice, of its total."""
    for one in vouchers:
        if sum(one.sums.values(), ZERO):
            yield f"a voucher of order {one.order_id} ({one.store}) does not balance"
    paid = {key: one for key, one in orders.items() if one["date_paid_gmt"] and Decimal(one["total"])}
    sold = {key: one for key, one in orders.items() if key[0] == DIRECT and one["status"] in WANTED}
    yield from _about(Kind.PAYMENT, "payment", paid, vouchers, PREPAYMENTS, side=-1)
    yield from _about(Kind.INVOICE, "invoice", sold, vouchers, RECEIVABLES, side=1)


def credit_findings_of(refunds: Iterable[Row], vouchers: tuple[Voucher, ...]) -> Iterator[str]:
    """Yields of which orders of the second store M3's ledger credits anything else than what was given back, each refund once."""
    given: dict[int, list[Decimal]] = {}
    for refund in refunds:
        given.setdefault(int(refund["order_id"]), []).append(Decimal(refund["amount"]))
    credited: dict[int, list[Decimal]] = {}
    for one in vouchers:
        if (one.store, one.kind) == (DIRECT, Kind.CREDIT):
            credited.setdefault(one.order_id, []).append(-one.sums.get(RECEIVABLES, ZERO))
    for order_id in sorted({*given, *credited}):
        back, found = sorted(given.get(order_id, [])), sorted(credited.get(order_id, []))
        if back != found:
            yield f"of order {order_id} ({DIRECT}) {_listed(back)} was given back, M3's ledger credits {_listed(found)}"


def _listed(amounts: list[Decimal]) -> str:
    return ", ".join(map(str, amounts)) or "nothing"


def _about(
    kind: Kind,
    word: str,
    wanted: Mapping[tuple[str, int], Row],
    vouchers: tuple[Voucher, ...],
    account: str,
    *,
    side: int,
) -> Iterator[str]:
    """Says which orders have none or several, and whose amount is another."""
    found = Counter((one.store, one.order_id) for one in vouchers if one.kind == kind)
    for key in sorted({*wanted, *found}):
        if found[key] != (key in wanted):
            yield f"order {key[1]} ({key[0]}) has {found[key]} times its {word} in M3's ledger"
    for one in vouchers:
        order = wanted.get((one.store, one.order_id))
        amount = side * one.sums.get(account, ZERO)
        if one.kind == kind and order is not None and amount != Decimal(order["total"]):
            yield f"the {word} of order {one.order_id} ({one.store}) is {amount}, the shop says {order['total']}"


def print_ledger(console: Console, ledger: Ledger) -> None:
    """Prints the direct invoices, the accounts with a picture of their balances, and what is wrong."""
    console.print()
    console.print(_invoices(ledger))
    console.print(_accounts(ledger))
    for what in ledger.findings:
        console.print(f"[red]{escape(what)}[/red]")


def _invoices(ledger: Ledger) -> Table:
    table = Table(title=f"Store {DIRECT}: each order is an invoice in M3's ledger, and no order", title_justify="left")
    table.add_column("Order")
    for title in ("In the shop", "Receivable", "Revenue", "Freight, fees, discounts", "Tax", "Paid", "Credited"):
        table.add_column(title, justify="right")
    payments = {one.order_id: one for one in ledger.of(DIRECT, Kind.PAYMENT)}
    credits = ledger.of(DIRECT, Kind.CREDIT)
    for one in sorted(ledger.of(DIRECT, Kind.INVOICE), key=lambda voucher: voucher.order_id):
        order, payment = ledger.orders.get((DIRECT, one.order_id)), payments.get(one.order_id)
        others = {account: -amount for account, amount in one.sums.items() if account != RECEIVABLES}
        table.add_row(
            str(one.order_id),
            f"{order['total']} {order['currency']}" if order else "-",
            str(one.sums.get(RECEIVABLES, ZERO)),
            _named({account: amount for account, amount in others.items() if account.startswith(REVENUE)}),
            _named({account: amount for account, amount in others.items() if account[:2] not in (REVENUE, TAX)}),
            _named({account: amount for account, amount in others.items() if account.startswith(TAX)}),
            _named({name: amount for name, amount in payment.sums.items() if name in CLEARING})
            if payment
            else "not yet",
            ", ".join(str(-back.sums.get(RECEIVABLES, ZERO)) for back in credits if back.order_id == one.order_id),
        )
    return table


def _named(amounts: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{account}: {amount}" for account, amount in sorted(amounts.items()))


def _accounts(ledger: Ledger) -> Table:
    table = Table(title="M3's accounts: payments of both stores, invoices and credits of one", title_justify="left")
    for title in ("Account", "", "Currency"):
        table.add_column(title)
    for title in ("Debit", "Credit"):
        table.add_column(title, justify="right")
    table.add_column("Balance")
    debits, credits = _sides(ledger.vouchers)
    largest = max((abs(debits[key] - credits[key]) for key in {*debits, *credits}), default=ZERO)
    for currency in sorted({currency for currency, _ in (*debits, *credits)}):
        for key in sorted(key for key in {*debits, *credits} if key[0] == currency):
            balance = debits[key] - credits[key]
            side = "[green]" if balance >= 0 else "[yellow]"
            picture = f"{side}{_bar(balance, largest)}[/] {abs(balance)} {'D' if balance >= 0 else 'C'}"
            table.add_row(key[1], ACCOUNTS.get(key[1], ""), currency, f"{debits[key]}", f"{credits[key]}", picture)
        sums = [sum((side[key] for key in side if key[0] == currency), ZERO) for side in (debits, credits)]
        table.add_row("", "all", currency, *map(str, sums), "equal" if sums[0] == sums[1] else "[red]differ[/red]")
        table.add_section()
    return table


Side = dict[tuple[str, str], Decimal]


def _sides(vouchers: tuple[Voucher, ...]) -> tuple[Side, Side]:
    """Returns debits and credits by currency and account."""
    debits: Side = {(one.currency, account): ZERO for one in vouchers for account in one.sums}
    credits = dict(debits)
    for one in vouchers:
        for account, amount in one.sums.items():
            side = debits if amount > 0 else credits
            side[one.currency, account] += abs(amount)
    return debits, credits


def _bar(amount: Decimal, largest: Decimal) -> str:
    return "█" * max(1, int(abs(amount) * LONGEST_BAR / largest)) if amount and largest else ""
