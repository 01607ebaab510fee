"""Shows what the orders of a run had to go through; called by demo/__main__.py."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.cast import Told
from demo.orders import Delivery
from demo.screen import FAULT_WORDS


def print_trials(console: Console, told: Told, *, outcomes: Sequence[str]) -> None:
    """Prints what the orders had to go through."""
    table = Table(title="What happened on the way", title_justify="left", show_header=False)
    deliveries = told.look.deliveries()
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
    mail = told.mail
    table.add_row(
        "messages of M3 (BODs, events)",
        f"{mail['made']}; {mail['lost']} lost, {mail['doubled']} doubled, {mail['reordered']} overtaken by later ones",
    )
    console.print(table)


def print_acts(console: Console, told: Told) -> None:
    """Prints what became of orders and accounts in each act, and whether both books showed it."""
    table = Table(title="The lives of orders and accounts, act by act", title_justify="left")
    for title in ("Act", "What was done"):
        table.add_column(title)
    for title in ("Seen on both sides", "After at most"):
        table.add_column(title, justify="right")
    for one in told.acts:
        seen = [after_s for _, sight, after_s in one.seen if sight.is_there]
        count = f"{len(seen)} of {len(one.seen)}"
        table.add_row(
            one.act.title.partition(":")[0],
            escape("; ".join(deed.what for deed, _, _ in one.seen)),
            count if one.is_well else f"[red]{count}[/red]",
            f"{max(seen, default=0):.0f} s",
        )
    console.print(table)


def print_arrivals(console: Console, told: Told) -> None:
    """Prints what was changed in M3 and when the shop showed it."""
    table = Table(title="Changed in M3, and in the shop after", title_justify="left")
    table.add_column("What")
    table.add_column("In the shop after", justify="right")
    table.add_column("M3's message")
    for one in sorted(told.arrivals, key=lambda one: one.after_s):
        way = "sent" if one.change.is_told else "lost: found by asking M3 what changed"
        table.add_row(escape(one.change.words), f"{one.after_s:.1f} s", way)
    for change in told.never_shown:
        table.add_row(escape(change.words), "[red]never[/red]", "")
    console.print(table)


def _count(orders: Sequence[int]) -> str:
    return f"{len(orders)}" + (f" ({', '.join(map(str, orders))})" if 0 < len(orders) <= 3 else "")
