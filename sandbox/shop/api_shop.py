"""REST addresses about the shop itself: taxes, gateways, zones, settings, currency, status; served by `app`."""

from collections.abc import Callable
from typing import Any

from sandbox.shop import schema as check
from sandbox.shop.errors import RestError
from sandbox.shop.order_json import self_link
from sandbox.shop.routing import Answer, Call, Endpoint, Route, page_of
from sandbox.shop.totals import RATES, TaxRate
from sandbox.shop.wire import JSONDict, to_int

_PAGING: check.Schema = {"page": check.at_least(1), "per_page": check.between(1, 100)}


def _root(call: Call) -> str:
    return f"{call.base}/wp-json/wc/v3"


def list_taxes(call: Call) -> Answer:
    """Answer the tax rates."""
    return page_of(call, list(RATES.values()), show=lambda rate: _show_rate(call, rate))


def get_tax(call: Call) -> Answer:
    """Answer one tax rate."""
    rate = RATES.get(to_int(call.ids[0]))
    if rate is None:
        raise RestError("woocommerce_rest_invalid_id", "Invalid resource ID.", status=404)
    return Answer(_show_rate(call, rate))


def _show_rate(call: Call, rate: TaxRate) -> JSONDict:
    url = f"{_root(call)}/taxes"
    return {
        "id": rate.id,
        "country": "",
        "state": "",
        "postcode": "",
        "city": "",
        "rate": f"{rate.percent}.0000",
        "name": rate.label,
        "priority": 1,
        "compound": False,
        "shipping": rate.is_on_shipping,
        "order": 0,
        "class": rate.tax_class or "standard",
        "postcodes": [],
        "cities": [],
        "_links": {"self": self_link(f"{url}/{rate.id}"), "collection": [{"href": url}]},
    }


def list_tax_classes(call: Call) -> Answer:
    """Answer the tax classes."""
    classes = [("standard", "Standard rate"), ("reduced-rate", "Reduced rate"), ("zero-rate", "Zero rate")]
    links = {"collection": [{"href": f"{_root(call)}/taxes/classes"}]}
    return page_of(call, classes, show=lambda c: {"slug": c[0], "name": c[1], "_links": links})


def list_gateways(call: Call) -> Answer:
    """Answer the payment gateways."""
    rows = [
        ("bacs", "Direct bank transfer", True),
        ("cheque", "Check payments", False),
        ("cod", "Cash on delivery", True),
    ]
    return page_of(call, rows, show=lambda row: _show_gateway(call, *row))


def _show_gateway(call: Call, name: str, title: str, enabled: bool) -> JSONDict:
    url = f"{_root(call)}/payment_gateways"
    return {
        "id": name,
        "title": title,
        "description": "",
        "order": "",
        "enabled": enabled,
        "method_title": title,
        "method_description": "",
        "method_supports": ["products"],
        "settings": {},
        "_links": {"self": self_link(f"{url}/{name}", ["GET", "POST", "PUT", "PATCH"]), "collection": [{"href": url}]},
    }


def list_zones(call: Call) -> Answer:
    """Answer the shipping zones."""
    zones = [(0, "Locations not covered by your other zones"), (1, "Everywhere near")]
    return page_of(call, zones, show=lambda zone: _show_zone(call, *zone))


def _show_zone(call: Call, number: int, name: str) -> JSONDict:
    url = f"{_root(call)}/shipping/zones"
    links = {
        "self": self_link(f"{url}/{number}"),
        "collection": [{"href": url}],
        "describedby": [{"href": f"{url}/{number}/locations"}],
    }
    return {"id": number, "name": name, "order": 0, "_links": links}


def current_currency(call: Call) -> Answer:
    """Answer the currency of the shop."""
    url = f"{_root(call)}/data/currencies"
    links = {"self": self_link(f"{url}/EUR", ["GET"]), "collection": [{"href": url}]}
    return Answer({"code": "EUR", "name": "Euro", "symbol": "&euro;", "_links": links})


def currency_setting(_call: Call) -> Answer:
    """Answer the setting of the base currency; the recorded answer has no links."""
    text = (
        "This controls what currency prices are listed at in the catalog and which currency gateways "
        "will take payments in."
    )
    return Answer(
        {
            "id": "woocommerce_currency",
            "label": "Currency",
            "description": text,
            "type": "select",
            "default": "USD",
            "tip": text,
            "value": "EUR",
            "group_id": "general",
        }
    )


def _choice(call: Call, name: str, *, label: str, tip: str, options: JSONDict, value: bool) -> JSONDict:
    url = f"{_root(call)}/settings/tax"
    methods = ["GET", "POST", "PUT", "PATCH"]
    return {
        "id": name,
        "label": label,
        "description": "",
        "type": "radio",
        "default": "no",
        "options": options,
        "tip": tip,
        "value": "yes" if value else "no",
        "group_id": "tax",
        "_links": {"self": self_link(f"{url}/{name}", methods), "collection": [{"href": url}]},
    }


def inclusive_setting(call: Call) -> Answer:
    """Answer whether prices are entered with tax."""
    return Answer(
        _choice(
            call,
            "woocommerce_prices_include_tax",
            label="Prices entered with tax",
            tip=(
                "This option is important as it will affect how you input prices. "
                "Changing it will not update existing products."
            ),
            options={
                "yes": "Yes, I will enter prices inclusive of tax",
                "no": "No, I will enter prices exclusive of tax",
            },
            value=call.shop.settings.prices_include_tax,
        )
    )


def rounding_setting(call: Call) -> Answer:
    """Answer whether tax is rounded at subtotal level."""
    setting = _choice(
        call,
        "woocommerce_tax_round_at_subtotal",
        label="Rounding",
        tip="",
        options={},
        value=call.shop.settings.round_at_subtotal,
    )
    setting["type"] = "checkbox"
    del setting["options"], setting["tip"]
    setting["description"] = "Round tax at subtotal level, instead of rounding per line"
    return Answer(setting)


def list_tax_settings(call: Call) -> Answer:
    """Answer the tax settings the sandbox knows."""
    return Answer([inclusive_setting(call).body, rounding_setting(call).body])


def list_general_settings(call: Call) -> Answer:
    """Answer the general settings the sandbox knows."""
    return Answer([currency_setting(call).body])


def system_status(call: Call) -> Answer:
    """Answer the status report, cut down to what a client reads about versions."""
    home = call.shop.settings.home_url
    store = "Automattic\\WooCommerce\\Internal\\DataStores\\Orders\\OrdersTableDataStore"
    environment: dict[str, Any] = {
        "home_url": home,
        "site_url": home,
        "version": "9.9.5",
        "wp_version": "6.9.1",
        "wp_multisite": False,
        "language": "en_US",
        "default_timezone": "UTC",
        "php_version": "8.2.36",
        "wp_cron": False,
        "external_object_cache": None,
    }
    settings: dict[str, Any] = {
        "api_enabled": False,
        "currency": "EUR",
        "number_of_decimals": 2,
        "force_ssl": False,
        "HPOS_enabled": True,
        "order_datastore": store,
        "HPOS_sync_enabled": False,
        "product_types": None,
    }
    return Answer({"environment": environment, "settings": settings})


def _reading(pattern: str, run: Callable[[Call], Answer], *, is_list: bool = False, shown: str = "") -> Route:
    """Make a route that can only be read; `shown` are the methods the real shop has besides."""
    endpoints = {"GET": Endpoint(run, "list" if is_list else "view", query=_PAGING if is_list else {})}
    return Route(pattern, endpoints, shown)


ROUTES = [
    _reading(r"taxes", list_taxes, is_list=True, shown="GET, POST"),
    _reading(r"taxes/classes", list_tax_classes, is_list=True, shown="GET, POST"),
    _reading(r"taxes/(\d+)", get_tax, shown="GET, POST, PUT, PATCH, DELETE"),
    _reading(r"payment_gateways", list_gateways, is_list=True),
    _reading(r"shipping/zones", list_zones, is_list=True, shown="GET, POST"),
    _reading(r"data/currencies/current", current_currency),
    _reading(r"settings/general", list_general_settings, shown="GET"),
    _reading(r"settings/tax", list_tax_settings, shown="GET"),
    _reading(r"settings/general/woocommerce_currency", currency_setting, shown="GET, POST, PUT, PATCH"),
    _reading(r"settings/tax/woocommerce_prices_include_tax", inclusive_setting, shown="GET, POST, PUT, PATCH"),
    _reading(r"settings/tax/woocommerce_tax_round_at_subtotal", rounding_setting, shown="GET, POST, PUT, PATCH"),
    _reading(r"system_status", system_status),
]
