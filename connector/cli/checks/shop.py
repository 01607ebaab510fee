"""Checks the shop of a store: reachable, version, currency, webhooks. Called by connector/cli/check.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.flows.registry import CUSTOMER_TOPICS, FLOWS, PRODUCT_TOPICS
from connector.stores.config import StoreConfig
from connector.woocommerce.client import WooClient

OLDEST_VERSION = (8, 0)
"""The oldest release with order storage and webhooks as observed (reference/woocommerce was recorded on 9.9.5)."""


def needed_topics(config: StoreConfig) -> tuple[str, ...]:
    """Returns what the flows of a store listen to; a webhook nobody listens to would only cost the shop and the receiver work."""
    unused = {
        *(PRODUCT_TOPICS if config.publish.products is None else ()),
        *(CUSTOMER_TOPICS if config.customers.accounts is None else ()),
    }
    return tuple(topic for entry in FLOWS.values() for topic in entry.topics if topic not in unused)


def check_shop(area: Area, shop: WooClient, config: StoreConfig) -> Iterator[Finding]:
    """Yields what was found about the shop; stops if it does not answer."""
    try:
        status = shop.get_system_status()
    except ConnectorError as error:
        yield area.error("shop", error)
        return
    yield _version(area, status)
    yield _currency(area, status, config)
    yield _webhooks(area, shop, needed_topics(config))


def _version(area: Area, status: Mapping[str, Any]) -> Finding:
    version = str((status.get("environment") or {}).get("version", ""))
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is None:
        return area.warn(
            "shop",
            "It answers, but does not say its WooCommerce version.",
            remedy="Give the REST key of an administrator, with read and write permission.",
        )
    if (int(numbers[1]), int(numbers[2])) < OLDEST_VERSION:
        return area.warn(
            "shop",
            f"It answers; WooCommerce {version} is older than what the connector was tried with.",
            remedy=f"Update WooCommerce to {OLDEST_VERSION[0]}.{OLDEST_VERSION[1]} or later.",
        )
    return area.ok("shop", f"It answers with these keys; WooCommerce {version}")


def _currency(area: Area, status: Mapping[str, Any], config: StoreConfig) -> Finding:
    currency = str((status.get("settings") or {}).get("currency", ""))
    carried = sorted(
        {charge.currency for charge in config.money.charges} | {c.currency for c in config.customers.common}
    )
    if not currency:
        return area.warn(
            "shop currency", "The shop does not say its currency.", remedy="Look at WooCommerce, Settings, General."
        )
    if currency not in carried:
        return area.fail(
            "shop currency",
            f"The shop sells in {currency}; the store file has charges and common customers for "
            f"{', '.join(carried) or 'no currency'} only.",
            remedy=f"Add {currency} under money.charges and customers.common of the store file.",
        )
    return area.ok("shop currency", f"{currency}, as configured")


def _webhooks(area: Area, shop: WooClient, needed: tuple[str, ...]) -> Finding:
    try:
        rows = shop.list_webhooks()
    except ConnectorError as error:
        return area.error("webhooks", error)
    active = {str(row.get("topic")) for row in rows if row.get("status") == "active"}
    missing = [topic for topic in needed if topic not in active]
    stopped = sorted({str(row.get("topic")) for row in rows if row.get("status") != "active"} & set(missing))
    if not missing:
        return area.ok("webhooks", f"active for {', '.join(needed)}")
    why = f" ({', '.join(stopped)}: there, but stopped)" if stopped else ""
    return area.warn(
        "webhooks",
        f"None active for {', '.join(missing)}{why}. Changes are found by polling only, minutes later.",
        remedy=f"connector webhooks install {area.name} --url https://RECEIVER",
    )
