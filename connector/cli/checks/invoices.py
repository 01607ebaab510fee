"""Checks what a store with direct invoices has to say besides its accounts. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator

from connector.cli.checks.finding import Area, Finding
from connector.errors import MappingError
from connector.flows.issues.units import require_unit
from connector.stores.config import StoreConfig


def check_invoices(area: Area, config: StoreConfig) -> Iterator[Finding]:
    """Yields whether units can be booked out of M3's stock; a store file of a former version may not say which unit is one."""
    if config.invoices is None or config.invoices.issue is None:
        return
    try:
        require_unit(config)
    except MappingError as error:
        yield area.error("unit of stock issues", error)
        return
    yield area.ok("unit of stock issues", config.unit_sold or "the basic unit of each item")
