"""The checker as a program: `python -m bench.checker --shop URL --m3 URL`; status 0 only when all is well.

It asks both systems for their book and nobody for anything else.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import requests
from rich.console import Console

from bench.checker.judge import check
from bench.checker.telling import print_verdict

LIMIT_S = 120
UNKNOWN_WIDTH = 150
"""Columns where there is no terminal to measure."""
NOT_WELL, NO_BOOK = 1, 2


def main() -> int:
    """Reads both books, says what is wrong; returns 0 if nothing is, 1 if something is, 2 if a book cannot be read."""
    arguments = _parse()
    try:
        shop_book, m3_book = _book(arguments.shop), _book(arguments.m3)
    except (requests.RequestException, ValueError) as error:
        sys.stderr.write(f"A book cannot be read: {error}\nGive the addresses the sandbox printed when it started.\n")
        return NO_BOOK
    told = {"stores": arguments.store, "poison_skus": arguments.poison_sku, "told": arguments.told}
    verdict = check(shop_book, m3_book, **told)
    if arguments.json:
        sys.stdout.write(json.dumps(verdict.to_json(), indent=2) + "\n")
    else:
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=UNKNOWN_WIDTH)
        print_verdict(console, verdict)
        console.print("[bold green]All is well.[/bold green]" if verdict.is_well else "[bold red]Not well.[/bold red]")
    return 0 if verdict.is_well else NOT_WELL


def _book(url: str) -> dict[str, Any]:
    answer = requests.get(f"{url.rstrip('/')}/_book", timeout=LIMIT_S)
    answer.raise_for_status()
    book: dict[str, Any] = answer.json()
    return book


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.checker", description="Judges from both books alone.")
    parser.add_argument("--shop", required=True, metavar="URL", help="where the shop's /_book is")
    parser.add_argument("--m3", required=True, metavar="URL", help="where M3's /_book is")
    parser.add_argument(
        "--store", action="append", default=[], metavar="CODE", help="code of the store; may be repeated; left out: any"
    )
    parser.add_argument(
        "--poison-sku", action="append", default=[], metavar="SKU", help="an order with it must not be in M3 (PFX-*)"
    )
    parser.add_argument(
        "--told", action="append", default=[], type=int, metavar="ID", help="order of which a person was told"
    )
    parser.add_argument("--json", action="store_true", help="print the verdict for programs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
