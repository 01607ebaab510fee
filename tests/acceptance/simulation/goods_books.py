"""What must hold of goods at every moment and at rest: prices, stock and products of both books. Used by books.py."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sandbox.shop.entities import Product
from tests.acceptance.simulation.goods import ENDED, MUG, SHOWN, SOLD, STYLE, VARIANTS, GoodsHistory, price_of
from tests.acceptance.simulation.world import World

SOLD_FROM = "20"
_DUE = "SELECT flow, item_number FROM offer WHERE wanted_rev > done_rev ORDER BY 1, 2"
_IS_HELD = """
SELECT 1 FROM exchange WHERE flow IN ('items_to_woo', 'prices_to_woo', 'stock_to_woo') AND state <> 'done'
UNION ALL SELECT 1 FROM store WHERE paused_by IS NOT NULL LIMIT 1
"""
_IS_DUE = "SELECT 1 FROM offer WHERE flow = 'stock_to_woo' AND item_number = :item AND wanted_rev > done_rev"


def of_goods(world: World, history: GoodsHistory) -> Iterator[str]:
    """Says what is wrong at this moment; see `require_sound`."""
    if not world.sort.shows_stock:
        return
    yield from world.witness.complaints
    for item in SHOWN:
        products = _products(world, item)
        if len(products) > 1:
            yield f"doubled: the shop has {len(products)} products of item {item}"
    for item in world.witness.overtaken:
        if not world.witness.reads_again(item) and not world.rows(_IS_DUE, item=item):
            yield f"stale: an older stock of {item} came over a newer one, and nobody looks again"
    for item, (times, units) in world.witness.counts().items():
        if times > history.counted_by_hand[item]:
            yield f"doubled: {times} counts of {item} were booked ({units:+f}), {history.counted_by_hand[item]} were made"


def of_goods_by_day(world: World) -> Iterator[str]:
    """Says what the shop does not show although M3 was asked what changed; see `require_shown`.

    Not of stock, which depends on what orders hold and is compared at night, and not while a flow waits for a person.
    """
    if world.rows(_IS_HELD):
        return
    for item in SHOWN:
        if item in world.site.state.items:
            yield from _of_item(world, item, _products(world, item))


_LOADED = "SELECT 1 FROM offer WHERE flow = 'items_to_woo' AND item_number = :item AND written <> '{}'"


def of_goods_at_rest(world: World, history: GoodsHistory) -> Iterator[str]:
    """Says what is wrong when nothing is left to do; see `require_complete`."""
    if not world.sort.shows_stock:
        return
    for row in world.rows(_DUE):
        yield f"stuck: {row['flow']} is due for ever for {row['item_number']}"
    if not world.sort.shows_goods:
        yield from _of_stock(world, MUG, _products(world, MUG)[0])
        return
    for item in SHOWN:
        if item not in world.site.state.items:
            continue
        products = _products(world, item)
        yield from _of_item(world, item, products)
        if products and item in SOLD and _is_sold(world, item):
            yield from _of_stock(world, item, products[0])
        held, written = world.site.state.items[item].fields.get("FUDS"), history.described.get(item)
        if written is not None and held != written:
            yield f"lost: {item} was described as {written!r} in the shop, M3 has {held!r}"


def _of_item(world: World, item: str, products: list[Product]) -> Iterator[str]:
    held = world.site.state.items[item]
    if not SOLD_FROM <= held.status < ENDED:
        # A product of the shop's own, whose item had ended before the catalogue was first loaded, was never M3's to withdraw.
        was_loaded = bool(world.rows(_LOADED, item=item))
        sold = [one for one in products if was_loaded and one.status == "publish"]
        yield from (f"lost: {item} has ended in M3, the shop sells it" for _ in sold)
        return
    if not products:
        if item != STYLE or any(_is_sold(world, one) for one in VARIANTS):
            yield f"lost: {item} is not in the shop"
        return
    product = products[0]
    if product.status != "publish" and (item != STYLE or any(_is_sold(world, one) for one in VARIANTS)):
        yield f"lost: {item} is sold in M3, and {product.status} in the shop"
    if item not in VARIANTS and product.name != held.name:
        yield f"lost: {item} is {held.name!r} in M3, {product.name!r} in the shop"
    if item in SOLD:
        yield from _of_price(world, item, product)


def _of_price(world: World, item: str, product: Product) -> Iterator[str]:
    price = price_of(world.site, item)
    if price and Decimal(product.regular_price or "0") != price:
        yield f"lost: {item} costs {price} in M3, {product.regular_price} in the shop"


def _of_stock(world: World, item: str, product: Product) -> Iterator[str]:
    in_flight = world.witness.taken().in_flight(item, world.witness.units_held())
    expected = max(0, int(world.witness.free(item)) - in_flight)
    if product.stock_quantity != expected:
        yield f"lost: M3 can give {expected} of {item} besides what is in flight, the shop shows {product.stock_quantity}"


def _is_sold(world: World, item: str) -> bool:
    held = world.site.state.items.get(item)
    return held is not None and SOLD_FROM <= held.status < ENDED


def _products(world: World, item: str) -> list[Product]:
    return [one for one in world.shop.products.with_sku(item) if one.status != "trash"]
