"""Shows the comparison of the books and what the run had to go through; called by demo/__main__.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.books import Compared, Comparison
from demo.orders import Delivery
from demo.screen import FAULT_WORDS
from demo.story import Told


def print_comparison(console: Console, found: Comparison) -> None:
    """Prints the table "shop against M3", a line for each kind and currency, and every disagreement."""
    table = Table(title="Shop against M3, from the books of both", title_justify="left", show_footer=True)
    wanted = [one for one in found.orders if one.is_wanted]
    _columns(table, wanted, placed=len(found.orders))
    groups: dict[tuple[str, str], list[Compared]] = {}
    for one in found.orders:
        groups.setdefault((one.kind, one.currency), []).append(one)
    for (kind, currency), orders in sorted(groups.items()):
        table.add_row(*_row(kind, currency, orders))
    console.print(table)
    for one in found.orders:
        for problem in one.problems:
            console.print(f"[red]Order {one.order_id} ({one.kind}) {escape(problem)}[/red]", soft_wrap=True)
    for stranger in found.strangers:
        console.print(f"[red]M3 order {escape(stranger)} belongs to no order of the shop[/red]")
    for batch_order in found.batch_orders:
        console.print(f"[red]Batch order {escape(batch_order)} was left behind in M3[/red]")


def print_trials(console: Console, told: Told, *, outcomes: Sequence[str]) -> None:
    """Prints what the orders had to go through."""
    table = Table(title="What happened on the way", title_justify="left", show_header=False)
    deliveries = told.look.shop["deliveries"]
    table.add_row("webhooks delivered", f"{deliveries['sent']}, failed {deliveries['failed']}")
    for fate in (Delivery.TWICE, Delivery.REORDERED, Delivery.LATE, Delivery.NEVER):
        table.add_row(f"orders told {fate}" if fate is not Delivery.NEVER else "orders never told (found by the poll)",
                      _count(told.by_delivery.get(fate, [])))  # fmt: skip
    for name, count in sorted(told.look.faults.items()):
        table.add_row(f"M3: {FAULT_WORDS.get(name, name)}", str(count))
    if told.killed is not None:
        text = f"process {told.killed.pid} at exchange {told.killed.exchange_id}; its attempts: {', '.join(outcomes)}"
        table.add_row("worker killed (SIGKILL)", text)
    for line in told.dead_letters:
        table.add_row("waited for a person", escape(line))
    table.add_row("transactions sent to M3", f"{told.look.calls.total()} in {told.look.m3['http_calls']} requests")
    console.print(table)


def _count(orders: Sequence[int]) -> str:
    return f"{len(orders)}" + (f" ({', '.join(map(str, orders))})" if 0 < len(orders) <= 3 else "")


def _columns(table: Table, wanted: Sequence[Compared], *, placed: int) -> None:
    table.add_column("Kind", "All")
    table.add_column("Currency")
    table.add_column("In the shop", str(placed), justify="right")
    table.add_column("For M3", str(len(wanted)), justify="right")
    table.add_column("In M3", str(sum(len(one.m3_numbers) for one in wanted)), justify="right")
    table.add_column("Lines", f"{sum(one.shop_lines for one in wanted)}", justify="right")
    table.add_column("in M3", f"{sum(one.m3_lines for one in wanted)}", justify="right")
    table.add_column("Money", _sums(wanted, shop=True), justify="right")
    table.add_column("in M3", _sums(wanted, shop=False), justify="right")
    table.add_column("", "")


def _row(kind: str, currency: str, orders: Sequence[Compared]) -> list[str]:
    wanted = [one for one in orders if one.is_wanted]
    others = Counter(one.status for one in orders if not one.is_wanted)
    shop = sum((one.shop_total for one in wanted), Decimal("0.00"))
    m3 = sum((one.m3_total for one in orders), Decimal("0.00"))
    is_well = not any(one.problems for one in orders)
    remark = ", ".join(f"{count} {status}: not for M3" for status, count in others.items())
    return [
        *(kind, currency, str(len(orders)), str(len(wanted)), str(sum(len(one.m3_numbers) for one in orders))),
        *(str(sum(one.shop_lines for one in wanted)), str(sum(one.m3_lines for one in orders)), str(shop), str(m3)),
        (remark or "agrees") if is_well else "[red]differs[/red]",
    ]


def _sums(orders: Sequence[Compared], *, shop: bool) -> str:
    sums: dict[str, Decimal] = {}
    for one in orders:
        amount = one.shop_total if shop else one.m3_total
        sums[one.currency] = sums.get(one.currency, Decimal("0.00")) + amount
    return "\n".join(f"{amount} {currency}" for currency, amount in sorted(sums.items()))
