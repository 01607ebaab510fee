"""What the charge ids of an order stood for when it was sent; pure. Called by the flows of orders and by reconciling.

Kept with the document: where the store file names a charge otherwise since, a change of the order keeps the names its charges have
in M3, and only what comes new bears the present ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from connector.money.planned import MoneyPlan
from connector.stores.money import ChargeConfig, MoneyConfig

CHARGES = "charges"
"""Its name in a document's plan."""


def names_in(plan: MoneyPlan, money: MoneyConfig) -> tuple[dict[str, Any], ...]:
    """Returns what is kept of the table of charges for an order that is posted as planned."""
    of_lines = {charge for line in plan.lines for charge, _ in line.line_taxes}
    return names_of({*(one.charge_id for one in plan.head_charges), *of_lines}, money.charges)


def names_of(ids: Collection[str], table: Iterable[ChargeConfig]) -> tuple[dict[str, Any], ...]:
    """Returns the entries of a table that give these ids a meaning; an id may have several."""
    return tuple(one.model_dump(mode="json") for one in table if one.id in ids)


def as_posted(money: MoneyConfig, kept: Sequence[Mapping[str, Any]]) -> MoneyConfig:
    """Returns the table of charges as it is for an order of which `names_in` kept some."""
    return money.naming([ChargeConfig.model_validate(one, extra="ignore") for one in kept])
