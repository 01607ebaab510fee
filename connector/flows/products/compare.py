"""Compares products of the shop with what M3 has and what was written, and writes nothing.

Called by the dry run of `connector sync products_to_m3`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connector.errors import NeedsPersonError
from connector.flows.context import StoreContext
from connector.flows.products.carrying import map_product, read_item, wanted_of
from connector.flows.products.ownership import changed_here, same
from connector.flows.pulling import Compared, Reason
from connector.ledger.product_facts import KnownProduct, find_product
from connector.ledger.session import Ledger, transaction
from connector.woocommerce.canonical import JSONDict


def compare_products(ledger: Ledger, store: StoreContext, *, product_ids: Iterable[int]) -> Iterator[Compared]:
    """Yields the fields a run would carry to M3 (by M3's names, `shop` is what would be written) or have written to the shop anew.

    A product of which nothing differs gives one row that all is equal; one that is no item of M3 says so.

    Raises:
        ConnectorError: M3, the shop or the ledger is away.
    """
    for product_id in product_ids:
        with transaction(ledger) as connection:
            known = find_product(connection, store.name, product_id=product_id)
        row = store.shop.products.get(product_id) if known else None
        if known is None or row is None:
            yield _unknown(product_id, known)
        else:
            rows = list(_differing(store, known, row))
            yield from rows or [_row(known, row, "all", m3=None, shop=None, reason=Reason.EQUAL)]


def _differing(store: StoreContext, known: KnownProduct, row: JSONDict) -> Iterator[Compared]:
    wanted = wanted_of(map_product(store, known, row))
    try:
        held = read_item(store, known, wanted) if wanted else {}
    except NeedsPersonError as error:
        yield _row(known, row, "ITNO", m3=None, shop=known.item_number, reason=Reason.UNKNOWN_IN_M3, error=error)
        return
    for name, value in wanted.items():
        if not same(value, held.get(name, "")):
            yield _row(known, row, name, m3=held.get(name, ""), shop=value, reason=Reason.DIFFERENT)
    for flow, names in changed_here(row, known, store.config.publish, parts_before=None).items():
        for name in names:
            written = str(known.written[flow].get(name, ""))
            yield _row(known, row, name, m3=written, shop=str(row.get(name, "")), reason=Reason.DIFFERENT, flow=flow)


def _row(
    known: KnownProduct,
    row: JSONDict,
    name: str,
    *,
    m3: str | None,
    shop: str | None,
    reason: Reason,
    flow: str = "",
    error: NeedsPersonError | None = None,
) -> Compared:
    return Compared(
        item_number=known.item_number,
        sku=str(row.get("sku", "")),
        product_id=int(row["id"]),
        field=name,
        m3=m3,
        shop=shop,
        reason=reason,
        words=error.message if error else f"M3 is the master: {flow} looks again" if flow else "",
        remedy=error.resolution if error else "",
    )


def _unknown(product_id: int, known: KnownProduct | None) -> Compared:
    reason = Reason.UNKNOWN_IN_M3 if known is None else Reason.UNKNOWN_IN_SHOP
    item = known.item_number if known else None
    return Compared(item_number=item, sku=None, product_id=product_id, field="all", m3=None, shop=None, reason=reason)
