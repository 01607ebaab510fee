"""Sums per day and currency, and per account: what the shop states, what M3 holds, what nothing explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connector.flows.reconciling.result import WHOLE, Difference, Fact, Reason, Row, Subject, Why, money
from connector.money.rounding import ZERO


@dataclass
class DayTotal:
    """All facts of one kind, day and currency. Refunds count negative."""

    shop_count: int = 0
    shop: Decimal = ZERO
    m3_count: int = 0
    m3: Decimal = ZERO
    unexplained_count: int = 0
    unexplained: Decimal = ZERO  # shop less M3, of facts with a difference nothing explains


@dataclass
class AccountTotal:
    """What facts of the period change an account by, in one currency; negative is credit."""

    shop: Decimal = ZERO
    m3: Decimal = ZERO


@dataclass
class Totals:
    """The figures of one comparison. `reasons` counts facts that have a row with the reason."""

    facts: Counter[Fact] = field(default_factory=Counter)
    equal: int = 0
    unexplained: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    days: dict[tuple[date, str, Fact], DayTotal] = field(default_factory=dict)
    accounts: dict[tuple[str, str], AccountTotal] = field(default_factory=dict)

    def add(
        self, subject: Subject, found: Sequence[tuple[Difference, Why]], *, shop: Decimal | None, m3: Decimal | None
    ) -> list[Row]:
        """Counts one fact with its differences, and returns their rows, or one that says that all is equal.

        Args:
            subject: The fact; its currency is that of both amounts, and each side's own where they differ is told by a row.
            found: What differs, each with its reason; empty if all is equal.
            shop: What the shop states; None if it has none.
            m3: What M3 holds; None if it has none.
        """
        rows = [subject.row(difference, why) for difference, why in found]
        self._count(subject, rows, shop=shop, m3=m3)
        if rows:
            return rows
        stated = None if shop is None else money(shop)
        return [subject.row(Difference(WHOLE, stated, stated), Why(Reason.EQUAL))]

    def _count(self, subject: Subject, rows: Sequence[Row], *, shop: Decimal | None, m3: Decimal | None) -> None:
        self.facts[subject.fact] += 1
        total = self.days.setdefault((subject.day, subject.currency, subject.fact), DayTotal())
        total.shop_count += shop is not None
        total.shop += shop or ZERO
        total.m3_count += m3 is not None
        total.m3 += m3 or ZERO
        reasons = {row.reason for row in rows}
        self.reasons.update(reasons or {Reason.EQUAL})
        self.equal += not reasons
        if not all(row.is_explained for row in rows):
            self.unexplained += 1
            total.unexplained_count += 1
            total.unexplained += (shop or ZERO) - (m3 or ZERO)

    def add_account(self, account: str, currency: str, *, shop: Decimal, m3: Decimal) -> None:
        """Adds what one fact changes an account by."""
        total = self.accounts.setdefault((account, currency), AccountTotal())
        total.shop += shop
        total.m3 += m3

    @property
    def is_explained(self) -> bool:
        """Whether nobody has to find out what happened."""
        return self.unexplained == 0

    def lines(self) -> list[str]:
        """Returns the figures as sentences."""
        counted = [f"{many} {fact.value}{'s' if many != 1 else ''}" for fact, many in sorted(self.facts.items())]
        told = [f"{self.reasons[one]} {one.value.replace('_', ' ')}" for one in Reason if self.reasons[one]]
        return [
            f"{', '.join(counted) or 'Nothing'} compared: {self.equal} equal, "
            f"{sum(self.facts.values()) - self.equal} not, {self.unexplained} of them unexplained.",
            *([f"By reason: {', '.join(told)}."] if told else []),
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns the figures; amounts as text."""
        return {
            "facts": {fact.value: many for fact, many in sorted(self.facts.items())},
            "equal": self.equal,
            "unexplained": self.unexplained,
            "reasons": {one.value: self.reasons[one] for one in Reason if self.reasons[one]},
            "totals": [
                {
                    "day": day.isoformat(),
                    "currency": currency,
                    "fact": fact.value,
                    "shop_count": one.shop_count,
                    "shop": str(one.shop),
                    "m3_count": one.m3_count,
                    "m3": str(one.m3),
                    "difference": str(one.shop - one.m3),
                    "unexplained_count": one.unexplained_count,
                    "unexplained": str(one.unexplained),
                }
                for (day, currency, fact), one in sorted(self.days.items())
            ],
            "accounts": [
                {
                    "account": account,
                    "currency": currency,
                    "shop": str(one.shop),
                    "m3": str(one.m3),
                    "difference": str(one.shop - one.m3),
                }
                for (account, currency), one in sorted(self.accounts.items())
            ],
        }
