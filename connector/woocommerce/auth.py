"""How a shop is addressed and how requests to it are signed; called by client.py when a client is made.

Source: reference/woocommerce/behaviour.md section 2, observed on WooCommerce 9.9.5.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1

from connector.errors import ConfigurationError

API_PATH = "/wp-json/wc/v3"


def api_root(shop_url: str) -> str:
    """Returns the address under which all REST resources are, from the shop's address.

    Args:
        shop_url: The shop's home, e.g. `https://shop.example` or `https://example/shop/`.

    Raises:
        ConfigurationError: It is no http(s) address, or holds a user, a query or a fragment.
    """
    text = shop_url.strip().rstrip("/").removesuffix(API_PATH).rstrip("/")
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        is_usable, parts = False, urlsplit("")
    if not is_usable or "@" in parts.netloc or parts.query or parts.fragment or any(map(str.isspace, text)):
        raise ConfigurationError(
            "The shop's address cannot be used: it must be http or https, without user name, query or blanks.",
            resolution="Give the address of the shop's home page with `connector store add`: https://shop.example",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}{API_PATH}"


def choose_auth(root: str, *, consumer_key: str, consumer_secret: str, allow_plain_http: bool) -> AuthBase:
    """Returns Basic for https and, where the store allows plain http, OAuth 1.0a (there the shop ignores Basic).

    The OAuth signature goes into the Authorization header, so that nothing of it stands in an address.

    Raises:
        ConfigurationError: Plain http without the store's leave, or unusable keys.
    """
    for name, value in (("consumer key", consumer_key), ("consumer secret", consumer_secret)):
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise ConfigurationError(
                f"The shop's {name} is empty or holds characters that none has.",
                resolution="Copy it again from WooCommerce > Settings > Advanced > REST API (ck_... and cs_...).",
            )
    if root.startswith("https://"):
        return HTTPBasicAuth(consumer_key, consumer_secret)
    if not allow_plain_http:
        raise ConfigurationError(
            "The shop's address is plain http: orders and addresses would travel unencrypted.",
            resolution="Use the https address, or set shop.allow_plain_http in the store file if it is a test shop.",
        )
    return OAuth1(consumer_key, client_secret=consumer_secret, signature_method="HMAC-SHA256")
