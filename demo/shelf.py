"""What the shop answers about products over its REST API, as any program of its owner would ask; used by demo/arrivals.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import requests
from requests_oauthlib import OAuth1

from demo.errors import DemoError

KEY, SECRET = "ck_sandbox", "cs_sandbox"
FIELDS = "sku,status,name,regular_price,stock_quantity"
LIMIT_S = 10
MOST = 100

Product = Mapping[str, Any]


class Shelf:
    """Reads products by SKU; for one thread."""

    def __init__(self, shop_url: str) -> None:
        """Takes the shop's address; nothing is asked yet."""
        self._address = f"{shop_url}/wp-json/wc/v3/products"
        self._session = requests.Session()
        self._session.auth = OAuth1(KEY, client_secret=SECRET, signature_method="HMAC-SHA256")

    def read(self, skus: Collection[str]) -> dict[str, Product]:
        """Returns the products and variations the shop has of these SKUs, at most 100.

        Raises:
            DemoError: The shop did not answer.
        """
        query = {"sku": ",".join(skus), "per_page": str(MOST), "_fields": FIELDS}
        try:
            answer = self._session.get(self._address, params=query, timeout=LIMIT_S)
            answer.raise_for_status()
            rows: list[Product] = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise DemoError(f"The shop did not answer for its products: {error}") from error
        return {str(row["sku"]): row for row in rows}

    def close(self) -> None:
        """Ends the connection."""
        self._session.close()
