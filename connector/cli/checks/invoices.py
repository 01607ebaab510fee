"""Checks what a store with direct invoices has to say of its units and revenue accounts. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator

from connector.accounting.invoices import EVERY, InvoicesConfig
from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError, MappingError
from connector.flows.books.categories import filed_under
from connector.flows.issues.require_unit import require_unit
from connector.stores.config import StoreConfig
from connector.woocommerce.client import WooClient
from connector.woocommerce.terms import Term

MOST_NAMED = 5


def check_invoices(area: Area, shop: WooClient, config: StoreConfig) -> Iterator[Finding]:
    """Yields whether units can be booked out of M3's stock, and whether each category of the shop has a revenue account."""
    if config.invoices is None:
        return
    if config.invoices.issue is not None:
        yield _unit(area, config)
    if config.invoices.is_by_category:
        yield from _categories(area, shop, config.invoices)


def _unit(area: Area, config: StoreConfig) -> Finding:
    """A store file of a former version may not say which unit the shop sells in."""
    try:
        require_unit(config)
    except MappingError as error:
        return area.error("unit of stock issues", error)
    return area.ok("unit of stock issues", config.unit_sold or "the basic unit of each item")


def _categories(area: Area, shop: WooClient, config: InvoicesConfig) -> Iterator[Finding]:
    try:
        terms = {one.id: one for one in shop.terms.categories()}
    except ConnectorError as error:
        yield area.error("revenue by category", error)
        return
    strange = sorted({rule.category for rule in config.revenue} - {one.slug for one in terms.values()} - {EVERY})
    bare = [] if _has_rule_for_all(config) else [one.slug for one in terms.values() if _is_bare(one, terms, config)]
    if strange:
        yield area.warn(
            "revenue by category",
            f"Rules of invoices.revenue name categories the shop does not have: {_some(strange)}.",
            remedy="Correct them in the store file: category is the slug, as the shop shows it under Products > Categories.",
        )
    if bare:
        yield area.warn(
            "categories without account",
            f"No rule of invoices.revenue is for {_some(sorted(bare))}: orders of products filed under nothing else are held.",
            remedy="Add rules for them or for a category above them, or one for every category at the end.",
        )
    if not strange and not bare:
        yield area.ok("revenue by category", f"each of the shop's {len(terms)} categories has a rule")


def _has_rule_for_all(config: InvoicesConfig) -> bool:
    return any((rule.category, rule.product) == (EVERY, EVERY) for rule in config.revenue)


def _is_bare(one: Term, terms: dict[int, Term], config: InvoicesConfig) -> bool:
    filed = filed_under({one.id: one.slug}, terms)
    return not any(rule.category in filed for rule in config.revenue)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
