"""The hand on items, stock, prices and rates, under /_control; `control` builds it in."""

from typing import Any

from flask import Blueprint, Response
from pydantic import TypeAdapter

from sandbox.m3.catalogue import CatalogueIn, make_catalogue
from sandbox.m3.control_bodies import as_list, body, locked
from sandbox.m3.item_data import ItemIn, StockIn, delete_item, set_stock, upsert_items
from sandbox.m3.price_data import PriceIn, RateIn, set_prices, set_rates
from sandbox.m3.site import Site

ITEMS = TypeAdapter(list[ItemIn])
STOCK = TypeAdapter(list[StockIn])
PRICES = TypeAdapter(list[PriceIn])
RATES = TypeAdapter(list[RateIn])


def route_items(control: Blueprint, site: Site) -> None:
    """Add the routes to the blueprint."""

    @control.post("/catalogue")
    def catalogue() -> Response:
        wanted = CatalogueIn.model_validate(body() or {})
        seed = site.seed if wanted.seed is None else wanted.seed
        return locked(site, lambda: make_catalogue(site.state, wanted, seed=seed))

    @control.post("/items")
    def items() -> Response:
        given = ITEMS.validate_python(as_list(body()))
        return locked(site, lambda: {"items": upsert_items(site.state, given)})

    @control.delete("/items/<path:itno>")
    def deleted_item(itno: str) -> Response:
        def delete() -> dict[str, Any]:
            delete_item(site.state, itno)
            return {"items": 1}

        return locked(site, delete)

    @control.post("/stock")
    def stock() -> Response:
        given = STOCK.validate_python(as_list(body()))
        return locked(site, lambda: {"balances": set_stock(site.state, given)})

    @control.post("/prices")
    def prices() -> Response:
        given = PRICES.validate_python(as_list(body()))
        return locked(site, lambda: {"prices": set_prices(site.state, given)})

    @control.post("/rates")
    def rates() -> Response:
        given = RATES.validate_python(as_list(body()))
        return locked(site, lambda: {"rates": set_rates(site.state, given)})
