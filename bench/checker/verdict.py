"""What the checker found: findings by class, each order beside what M3 has of it, money by currency."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Problem(StrEnum):
    """What can be wrong. One finding is enough for a verdict that is not well."""

    LOST = "lost"  # wanted in the shop, not in M3
    DOUBLED = "doubled"  # two orders of M3 for one of the shop
    DOUBLED_LINES = "lines doubled"  # one order of M3 with more lines or pieces than the shop's
    UNEXPECTED = "unexpected"  # in M3, though no order of the shop asked for it
    POISON = "poison in M3"  # an order that had to be stopped was not
    LEFT_BEHIND = "batch order left behind"  # begun, neither confirmed nor deleted, and nobody was told
    MONEY = "money differs"
    CONTENT = "content differs"
    NUMBER = "number in the shop wrong"  # the meta is missing, false or there twice
    NOTE = "note in the shop wrong"  # not exactly one note that tells M3's number
    CUSTOMER = "customer doubled"  # two customers of M3 for one shopper


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    problem: Problem
    what: str
    order_id: int | None = None  # of the shop, if the finding is about one of its orders


@dataclass(frozen=True)
class Compared:
    """One order of the shop beside what M3 has of it."""

    order_id: int
    status: str
    currency: str
    is_expected: bool  # it had to be in M3 when the books were read
    shop_lines: int
    shop_total: Decimal
    m3_numbers: tuple[str, ...]
    m3_lines: int
    m3_total: Decimal


@dataclass(frozen=True)
class Money:
    """All expected orders of one currency, in both books."""

    currency: str
    orders: int
    shop: Decimal
    m3: Decimal


@dataclass(frozen=True)
class Verdict:
    """The judgement on a pair of books. The lists besides `findings` are no faults; they say what was left out and why."""

    orders: tuple[Compared, ...]
    findings: tuple[Finding, ...]
    money: tuple[Money, ...]
    m3_orders: int
    withdrawn: tuple[int, ...]  # in M3, and cancelled (or the like) in the shop afterwards: a person decides
    gone: tuple[int, ...]  # in M3, and no longer in the shop: deleted for good, or lost with a backup
    waiting: tuple[str, ...]  # batch orders that wait in OIS275 for a person, with what M3 says
    poison: tuple[int, ...]  # orders that had to be stopped
    told: tuple[int, ...]  # orders of which the caller knows that a person was told

    @property
    def is_well(self) -> bool:
        """Tells whether nothing is wrong."""
        return not self.findings

    @property
    def expected(self) -> int:
        """How many orders had to be in M3."""
        return sum(one.is_expected for one in self.orders)

    def counts(self) -> Counter[Problem]:
        """Returns how many findings there are of each class; classes without one are zero."""
        return Counter(finding.problem for finding in self.findings)

    def of(self, problem: Problem) -> tuple[Finding, ...]:
        """Returns the findings of one class."""
        return tuple(finding for finding in self.findings if finding.problem is problem)

    def of_order(self, order_id: int) -> tuple[Finding, ...]:
        """Returns what is wrong with one order of the shop."""
        return tuple(finding for finding in self.findings if finding.order_id == order_id)

    def bound(self, problem: Problem) -> float | None:
        """Returns the share below which the true rate lies at 95 %, or None where it cannot be told.

        The rule of three: 0 of n seen means less than 3/n.
        """
        return 3 / self.expected if self.expected and not self.counts()[problem] else None

    def to_json(self) -> dict[str, Any]:
        """Returns the verdict for programs; money as text, orders only where something is wrong."""
        counts = self.counts()
        return {
            "well": self.is_well,
            "expected": self.expected,
            "m3_orders": self.m3_orders,
            "problems": {str(problem): counts[problem] for problem in Problem},
            "findings": [asdict(finding) for finding in self.findings],
            "money": [{**asdict(one), "shop": str(one.shop), "m3": str(one.m3)} for one in self.money],
            "withdrawn": list(self.withdrawn),
            "gone": list(self.gone),
            "waiting": list(self.waiting),
            "poison": list(self.poison),
            "told": list(self.told),
            "bound": {str(problem): self.bound(problem) for problem in (Problem.LOST, Problem.DOUBLED)},
        }
