"""The demo: `python -m demo [--once]`, started by `make demo` and `connector demo`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from types import FrameType

from rich.console import Console

from bench.checker.telling import print_verdict
from connector.logs import configure_logs
from demo.agreeing import reconcile_books
from demo.books import Books
from demo.cast import Told
from demo.errors import DemoError
from demo.goods import Goods
from demo.ledger import print_ledger, read_ledger
from demo.life import print_life
from demo.nemesis import attempts_of
from demo.orders import ALWAYS, DEFAULT_ORDERS
from demo.screen import Screen
from demo.sides import compare_sides, print_sides
from demo.stage import Stage, set_stage
from demo.story import judge, play
from demo.table import print_acts, print_arrivals, print_trials
from demo.units import print_units, read_units

UNKNOWN_WIDTH = 150
"""Columns where there is no terminal to measure."""
INTERRUPTED = 130


def main() -> int:
    """Sets the stage, plays, compares; returns 0 only if the books agree."""
    arguments = _parse()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=UNKNOWN_WIDTH)
    configure_logs("ERROR")
    logging.captureWarnings(True)
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell starts background programs with SIGINT ignored
        signal.signal(number, _interrupt)
    try:
        return _run(console, arguments)
    except DemoError as error:
        console.print(f"[bold red]The demo cannot go on.[/bold red] {error}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return INTERRUPTED


def _run(console: Console, arguments: argparse.Namespace) -> int:
    screen = Screen(console, orders=arguments.orders)
    is_well, is_interrupted = False, False
    goods = Goods(seed=arguments.seed)
    with set_stage(
        seed=arguments.seed,
        dress=goods.prepare,
        announce=screen.tell,
        keep_logs=lambda: not is_well and not is_interrupted,
    ) as stage:
        try:
            with screen:
                told = play(stage, screen, goods=goods, orders=arguments.orders, seed=arguments.seed)
            is_well = _report(console, stage, told)
        except KeyboardInterrupt:
            is_interrupted = True
            raise
        if not arguments.once:
            _stay(console, stage)
    return 0 if is_well else 1


def _report(console: Console, stage: Stage, told: Told) -> bool:
    found, ledger = judge(stage), read_ledger(stage)
    units, sides = read_units(stage), compare_sides(stage)
    print_trials(console, told, outcomes=attempts_of(stage.commands, told.killed) if told.killed else ())
    print_arrivals(console, told)
    print_acts(console, told)
    console.print()
    console.print("$ connector status", style="bold")
    console.out(stage.commands.run("status", may_end_with=(0, 1)))
    print_verdict(console, found, kinds=told.kinds)
    if told.hero is not None:
        print_life(console, Books(stage.shop.book(), stage.m3.book()), ledger, order_id=told.hero)
    print_ledger(console, ledger)
    print_units(console, units)
    print_sides(console, sides)
    is_reconciled = reconcile_books(console, stage)
    console.print()
    is_equal = found.is_well and ledger.is_well and units.is_well and all(one.is_well for one in sides)
    is_well = is_equal and told.is_at_rest and is_reconciled
    if is_well:
        console.print(
            "[bold green]The books agree: every order, payment, invoice, refund and credit once, every amount to the cent;"
            " catalogue, prices and stock are the same on both sides.[/bold green]",
            soft_wrap=True,
        )
        return True
    for deed, sight, after_s in (one for act in told.acts for one in act.seen if not one[1].is_there):
        console.print(
            f"[red]Order {deed.who}, {deed.what}: not seen on both sides in {after_s:.0f} s: {sight.m3}[/red]"
        )
    if not told.is_at_rest:
        for one in told.look.exchanges:
            if one["state"] != "done":
                console.print(f"[red]{one['flow']} {one['business_key']} is {one['state']}: {one['reason']}[/red]")
    console.print(
        "[bold red]Not all is well: see above in red.[/bold red] Look into worker-orders.log first; without --once everything"
        " keeps running, and `connector exchanges show <number>` tells the story of one order.",
        soft_wrap=True,
    )
    return False


def _stay(console: Console, stage: Stage) -> None:
    console.print(f"""
Everything keeps running until Ctrl-C.
  Flower         {stage.flower_url}
  shop's book    {stage.shop.book_url}
  second shop's  {stage.direct.book_url}
  M3's book      {stage.m3.book_url}
  logs           {stage.logs}
To look around in another terminal, in this folder:
  export CONNECTOR_HOME={stage.home}
  .venv/bin/connector status
  .venv/bin/connector exchanges list
  .venv/bin/connector exchanges show 1
  .venv/bin/connector webhooks status
  .venv/bin/connector reconcile stock --store w1
  curl -X POST {stage.shop.url}/_control/orders -d '{{"kind": "guest"}}'
  curl -X POST {stage.m3.url}/_control/stock -d '{{"itno": "P-00007", "add": "10"}}'""", soft_wrap=True)  # fmt: skip
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("\nStopping ...")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="connector demo", description="A shop, an M3 with faults, and the connector.")
    parser.add_argument("--once", action="store_true", help="end after the story; status 0 only if the books agree")
    parser.add_argument("--orders", type=_orders, default=DEFAULT_ORDERS, help=f"how many (from {len(ALWAYS)})")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same orders and faults")
    return parser.parse_args()


def _orders(text: str) -> int:
    if not text.isdecimal() or int(text) < len(ALWAYS):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {len(ALWAYS)} on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
