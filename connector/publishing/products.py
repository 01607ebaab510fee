"""What becomes of products changed in the shop: `publish.products` of a store file. Read by products_to_m3 and its poll."""

from __future__ import annotations

from enum import StrEnum

from connector.publishing.strict import Strict


class ChangedInShop(StrEnum):
    """What is done with a field that M3 is the master of and somebody changed in the shop."""

    PUT_BACK = "put_back"  # M3's value is written again
    REPORT = "report"  # people are told; M3's value is written when the item changes there


class ProductsPublishing(Strict):
    """Fields the shop is the master of travel to M3, as config/mappings/products_to_m3.yaml says."""

    m3_owned: ChangedInShop = ChangedInShop.PUT_BACK
