"""Everything that will be sent to M3 for one order, made in memory and proved before the first write.

Called by making.py, for a run and for a dry run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.errors import NeedsPersonError
from connector.flows.context import StoreContext
from connector.flows.orders.charge_names import as_posted, names_in
from connector.flows.orders.personal import emptied
from connector.flows.orders.values import OrderRunValues
from connector.m3.programs import ois100mi
from connector.m3.values import number_text
from connector.mapping.engine import Mapped
from connector.mapping.transforms import cut, m3_text
from connector.money.plan import ItemFacts, MoneyPlan, PlannedLine, plan_money
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.models import Order

FLOW = "orders_to_m3"
CHARGE_TEXT_LENGTH = 30
NO_DISCOUNT = "8"
"""DIC1..6 = 8 with amount and percent 0: M3 adds no discount of its own (money-and-stock section 1)."""
_NO_DISCOUNTS = {**{f"DIC{place}": NO_DISCOUNT for place in range(1, 7)}, "DIA1": "0"}
COSTS_NOTHING = {"SAPR": "0", "SACD": "1", **_NO_DISCOUNTS, "DIP1": "0"}
"""The price fields by which UpdPriceInfo sets a line to nothing, also where M3 lets no discount count on its item."""

_MONEY_FIELDS: dict[str, Any] = {
    "total": True,
    "total_tax": True,
    "line_items": {
        "__all__": {"id", "product_id", "variation_id", "quantity", "total", "subtotal", "total_tax", "taxes"}
    },
    "shipping_lines": {"__all__": {"id", "total", "total_tax", "taxes"}},
    "fee_lines": {"__all__": {"id", "total", "total_tax", "taxes"}},
}
"""What the money plan reads of an order; together with the paths of the mapping file it is the order's content.

Not the SKU: on old orders the shop shows the present one of the product.
"""


@dataclass(frozen=True)
class OrderPlan:
    """The fields of every transaction but the batch order's number, which only M3 can give."""

    head: Mapped
    address: Mapped
    lines: tuple[dict[str, str], ...]  # by the order of `money.lines`, without CUPO
    charge_texts: tuple[str, ...]  # by the order of `money.head_charges`
    texts: tuple[dict[str, str], ...]
    money: MoneyPlan
    values: OrderRunValues
    notes: tuple[str, ...]  # what a rule cut or replaced, for the audit trail
    skus: MappingType[str, str] = field(default_factory=dict)  # by the shop's line; kept, for the shop forgets them
    charges: tuple[dict[str, Any], ...] = ()  # what its charge ids stand for; kept, for the store file may rename them


def plan_order(
    store: StoreContext,
    order: Order,
    *,
    values: OrderRunValues,
    items: MappingType[int, ItemFacts],
    currency_decimals: int,
    price_decimals: int,
    charges: Sequence[MappingType[str, Any]] = (),
) -> OrderPlan:
    """Maps the order and proves its sums. `charges` are the names of those it has in M3 already (charge_names.py).

    Raises:
        MappingError: A value has no place in M3.
        AmountsDifferError: The sums do not agree; nothing may be written.
        NeedsPersonError: M3 could not list its lines, so nothing could be compared afterwards.
    """
    table = as_posted(store.config.money, charges)
    money = plan_money(
        order,
        config=store.config.model_copy(update={"money": table}),
        items=items,
        currency_decimals=currency_decimals,
        price_decimals=price_decimals,
    )
    _require_listable(money)
    mapping = store.mappings[FLOW]
    named = order.named
    roots = {"order": named, "delivery": named.delivery_address, "run": values, "store": store.config.m3}
    head, address, line = (mapping.apply(name, values=roots) for name in ("head", "address", "line"))
    texts = (*mapping.apply_list("note", values=roots), *mapping.apply_list("coupon", values=roots))
    notes = [f"{note.field}: {note.what}" for one in (head, address, line, *texts) for note in one.notes]
    charge_texts = tuple(charge_text(one.text, notes) for one in money.head_charges)
    return OrderPlan(
        head=head,
        address=address,
        lines=tuple(line.fields | line_fields(one) for one in money.lines),
        charge_texts=charge_texts,
        texts=tuple(one.fields for one in texts),
        money=money,
        values=values,
        notes=tuple(notes),
        skus={str(line.id): line.sku.strip() for line in order.line_items},
        charges=names_in(money, table),
    )


def _require_listable(money: MoneyPlan) -> None:
    if len(money.lines) >= ois100mi.MOST_LINES:
        raise NeedsPersonError(
            f"The order has {len(money.lines)} lines, and M3 lists {ois100mi.MOST_LINES} of an order at once, so it could not be "
            "compared with what was sent, nor followed.",
            resolution="Enter it in M3 by hand in several orders, then discard this exchange.",
        )


def line_fields(line: PlannedLine) -> dict[str, str]:
    """Returns what the money plan gives of a line, by M3's names."""
    fields = {
        "ITNO": line.item_number,
        "ORQT": number_text(line.quantity),
        "ALUN": line.unit,
        "SAPR": number_text(line.unit_price),
        "SACD": str(line.price_quantity),
        "SPUN": line.price_unit or line.unit,
        **_NO_DISCOUNTS,
    }
    if line.discount_percent:
        fields["DIP1"] = number_text(line.discount_percent)
    return fields


def charge_text(text: str, notes: list[str]) -> str:
    """Returns the text of a charge as CRD0 holds it; a label only, so it may be cut, with a note."""
    held = m3_text(text)
    short = cut(held.text, CHARGE_TEXT_LENGTH)
    notes += [f"CRD0: {changed.note}" for changed in (held, short) if changed.note]
    return short.text


def content_of(store: StoreContext, order: Order) -> dict[str, object]:
    """Returns the values of all fields that this flow carries across: what must not change unnoticed after posting.

    Of an order whose buyer was erased, what the shop has left of them (the note) is no part of it.
    """
    mapping = store.mappings[FLOW]
    values = mapping.read("order", order) | mapping.read("delivery", order.delivery_address)
    content = {
        **(emptied(values) if order.is_erased else values),
        "money": json.loads(order.model_dump_json(include=_MONEY_FIELDS)),
    }
    held: dict[str, object] = json.loads(json.dumps(content), object_hook=_without_nul)
    return held


def _without_nul(values: dict[str, object]) -> dict[str, object]:
    """PostgreSQL holds no NUL character in JSON."""
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return value.replace("\x00", "") if isinstance(value, str) else value


def fingerprint_of(content: dict[str, object]) -> str:
    """Returns a digest of an order's content: equal for echoes of what we wrote and for repeated deliveries."""
    return hashlib.sha256(canonical_json(content)).hexdigest()
