"""Everything that will be sent to M3 for one refund, made in memory and proved before the first write.

Called by refunds_to_m3. It is a batch order as any other: the same plan, with quantities and amounts below zero.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from connector.errors import MappingError, UnknownItemError
from connector.flows.context import Run, StoreContext
from connector.flows.orders.dates import CurrencyDecimals, delivery_date
from connector.flows.orders.personal import emptied
from connector.flows.orders.plan import FLOW as ORDERS
from connector.flows.orders.plan import OrderPlan, charge_text, line_fields
from connector.flows.orders.values import YREF_LENGTH, OrderRunValues
from connector.flows.refunds.noticing import part_of
from connector.flows.refunds.reading import Found
from connector.flows.refunds.stage import Sale
from connector.m3.programs import mms200mi
from connector.m3.programs.ois350mi import Invoice
from connector.m3.rejections import is_not_found
from connector.money.planned import ItemFacts, PlannedLine
from connector.money.refunds import Of, Piece, Taken
from connector.money.returning import as_lines, plan_return
from connector.stores.refunds import RefundsConfig
from connector.woocommerce.models import Order, Refund

FLOW = "refunds_to_m3"
RESTOCKED = "_restock_refunded_items"
_MONEY_FIELDS: dict[str, Any] = {
    "id": True,
    "amount": True,
    "reason": True,
    **{name: True for name in ("line_items", "tax_lines", "shipping_lines", "fee_lines")},
}


@dataclass(frozen=True)
class RefundRunValues(OrderRunValues):
    """The `run` root of config/mappings/refunds_to_m3.yaml: an order's, and what only a refund has."""

    order_type: str  # ORTP
    invoice_number: str  # OIVR
    invoice_year: str  # OYEA
    order_in_m3: str
    refund_id: str


def reference_of(store: str, refund: Refund, *, part: int = 1) -> str:
    """Returns the unique external reference of a refund (YREF): <store>-R<refund id>-<creation epoch>.

    That of a further part ends with its number. It does not begin as an order's does, so that nothing that looks for orders
    finds a return.

    Raises:
        MappingError: It would not fit, or the shop does not say when the refund was made.
    """
    made_at = refund.date_created_gmt
    reference = "" if made_at is None else f"{store}-R{refund.id}-{int(made_at.timestamp())}"
    if reference and part > 1:
        reference += f"-{part}"
    if not reference or len(reference) > YREF_LENGTH:
        raise MappingError(
            f"Refund {refund.id} has no reference that fits into YREF ({YREF_LENGTH} characters).",
            field="YREF",
            resolution="Credit it in M3 by hand, then discard this exchange.",
        )
    return reference


def as_credit_memo(run: Run) -> Run:
    """Returns the run with the operations by which this site makes a credit memo: the batch flow of an order, or its own."""
    memos = run.store.m3.as_kind("credit_memo", for_kind="order")
    return replace(run, store=replace(run.store, m3=memos))


def make_plan(
    run: Run, found: Found, taken: Taken, *, sale: Sale, invoice: Invoice, decimals: CurrencyDecimals
) -> OrderPlan:
    """Puts together everything that will be sent and proves the sums; writes nothing.

    Raises:
        AmountsDifferError: The sums do not agree; nothing may be written.
        MappingError, UnknownItemError: A value has no place in M3.
    """
    order, refund = found.order, found.refund
    config = run.store.config.refunds
    assert order is not None and refund is not None and config is not None, "asked for before"
    items = _find_items(run, order, taken, sale=sale, config=config)
    money = plan_return(
        order,
        taken,
        config=run.store.config,
        items=items,
        currency_decimals=decimals.amounts,
        price_decimals=decimals.prices,
    )
    values = _values(run, order, refund, sale=sale, invoice=invoice, returns_goods=_has_goods(taken))
    named = order.named
    roots = {
        "order": named,
        "refund": refund,
        "delivery": named.delivery_address,
        "run": values,
        "store": run.store.config.m3,
    }
    mapping, of_orders = run.store.mappings[FLOW], run.store.mappings[ORDERS]
    head, line = (mapping.apply(name, values=roots) for name in ("head", "line"))
    address = of_orders.apply("address", values=roots)
    texts = mapping.apply_list("note", values=roots)
    notes = [f"{note.field}: {note.what}" for one in (head, line, address, *texts) for note in one.notes]
    restocked = restocked_lines(order, taken, before=found.restocked_before)
    kinds = {piece.line_id: piece for piece in as_lines(taken)}
    return OrderPlan(
        head=head,
        address=address,
        lines=tuple(
            line.fields | line_fields(one) | _reason_and_place(one, kinds, restocked, config) for one in money.lines
        ),
        charge_texts=tuple(charge_text(one.text, notes) for one in money.head_charges),
        texts=tuple(one.fields for one in texts),
        money=money,
        values=values,
        notes=tuple(notes),
    )


def content_of(store: StoreContext, found: Found, taken: Taken) -> dict[str, object]:
    """Returns what is kept with the document: the refund as sent, for later refunds of the same order and for people."""
    order, refund = found.order, found.refund
    assert order is not None and refund is not None, "asked for before"
    restocked = restocked_lines(order, taken, before=found.restocked_before)
    persons: dict[str, Any] = store.mappings[ORDERS].read("delivery", order.delivery_address)
    persons["refund.reason"] = refund.reason.replace("\x00", "")
    return {
        **(emptied(persons) if order.is_erased else persons),
        "refund": json.loads(refund.model_dump_json(include=_MONEY_FIELDS).replace("\\u0000", "")),
        "restocked": {str(line_id): pieces for line_id, pieces in restocked.items()},
    }


def restocked_lines(order: Order, taken: Taken, *, before: Mapping[int, int]) -> dict[int, int]:
    """Returns how many units of each line the shop put back on sale with this refund.

    Source: WooCommerce keeps a running tally on each line of the order (`_restock_refunded_items`); what earlier refunds put
    back is taken off it.
    """
    found: dict[int, int] = {}
    for piece in taken.pieces:
        line = next((one for one in order.line_items if one.id == piece.source_id), None)
        tally = next((str(row.value) for row in line.meta_data if row.key == RESTOCKED), "") if line else ""
        back = (int(tally) if tally.isdecimal() and len(tally) < 10 else 0) - before.get(piece.source_id, 0)
        units = min(max(back, 0), int(piece.quantity))
        if piece.of is Of.GOODS and units:
            found[piece.source_id] = units
    return found


def _has_goods(taken: Taken) -> bool:
    return any(piece.of is Of.GOODS for piece in taken.pieces)


def _values(
    run: Run, order: Order, refund: Refund, *, sale: Sale, invoice: Invoice, returns_goods: bool
) -> RefundRunValues:
    m3, rules, config = run.store.config.m3, run.store.config.orders, run.store.config.refunds
    assert config is not None and refund.date_created_gmt is not None, "asked for before"
    return RefundRunValues(
        customer_number=sale.customer,
        reference=reference_of(run.store.name, refund, part=part_of(run.claim.business_key)),
        order_number_text=f"{run.store.name.upper()}-{order.number}",
        order_date=refund.date_created_gmt.astimezone(m3.zone).date(),
        delivery_date=delivery_date(run, lead_days=0, working_days=rules.working_days),
        facility=m3.facility,
        warehouse=config.warehouse or m3.warehouse,
        order_type=config.return_order_type if returns_goods else config.credit_order_type,
        invoice_number=invoice.text_number or invoice.number,
        invoice_year=invoice.year,
        order_in_m3=sale.number,
        refund_id=str(refund.id),
    )


def _reason_and_place(
    line: PlannedLine, kinds: Mapping[int, Piece], restocked: Mapping[int, int], config: RefundsConfig
) -> dict[str, str]:
    """Returns reason and location of a line; the shop's restock decides where goods go, never what they cost."""
    pieces = [kinds[line_id] for line_id, _, _ in line.shares]
    if any(piece.of is not Of.GOODS for piece in pieces):
        return {"RSCD": config.credit_reason}
    is_back = all(restocked.get(piece.source_id, 0) >= piece.quantity for piece in pieces)
    return {"RSCD": config.return_reason, "WHSL": config.restocked_location if is_back else config.other_location}


def _find_items(run: Run, order: Order, taken: Taken, *, sale: Sale, config: RefundsConfig) -> dict[int, ItemFacts]:
    """Returns the item of each line: goods come back as the item and unit M3 sold, money on the item of its VAT rate."""
    wanted: dict[int, tuple[str, str]] = {}
    for piece in as_lines(taken):
        if piece.of is Of.GOODS:
            sold = sale.lines[piece.source_id][0]
            wanted[piece.line_id] = (sold.item, sold.unit)
        else:
            wanted[piece.line_id] = (_credit_item(order, piece, config), "")
    facts = _read_facts(run, sorted({item for item, _ in wanted.values()}))
    return {
        line_id: ItemFacts(item, unit or facts[item].unit, price_decimals=facts[item].price_decimals)
        for line_id, (item, unit) in wanted.items()
    }


def _credit_item(order: Order, piece: Piece, config: RefundsConfig) -> str:
    rate = sum((order.tax_rates[one] for one in piece.rates), Decimal(0))
    item = config.credit_item(rate)
    if item is None:
        raise MappingError(
            f"No item is configured for money given back at {rate.normalize():f} % VAT.",
            rule="refunds.credit_items",
            field="ITNO",
            resolution="Make a non-stock item with that VAT code in M3 (MMS001) and add it to refunds.credit_items of the "
            "store file; then release.",
        )
    return item


def _read_facts(run: Run, items: list[str]) -> dict[str, mms200mi.Item]:
    run.journal.pause()
    found: dict[str, mms200mi.Item] = {}
    for item, answer in zip(items, run.store.m3.read([mms200mi.get_item_basic(one) for one in items]), strict=True):
        if is_not_found(answer.error):
            raise UnknownItemError(
                f"M3 has no item {item}.",
                resolution="Create or activate it in MMS001; the refund then goes on by itself.",
                skus=[item],
            )
        found[item] = mms200mi.read_item_basic(answer)
    return found
