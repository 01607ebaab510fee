"""What a comparison of both books costs: `python -m bench.reconciling` counts time, and requests to both systems.

One process carries the orders, payments, refunds and invoices of some hundred orders across, then compares them as
`connector reconcile orders` and `money` do. The sandboxes and the database have processes of their own. Everything has to be
explained, else no figure counts.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import text

from bench.customers import DUE
from bench.one_worker import Change, counted, working
from bench.stack import STORE, Stack, running
from connector.flows.polling import ask_for
from connector.flows.reconciling.compare import compare, compare_money
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.totals import Totals
from connector.ledger.session import transaction
from workers.base import run_exchange
from workers.process import Process

PAYMENTS: dict[str, Any] = {
    "interface": "WEBGL",
    "identity": "G1",
    "liability": {"account": "2420"},
    "methods": {"stripe": {"clearing": {"account": "1580"}}},
    "settle": {"against": "prepayment", "batch_type": "WEB", "series": 71},
}
INVOICES: dict[str, Any] = {
    **{"layout": "webinv", "number_prefix": "B-", "credit_prefix": "BC-", "receivable": {"account": "1510"}},
    **{"revenue": [{"account": {"account": "3010"}}], "shipping": {"account": "3510"}, "fees": {"account": "3520"}},
    **{"discounts": {"account": "3730"}, "rounding": {"account": "3740"}, "vat_codes": {"25": "1", "5": "2"}},
    "taxes": [{"rate": "25", "account": {"account": "2610"}}, {"rate": "5", "account": {"account": "2611"}}],
}
BOOKS = {"control_accounts": ["1510"]}
WAIT_S = 901
"""After so long, what waits for an invoice or a batch looks again."""
LINES = [{"sku": "MUG-001", "quantity": 3}, {"sku": "MUG-002", "quantity": 1}]


@dataclass
class Cost:
    """What one comparison cost; `calls` are M3's transactions, many of which go in one request."""

    facts: int
    wall_s: float
    own_s: float
    m3: int
    calls: int
    shop: int


def common(content: dict[str, Any]) -> None:
    """All guests are one customer of M3; payments pay its invoices."""
    content["customers"] |= {"guests": "common", "registered": "common"}
    content |= {"payments": PAYMENTS, "books": BOOKS}


def per_email(content: dict[str, Any]) -> None:
    """Every buyer is a customer of M3."""
    common(content)
    content["customers"] |= {"guests": "per_email", "registered": "per_email"}


def direct(content: dict[str, Any]) -> None:
    """Orders are invoices, and there is no order in M3."""
    common(content)
    content["orders"]["carried_as"] = "invoice"
    content |= {"invoices": INVOICES, "publish": {}}
    content.pop("refunds", None)


STORES: Mapping[str, Change] = {"common customer": common, "a customer each": per_email, "direct invoices": direct}


def run(name: str, *, orders: int = 600, seed: int = 1) -> dict[str, Cost]:
    """Measures the comparison of orders, and of money, of one kind of store.

    Args:
        name: Of `STORES`.
        orders: How many; half of them are invoiced and paid there, a tenth refunded in part.
        seed: Of both sandboxes.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bench-reconciling-") as folder,
        running(Path(folder), seed=seed) as stack,
        working(stack, STORES[name]) as process,
    ):
        desk = _Desk(stack, process)
        desk.trade(orders)
        return {"orders": desk.cost_of(compare), "money": desk.cost_of(compare_money)}


class _Desk:
    """The one worker process, and what its requests are counted by."""

    def __init__(self, stack: Stack, process: Process) -> None:
        self._stack, self._process = stack, process
        self._reads = counted("read")

    def trade(self, count: int) -> None:
        """Sells, delivers, invoices, has paid and refunds."""
        placed = [
            self._stack.place(
                1, kind="guest", status="processing", payment_method="stripe", lines=LINES, billing=buyer(one)
            )[0]
            for one in range(count)
        ]
        self._carry([one["id"] for one in placed])
        numbers = [one["orno"] for one in self._stack.m3_book()["orders"]]
        for number in numbers[: count // 2]:
            self._m3(f"orders/{number}/advance", {"to": "77"})
        self._wait()
        self._m3("payments/update", {})
        self._wait()
        refunded = [one["id"] for one in placed[::10]]
        for order_id in refunded:
            url = f"{self._stack.shop_url}/_control/orders/{order_id}"
            requests.post(url, json={"deliver": "never", "refund": {"amount": "2.50"}}, timeout=60).raise_for_status()
        self._carry(refunded)
        self._wait()

    def cost_of(self, how: Callable[..., Iterator[Any]]) -> Cost:
        """Compares today and yesterday; returns what that cost."""
        store, totals = self._process.runtime.store(STORE), Totals()
        today = self._today()
        period = Period(today - timedelta(days=1), today, store.config.m3.zone)
        before, wall_s, own_s = self._book(), time.monotonic(), time.process_time()
        self._reads["n"] = 0
        for _ in how(self._process.runtime.engine, store, period, totals=totals):
            pass
        wall_s, own_s = time.monotonic() - wall_s, time.process_time() - own_s
        shop, after = self._reads["n"], self._book()
        if not totals.is_explained:
            raise AssertionError("\n".join(totals.lines()))
        return Cost(
            totals.facts.total(), round(wall_s, 2), round(own_s, 2), after[0] - before[0], after[1] - before[1], shop
        )

    def _today(self) -> Any:
        moment: datetime = self._stack.rows("SELECT ledger_now() AS now")[0]["now"]
        return moment.astimezone(self._process.runtime.store(STORE).config.m3.zone).date()

    def _book(self) -> tuple[int, int]:
        book = self._stack.m3_book()
        return int(book["http_calls"]), sum(int(one) for one in book["calls"].values())

    def _m3(self, path: str, content: dict[str, Any]) -> None:
        requests.post(f"{self._stack.m3_url}/_control/{path}", json=content, timeout=60).raise_for_status()

    def _wait(self) -> None:
        """Lets the quarter of an hour pass after which what waits is looked at."""
        with transaction(self._process.runtime.engine) as connection:
            connection.execute(
                text(
                    "INSERT INTO clock_offset (id, seconds) VALUES (1, :by)"
                    " ON CONFLICT (id) DO UPDATE SET seconds = clock_offset.seconds + :by"
                ),
                {"by": WAIT_S},
            )
        self._drain()

    def _carry(self, order_ids: list[int]) -> None:
        ask_for(self._process.runtime.engine, STORE, order_ids=order_ids)
        self._drain()

    def _drain(self) -> None:
        while due := self._due():
            for exchange_id in due:
                run_exchange(self._process, exchange_id)

    def _due(self) -> list[int]:
        with transaction(self._process.runtime.engine) as connection:
            return list(connection.execute(DUE).scalars())


def buyer(number: int) -> dict[str, str]:
    """Returns the billing address of a buyer nobody has seen."""
    return {
        **{"first_name": "Iva", "last_name": f"Horvat {number}", "email": f"iva{number}@example.com"},
        **{"address_1": f"Ilica {number + 1}", "city": "Zagreb", "postcode": "10000", "country": "HR"},
    }


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="bench.reconciling", description="Counts what comparing both books costs.")
    parser.add_argument("--orders", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=tuple(STORES))
    options = parser.parse_args()
    names = [options.store] if options.store else list(STORES)
    found = {name: run(name, orders=options.orders, seed=options.seed) for name in names}
    print(
        json.dumps(
            {name: {what: asdict(one) for what, one in costs.items()} for name, costs in found.items()}, indent=2
        )
    )


if __name__ == "__main__":
    main()
