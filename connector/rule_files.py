"""Loads the rule files of the deployment (CONNECTOR_CONFIG_DIR) for one store: its mappings, and the layout of its invoice lines.

Called by the runtime, by the commands that check a store file before it is used, and by the checks of all mapping files.
"""

from __future__ import annotations

from collections.abc import Mapping as ReadOnlyMapping
from pathlib import Path

from connector.errors import ConfigurationError
from connector.flows.catalogue.fields import SHOP, item_roots, shop_fields
from connector.flows.catalogue.rules import FLOW as ITEMS
from connector.flows.customer_publishing.fields import FLOW as CUSTOMERS
from connector.flows.customer_publishing.fields import account_fields, account_roots
from connector.flows.customers.values import CustomerRunValues
from connector.flows.orders.values import OrderRunValues
from connector.flows.products.carrying import ProductRunValues
from connector.flows.refunds.plan import RefundRunValues
from connector.m3.catalogue import Catalogue
from connector.m3.layout import Layout, RecordKind, load_layout
from connector.mapping.engine import Mapping
from connector.mapping.loader import load_mapping
from connector.mapping.rules import TO_M3, TO_SHOP
from connector.mapping.schema import FieldSpec
from connector.stores.config import StoreConfig
from connector.stores.systems import M3Config
from connector.woocommerce.models import Address, CouponLine, LineItem, Order, Refund
from connector.woocommerce.product_models import ShopProduct

MAPPING_ROOTS: dict[str, dict[str, type]] = {
    "orders_to_m3": {
        "order": Order,
        "delivery": Address,
        "line": LineItem,
        "coupon": CouponLine,
        "run": OrderRunValues,
        "store": M3Config,
    },
    "refunds_to_m3": {"order": Order, "refund": Refund, "run": RefundRunValues, "store": M3Config},
    "customers_to_m3": {"billing": Address, "shipping": Address, "run": CustomerRunValues, "store": M3Config},
    "products_to_m3": {"product": ShopProduct, "run": ProductRunValues, "store": M3Config},
    ITEMS: item_roots(Catalogue.load()),
    CUSTOMERS: account_roots(Catalogue.load()),
}
"""What the paths of each mapping file may start with."""

SHOP_FIELDS = {ITEMS: shop_fields, CUSTOMERS: account_fields}
"""The flows whose files map to the shop, and the fields of what they make there."""


def load_mappings(config_dir: Path, config: StoreConfig, *, catalogue: Catalogue | None = None) -> dict[str, Mapping]:
    """Loads the mapping files of the deployment for one store.

    Args:
        config_dir: The configuration directory.
        config: The store's configuration, whose lookup tables the files may name.
        catalogue: Published signatures; this package's own when left out.

    Raises:
        ConfigurationError: A file is missing or wrong; names file, line, record and field.
    """
    signatures = catalogue or Catalogue.load()
    flows = [flow for flow in MAPPING_ROOTS if flow != ITEMS or config.publish.items is not None]
    return {flow: _load_mapping(flow, config_dir, config, signatures) for flow in flows}


def load_store_layout(config_dir: Path, config: StoreConfig) -> Layout | None:
    """Loads the layout of a store's invoice lines; None if it has none.

    Raises:
        ConfigurationError: The file is missing or wrong, or has no place for what the store file says of an account.
    """
    invoices = config.invoices
    if invoices is None or not invoices.layout:
        return None
    layout = load_layout(config_dir / "m3" / "layouts" / f"{invoices.layout}.yaml")
    layout.require_room(RecordKind.RECEIVABLE, [invoices.receivable])
    if invoices.credit_prefix:
        layout.require_side(RecordKind.RECEIVABLE)
    layout.require_room(RecordKind.OTHER, invoices.counterparts, has_vat_codes=bool(invoices.vat_codes))
    return layout


def _load_mapping(flow: str, config_dir: Path, config: StoreConfig, catalogue: Catalogue) -> Mapping:
    path = config_dir / "mappings" / f"{flow}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise ConfigurationError(
            f"{path.absolute()} is missing or cannot be read.",
            resolution="Put the release's mapping files into the configuration directory (CONNECTOR_CONFIG_DIR), or "
            "give the command in the project's folder.",
        ) from None

    def signature(program: str, name: str) -> ReadOnlyMapping[str, FieldSpec] | None:
        if flow in SHOP_FIELDS:
            return SHOP_FIELDS[flow](name) if program == SHOP else None
        found = catalogue.find(program, name)
        return found.inputs if found else None

    return load_mapping(
        text,
        source=str(path),
        roots=MAPPING_ROOTS[flow],
        signature=signature,
        lookups=config.lookups,
        sides=TO_SHOP if flow in SHOP_FIELDS else TO_M3,
    )
