"""What of a product travels to M3, as the mapping file says. Used by products_to_m3 and compare.py; the runtime loads the file."""

from __future__ import annotations

from dataclasses import dataclass

from connector.errors import NeedsPersonError
from connector.flows.context import StoreContext
from connector.flows.products.ownership import only_of_shop
from connector.ledger.product_facts import KnownProduct
from connector.m3.programs import item_changes
from connector.m3.rejections import is_not_found
from connector.mapping.engine import Mapped
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.product_models import parse_product

FLOW = "products_to_m3"
RECORD = "update"


@dataclass(frozen=True)
class ProductRunValues:
    """The `run` root of config/mappings/products_to_m3.yaml."""

    item_number: str
    product_id: str


def map_product(store: StoreContext, known: KnownProduct, row: JSONDict) -> Mapped:
    """Returns the fields of the item, with its number, that the shop is the master of.

    Raises:
        InvalidPayloadError: The row is no product.
        MappingError: A value cannot be placed.
    """
    product = only_of_shop(parse_product(row), store.config.publish)
    values = ProductRunValues(known.item_number, str(row["id"]))
    return store.mappings[FLOW].apply(RECORD, values={"product": product, "run": values, "store": store.config.m3})


def wanted_of(mapped: Mapped) -> dict[str, str]:
    """Returns the fields without the number of the item."""
    return {name: value for name, value in mapped.fields.items() if name != item_changes.ITEM}


def read_item(store: StoreContext, known: KnownProduct, names: dict[str, str]) -> dict[str, str]:
    """Reads fields of the item as M3 has them.

    Raises:
        NeedsPersonError: M3 has no such item.
        ConnectorError: M3 cannot be asked now.
    """
    answer = store.m3.read([item_changes.get_fields(known.item_number, names=names)])[0]
    if is_not_found(answer.error):
        raise NeedsPersonError(
            f"M3 has no item {known.item_number} any more, so a change of its product has no place.",
            resolution="Create the item again in MMS001, or delete the product in the shop.",
        )
    return item_changes.read_fields(answer)
