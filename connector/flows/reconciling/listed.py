"""Sorts the orders M3 lists by what the shop knows them by. Pure; called by compare.py and the modules it calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connector.flows.reconciling.m3_side import Head
from connector.flows.reconciling.shop_side import ShopOrder, ShopRefund


@dataclass
class Listed:
    """What M3 lists, by the id the shop knows it by; `others` has no reference of this store."""

    orders: dict[int, list[Head]] = field(default_factory=lambda: defaultdict(list))
    returns: dict[int, list[Head]] = field(default_factory=lambda: defaultdict(list))
    others: list[Head] = field(default_factory=list)


def sort_heads(heads: Iterable[Head], *, store: str) -> Listed:
    """Returns orders and returns of a store, each by its id there."""
    listed = Listed()
    for head in heads:
        reference = head.reference
        if reference is None or reference.store != store:
            listed.others.append(head)
        else:
            (listed.returns if reference.is_refund else listed.orders)[reference.shop_id].append(head)
    return listed


def of_this(order: ShopOrder, heads: Mapping[int, Sequence[Head]]) -> list[Head]:
    """Returns M3's orders of this very order; another one may have had its id before."""
    return [head for head in heads.get(order.id, ()) if head.listed.your_reference == order.reference]


def of_refund(refund: ShopRefund, heads: Mapping[int, Sequence[Head]]) -> list[Head]:
    """Returns M3's returns of this very refund, of which there may be several; another one may have had its id before."""
    return [
        head
        for head in heads.get(refund.id, ())
        if refund.reference and f"{head.listed.your_reference}-".startswith(f"{refund.reference}-")
    ]
