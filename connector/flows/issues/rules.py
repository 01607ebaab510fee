"""How units of an order are booked in M3: as the store file says, or as it said while it did. Called by issues_to_m3."""

from __future__ import annotations

from typing import Any

from connector.accounting.invoices import StockIssue
from connector.flows.context import Run, StoreContext
from connector.flows.issues.keeping import Issue


def stated(store: StoreContext) -> StockIssue | None:
    """Returns what the store file says; None if it does not have units booked out (any more)."""
    return None if store.config.invoices is None else store.config.invoices.issue


def rules_of(run: Run, issue: Issue) -> StockIssue:
    """Returns how units of an order are booked; what was booked out is given back in the same way, if the file says nothing."""
    return stated(run.store) or StockIssue.model_validate(issue.rules)


def as_kept(rules: StockIssue | None) -> dict[str, Any]:
    """Returns what is kept with an order."""
    return {} if rules is None else rules.model_dump(mode="json")
