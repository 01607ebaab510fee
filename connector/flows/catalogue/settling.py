"""Writes down what became of the items of a run: results, bindings, audit, and who has to look next. Used by loading.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from connector.flows.catalogue.differing import SHOWN, kept
from connector.flows.catalogue.planning import AGAIN_S, Decision, Trouble, Wanted, kind_of
from connector.flows.catalogue.rules import FLOW
from connector.flows.catalogue.shop_side import ShopSide
from connector.flows.context import Run
from connector.ledger.bound_products import FORGET_PRODUCTS, REMEMBER_PRODUCTS, Product, bound
from connector.ledger.item_offers import FORGET_PRODUCT, MARK_NEW, ItemOffer
from connector.ledger.offers import ALL, SETTLE_OFFERS, Result, settled
from connector.ledger.trail import TrailLine
from connector.ledger.waking import wake
from connector.publishing.items import ItemsPublishing
from connector.woocommerce.batches import Done, ElementResult, Problem, Refused
from connector.woocommerce.canonical import JSONDict

GONE_AGAIN = (Problem.UNKNOWN_ID, Problem.UNKNOWN_PARENT, Problem.IS_VARIATION)
"""The product was deleted between the look and the write: the next look finds out."""


class Settling:
    """Stages what is written down; it goes to the ledger with the run's next commit."""

    def __init__(self, run: Run, *, config: ItemsPublishing, side: ShopSide) -> None:
        """Begins with nothing."""
        self._run = run
        self._config = config
        self._side = side
        self._items: set[str] = set()
        self._problems: set[str] = set()
        self._written = 0
        publish = run.store.config.publish
        parts = {"prices_to_woo": publish.prices, "stock_to_woo": publish.stock}
        self._others = [flow for flow, part in parts.items() if part is not None]
        self._has_new = False
        self._owners: dict[int, str] = {}  # of the products bound in this run

    @property
    def count(self) -> int:
        """How many items were settled so far, each once."""
        return len(self._items)

    @property
    def in_words(self) -> str:
        """What the run did, for people; empty if nothing."""
        if not self.count:
            return ""
        told = [f"{self.count} items looked at", f"{self._written} written"]
        return ", ".join([*told, f"{len(self._problems)} with problems"] if self._problems else told)

    def refuse(self, offer: ItemOffer, trouble: Trouble) -> None:
        """Settles an item that cannot be carried."""
        self._stage([_refused(offer, trouble)])

    def nothing(self, wanted: Wanted) -> None:
        """Settles an item the shop does not have and need not have."""
        offer = wanted.item.offer
        self._stage([Result(item_number=offer.item_number, rev=offer.rev)])

    def unchanged(self, decision: Decision) -> None:
        """Settles an item for which nothing is to be written."""
        offer = decision.wanted.item.offer
        if decision.trouble is not None:
            self._stage([_refused(offer, decision.trouble)])
        elif decision.row is None:
            self.nothing(decision.wanted)
            if offer.product_id is not None and decision.wanted.may_be_there:
                self._run.journal.stage(
                    FORGET_PRODUCT, store=self._run.store.name, items=json.dumps([offer.item_number])
                )
        else:
            self._stage([self._carried(decision, decision.row)])

    def trashed(self, decision: Decision) -> None:
        """Settles an item whose product went to the trash."""
        offer = decision.wanted.item.offer
        written = {**offer.written, "status": "trash"}
        self._run.journal.tell([trash_told(decision)])
        self._written += 1
        self._stage([Result(item_number=offer.item_number, rev=offer.rev, written=written)])

    def owner_of(self, product_id: int, *, item_number: str) -> str:
        """Returns the item that has a product in this run: the first one that asks for it."""
        return self._owners.setdefault(product_id, item_number)

    def adopt(self, decisions: Sequence[Decision]) -> None:
        """Binds items to products the shop turns out to have; of two items the one that asked first (`owner_of`)."""
        new = [
            _product(one.wanted, one.row)
            for one in decisions
            if one.row is not None and not _is_conflict(one) and one.row["id"] != one.wanted.item.offer.product_id
        ]
        self._bind(new)

    def written(
        self, decisions: Sequence[Decision], results: Sequence[ElementResult], *, told: Sequence[TrailLine]
    ) -> None:
        """Settles the items of a batch."""
        made, ended = [], []
        for decision, result in zip(decisions, results, strict=True):
            if isinstance(result, Refused):
                ended.append(_refused(decision.wanted.item.offer, self.trouble_of(decision, result)))
                continue
            if decision.create is not None:
                made.append(_product(decision.wanted, result.resource))
            ended.append(_with_ignored(self._carried(decision, result.resource), decision, result))
        lines = taken(told, results)
        self._written += len(lines)
        self._run.journal.tell(lines)
        self._bind(made)
        self._stage(ended)

    def trouble_of(self, decision: Decision, result: Refused) -> Trouble:
        """Returns why the shop refused an item."""
        number = decision.wanted.item.number
        is_passing = result.problem in GONE_AGAIN
        return Trouble(
            result.problem.value, f"Item {number}: {result.message}", result.remedy, AGAIN_S if is_passing else None
        )

    def wake_others(self) -> None:
        """Wakes prices and stock if items got a product."""
        if not self._has_new:
            return
        self._has_new = False
        for flow in self._others:
            messages = wake(self._run.journal.connection, self._run.store.name, flow=flow, business_key=ALL)
            self._run.messages.extend(messages)

    def _bind(self, products: list[Product]) -> None:
        """Binds items, and lets price and stock look at them: what is new in the shop has neither."""
        if not products:
            return
        self._owners |= {one.product_id: one.item_number for one in products}
        rows = bound(self._run.store.name, products)
        self._run.journal.stage(FORGET_PRODUCTS, **rows)
        self._run.journal.stage(REMEMBER_PRODUCTS, **rows)
        numbers = [one.item_number for one in products if one.kind != "variable"]
        if numbers and self._others:
            flows, items = json.dumps(self._others), json.dumps(numbers)
            self._run.journal.stage(MARK_NEW, store=self._run.store.name, flows=flows, items=items)
            self._has_new = True

    def _carried(self, decision: Decision, row: JSONDict) -> Result:
        """Returns the result of an item the shop now holds as wanted; what is not ours to write is not kept as written."""
        offer = decision.wanted.item.offer
        is_new = decision.create is not None
        written = kept(decision.content, row, config=self._config, side=self._side, is_new=is_new)
        if "sku" not in decision.content:  # withdrawn: all but its status stays as it was written
            shown = {**offer.written.get(SHOWN, {}), **written.pop(SHOWN, {})}
            written = {**offer.written, **written, **({SHOWN: shown} if shown else {})}
        return Result(item_number=offer.item_number, rev=offer.rev, written=written)

    def _stage(self, results: list[Result]) -> None:
        self._items |= {one.item_number for one in results}
        self._problems |= {one.item_number for one in results if one.code is not None}
        self._run.journal.stage(SETTLE_OFFERS, **settled(self._run.store.name, flow=FLOW, results=results))


def _refused(offer: ItemOffer, trouble: Trouble) -> Result:
    return Result(
        item_number=offer.item_number,
        rev=offer.rev,
        code=trouble.code,
        problem=trouble.words,
        remedy=trouble.remedy,
        retry_s=trouble.retry_s,
    )


def _with_ignored(result: Result, decision: Decision, done: Done) -> Result:
    if not done.ignored:
        return result
    names = ", ".join(done.ignored)
    written = dict(result.written or {})
    for name in {"attributes", "options"} if "attributes" in done.ignored else set(done.ignored):
        written.pop(name, None)  # so that it is written again when somebody asks for the item
    return replace(
        result,
        written=written,
        code="ignored",
        problem=f"The shop took item {decision.wanted.item.number} (product {done.id}), but not its {names}.",
        remedy="Look whether the shop knows the value (a tax class, a category), then ask for the item again.",
    )


def _product(wanted: Wanted, row: JSONDict) -> Product:
    kind = kind_of(row)
    return Product(
        item_number=wanted.item.number,
        sku=str(row.get("sku", "")) or wanted.sku,
        product_id=int(row["id"]),
        kind=kind,
        parent_id=int(row["parent_id"]) if kind == "variation" else None,
    )


def _is_conflict(decision: Decision) -> bool:
    """Tells whether the shop's product may be another one than the item: it must not be bound."""
    return decision.trouble is not None and decision.trouble.code in ("sku_twice", "sku_taken", "sku_moved", "in_trash")


def told(decision: Decision, *, name: str) -> TrailLine:
    """Returns what the audit trail says of an element of a batch."""
    before: JSONDict = {one.field: one.held for one in decision.found if one.send} if decision.create is None else {}
    return TrailLine(
        action=f"{name} products",
        system="shop",
        key=decision.wanted.item.number,
        before=before,
        after=decision.create or decision.update or {},
    )


def trash_told(decision: Decision) -> TrailLine:
    """Returns what the audit trail says of a product that goes to the trash."""
    before, after = {"status": (decision.row or {}).get("status")}, {"status": "trash"}
    key = decision.wanted.item.number
    return TrailLine(action="DELETE product", system="shop", key=key, before=before, after=after)


def taken(lines: Sequence[TrailLine], results: Sequence[ElementResult]) -> list[TrailLine]:
    """Returns the lines of those elements that the shop has taken."""
    return [line for line, result in zip(lines, results, strict=False) if not isinstance(result, Refused)]
