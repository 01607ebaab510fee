"""Shows a verdict to people; called by the program and by the demo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.checker.verdict import Compared, Finding, Problem, Verdict

MOST_SHOWN = 20
"""Findings of one class that are written out; the rest is counted."""


def print_verdict(console: Console, verdict: Verdict, *, kinds: Mapping[int, str] | None = None) -> None:
    """Prints the table "shop against M3", every class of fault with its count and bound, and what is wrong.

    Args:
        console: Where to.
        verdict: The judgement.
        kinds: Order id -> kind; with it the first table has a line for each kind.
    """
    console.print(_orders(verdict, kinds))
    console.print(_classes(verdict))
    for line in _left_out(verdict):
        console.print(escape(line), soft_wrap=True)
    for problem in Problem:
        _print_findings(console, problem, verdict.of(problem))


def _orders(verdict: Verdict, kinds: Mapping[int, str] | None) -> Table:
    expected = [one for one in verdict.orders if one.is_expected]
    table = Table(title="Shop against M3, from the books of both", title_justify="left", show_footer=True)
    if kinds is not None:
        table.add_column("Kind", "All")
    table.add_column("Currency", "" if kinds is not None else "All")
    table.add_column("In the shop", str(len(verdict.orders)), justify="right")
    table.add_column("For M3", str(len(expected)), justify="right")
    table.add_column("In M3", str(verdict.m3_orders), justify="right")
    table.add_column("Lines", str(sum(one.shop_lines for one in expected)), justify="right")
    table.add_column("in M3", str(sum(one.m3_lines for one in expected)), justify="right")
    table.add_column("Money", "\n".join(f"{one.shop} {one.currency}" for one in verdict.money), justify="right")
    table.add_column("in M3", "\n".join(f"{one.m3} {one.currency}" for one in verdict.money), justify="right")
    table.add_column("", "")
    groups: dict[tuple[str, str], list[Compared]] = {}
    for one in verdict.orders:
        kind = "" if kinds is None else kinds.get(one.order_id, "not placed by us")
        groups.setdefault((kind, one.currency), []).append(one)
    for (kind, currency), orders in sorted(groups.items()):
        head = [currency] if kinds is None else [kind, currency]
        table.add_row(*head, *_figures(verdict, orders))
    return table


def _figures(verdict: Verdict, orders: Sequence[Compared]) -> list[str]:
    expected = [one for one in orders if one.is_expected]
    others = Counter(one.status for one in orders if not one.is_expected)
    remark = ", ".join(f"{count} {status}: not expected" for status, count in others.items())
    is_well = not any(verdict.of_order(one.order_id) for one in orders)
    return [
        *(str(len(orders)), str(len(expected)), str(sum(len(one.m3_numbers) for one in orders))),
        *(str(sum(one.shop_lines for one in expected)), str(sum(one.m3_lines for one in expected))),
        str(sum((one.shop_total for one in expected), Decimal("0.00"))),
        str(sum((one.m3_total for one in expected), Decimal("0.00"))),
        (remark or "agrees") if is_well else "[red]differs[/red]",
    ]


def _classes(verdict: Verdict) -> Table:
    table = Table(title=f"What was looked for, in {verdict.expected} orders that belong into M3", title_justify="left")
    table.add_column("Wrong")
    table.add_column("Found", justify="right")
    table.add_column("The true rate, at 95 %")
    counts = verdict.counts()
    for problem in Problem:
        found = str(counts[problem]) if not counts[problem] else f"[bold red]{counts[problem]}[/bold red]"
        bound = verdict.bound(problem)
        table.add_row(problem, found, "" if bound is None else f"below {bound:.3%}")
    return table


def _left_out(verdict: Verdict) -> list[str]:
    """Says what is not counted as wrong, and why."""
    ids = {
        "cancelled (or the like) in the shop after M3 had them": verdict.withdrawn,
        "in M3 and gone from the shop": verdict.gone,
        "stopped on purpose (poison)": verdict.poison,
        "a person was told of": verdict.told,
    }
    said = [f"{len(found)} orders {what}: {_listed(found)}" for what, found in ids.items() if found]
    return said + [f"waits for a person in OIS275: batch order {one}" for one in verdict.waiting]


def _listed(ids: Sequence[int]) -> str:
    more = f" and {len(ids) - MOST_SHOWN} more" if len(ids) > MOST_SHOWN else ""
    return ", ".join(map(str, ids[:MOST_SHOWN])) + more


def _print_findings(console: Console, problem: Problem, findings: Sequence[Finding]) -> None:
    for one in findings[:MOST_SHOWN]:
        console.print(f"[red]{problem}: {escape(one.what)}[/red]", soft_wrap=True)
    if len(findings) > MOST_SHOWN:
        console.print(f"[red]{problem}: and {len(findings) - MOST_SHOWN} more; --json lists all[/red]")
