"""What many changed customers cost both systems. Called by `python -m bench`, or alone: `python -m bench.customers`.

One process polls the accounts and runs what is due, as the pool `customers` does; the requests both systems get are counted, and
its own processor time. The sandboxes and the database have processes of their own.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import text

from bench.one_worker import counted, working
from bench.stack import STORE, Stack, running
from connector.flows.customer_publishing.pull import pull
from connector.flows.customers.poll import poll_customers
from connector.ledger.session import transaction
from workers.base import run_exchange
from workers.process import Process

BULK, PAGE, AT_A_TIME = 80, 100, 100
CHANGED = "01 "
READS_TO_SHOP = 3
"""GetBasicData, GetOrderInfo and GetFinancial of each customer that is shown in the shop."""
DUE = text("""
SELECT id FROM exchange WHERE state IN ('ready', 'waiting', 'blocked') AND next_attempt_at <= ledger_now()
  AND coalesce(not_before <= ledger_now(), true) ORDER BY id
""")


@dataclass
class Cost:
    """What one act asked of both systems, and the processor time of this process."""

    m3: int = 0
    shop_reads: int = 0
    shop_writes: int = 0
    own_s: float = 0.0


def run(*, accounts: int = 200, seed: int = 1) -> dict[str, Any]:
    """Measures accounts that become customers, a poll without a change, a change of each, and a change of each in M3.

    Args:
        accounts: How many.
        seed: Of both sandboxes.

    Returns:
        The figures, with those marks that are reached.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bench-customers-") as folder,
        running(Path(folder), seed=seed) as stack,
        working(stack, _show_customers) as process,
    ):
        desk = _Desk(stack, process)
        made = desk.make(accounts)
        costs = {
            "made": desk.cost_of(desk.carry),
            "unchanged": desk.cost_of(desk.carry),
        }
        for account in made:
            desk.account(id=account["id"], billing={"phone": f"{CHANGED}{account['id']:06}"})
        costs["changed in the shop"] = desk.cost_of(desk.carry)
        for customer in stack.m3_book()["customers"]:
            requests.post(f"{stack.m3_url}/_control/customers/{customer['cuno']}", json={"TEPY": "030"}, timeout=60)
        costs["changed in M3"] = desk.cost_of(desk.show)
        known = _carried(stack, accounts)
    return {
        "accounts": known,
        "changed": accounts,
        "costs": {name: asdict(one) for name, one in costs.items()},
        "marks": _marks(costs, changed=accounts, known=known),
    }


def _marks(costs: dict[str, Cost], *, changed: int, known: int) -> dict[str, dict[str, Any]]:
    carried, shown, unchanged = costs["changed in the shop"], costs["changed in M3"], costs["unchanged"]
    pages, turns = math.ceil(known / PAGE), math.ceil(known / AT_A_TIME)
    most_shown = turns * math.ceil(AT_A_TIME * READS_TO_SHOP / BULK) + 2
    rows = {
        "M3 requests for each account changed in the shop <= 3": (carried.m3 / changed, carried.m3 <= 3 * changed),
        f"M3 requests for all customers changed in M3 <= {most_shown}": (shown.m3, shown.m3 <= most_shown),
        f"writes to the shop for them <= {turns}": (shown.shop_writes, shown.shop_writes <= turns),
        "M3 requests where nothing changed = 0": (unchanged.m3, unchanged.m3 == 0),
        f"shop requests then <= {pages + 1}": (unchanged.shop_reads, unchanged.shop_reads <= pages + 1),
    }
    return {name: {"value": round(value, 2), "reached": reached} for name, (value, reached) in rows.items()}


def _carried(stack: Stack, changed: int) -> int:
    """Returns how many accounts are customers, the shop's own with them; a figure counts only if what was measured was done."""
    customers = stack.m3_book()["customers"]
    phones = {phone for one in customers if (phone := one["fields"].get("PHNO", "")).startswith(CHANGED)}
    due = stack.rows("SELECT item_number FROM offer WHERE wanted_rev > done_rev")
    wrong = stack.rows("SELECT state, reason FROM exchange WHERE state <> 'done'")
    if len(phones) != changed or due or wrong:
        raise AssertionError(f"not carried: {changed - len(phones)} telephone numbers, due {due[:3]}, {wrong[:3]}")
    return len(customers)


class _Desk:
    """The one worker process, and what its requests are counted by."""

    def __init__(self, stack: Stack, process: Process) -> None:
        self._stack = stack
        self._process = process
        self._store = process.runtime.store(STORE)
        self._reads = counted("read")
        self._writes = counted("write")

    def account(self, **fields: Any) -> dict[str, Any]:
        """Makes or changes an account; nobody is told."""
        url = f"{self._stack.shop_url}/_control/customers"
        answer = requests.post(url, json={"deliver": "never", **fields}, timeout=60)
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made

    def make(self, count: int) -> list[dict[str, Any]]:
        """Makes accounts with addresses."""
        return [
            self.account(
                email=f"a{number}@example.com",
                billing={
                    **{"first_name": "Ana", "last_name": f"Anić {number}", "address_1": f"Savska {number}"},
                    **{"city": "Zagreb", "postcode": "10000", "country": "HR", "email": f"a{number}@example.com"},
                },
            )
            for number in range(1, count + 1)
        ]

    def carry(self) -> None:
        """Polls the accounts and carries what changed."""
        poll_customers(self._process.runtime.engine, self._store)
        self._drain()

    def show(self) -> None:
        """Asks M3 what changed and shows it in the shop."""
        pull(self._process.runtime.engine, self._store, full=False)
        self._drain()

    def cost_of(self, act: Any) -> Cost:
        """Returns what an act costs."""
        m3, own_s = self._m3_requests(), time.process_time()
        self._reads["n"] = self._writes["n"] = 0
        act()
        own_s = time.process_time() - own_s
        return Cost(self._m3_requests() - m3, self._reads["n"], self._writes["n"], round(own_s, 2))

    def _m3_requests(self) -> int:
        return int(self._stack.m3_book()["http_calls"])

    def _drain(self) -> None:
        while due := self._due():
            for exchange_id in due:
                run_exchange(self._process, exchange_id)

    def _due(self) -> list[int]:
        with transaction(self._process.runtime.engine) as connection:
            return list(connection.execute(DUE).scalars())


def _show_customers(content: dict[str, Any]) -> None:
    """Lets the store follow its accounts and show customers."""
    content["customers"]["accounts"] = {"create": "at_once"}
    content["publish"] = {"customers": {}}


def main() -> int:
    """Prints the figures; returns 0 only if every mark is reached."""
    parser = argparse.ArgumentParser(prog="bench.customers", description="Counts what changed customers cost.")
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = run(accounts=options.accounts, seed=options.seed)
    print(json.dumps(figures["costs"], indent=2))
    for name, mark in figures["marks"].items():
        print(f"{'reached' if mark['reached'] else 'MISSED '}  {mark['value']:>8}  {name}")
    return 0 if all(mark["reached"] for mark in figures["marks"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
