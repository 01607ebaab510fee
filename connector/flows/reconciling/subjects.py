"""Names the order or refund that rows are about. Called by orders.py and refunds.py."""

from __future__ import annotations

from collections.abc import Sequence

from connector.flows.reconciling.m3_side import Held
from connector.flows.reconciling.result import Fact, Subject
from connector.flows.reconciling.shop_side import ShopOrder, ShopRefund


def subject_of(order: ShopOrder, held: Sequence[Held], *, refund: ShopRefund | None = None) -> Subject:
    """Returns an order, or one of its refunds, with the documents M3 has of it."""
    return Subject(
        fact=Fact.ORDER if refund is None else Fact.REFUND,
        shop_id=(refund or order).id,
        order_number=order.number,
        m3_number=", ".join(one.head.number for one in held) or None,
        day=(refund or order).day,
        currency=order.currency,
    )
