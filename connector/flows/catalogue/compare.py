"""Items of M3 and products of the shop side by side, field by field. Called by `connector reconcile` and dry runs of `sync`.

Nothing is written, in neither system nor in the ledger. Memory holds a page of items with their families.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from connector.flows.asking import asking
from connector.flows.catalogue.content import Maker
from connector.flows.catalogue.differing import Difference, as_words, fields_to_ask
from connector.flows.catalogue.facts import completed, group_names, read_facts
from connector.flows.catalogue.gathering import Gathering, thought_of
from connector.flows.catalogue.looking import Lookup, slices
from connector.flows.catalogue.planning import VARIABLE, Decision, Planner, Trouble, Wanted, kind_of, unread
from connector.flows.catalogue.rules import FLOW, GONE, ItemRules, item_rules
from connector.flows.catalogue.shop_side import ShopSide
from connector.flows.context import StoreContext
from connector.flows.pulling import Compared, Progress, Reason
from connector.ledger.item_offers import ItemOffer, find_items, items_of_products
from connector.ledger.items import find_items as items_of_skus
from connector.ledger.session import Ledger
from connector.m3.programs.item_master import LOWEST, MOST_ROWS, list_from
from connector.woocommerce.canonical import JSONDict

_MOST_NUMBER = 15  # ITNO
_EVER_H = 24 * 365 * 100


def compare(
    ledger: Ledger,
    store: StoreContext,
    *,
    item_numbers: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Iterator[Compared]:
    """Yields both sides of each item that the shop sells or once did, all rows of an item one after the other.

    Args:
        ledger: Tells what is bound and due.
        store: The store.
        item_numbers: Only these; None: all items of M3, and then the products of the shop that are no items.
        progress: Is told how many items were looked at.

    Raises:
        RetryableError: M3, the shop or the ledger is away.
    """
    rules = item_rules(store)
    if rules is None:
        return
    comparison = _Comparison(ledger, store, rules)
    looked_at = 0
    for facts in _read(store, rules, item_numbers):
        yield from comparison.page(facts)
        looked_at += len(facts)
        if progress:
            progress(looked_at, len(item_numbers) if item_numbers is not None else None)
    if item_numbers is None:
        yield from comparison.unknown_in_m3()


class _Comparison:
    """One comparison."""

    def __init__(self, ledger: Ledger, store: StoreContext, rules: ItemRules) -> None:
        self._ask = asking(ledger)
        self._store = store
        self._rules = rules
        self._planner = Planner(
            rules.config,
            maker=Maker(rules, group_names(store, rules)),
            side=ShopSide(store),
            manages_stock=store.config.publish.stock is not None,
        )
        self._lookup = Lookup(store, fields=fields_to_ask(rules), ask=self._ask)
        self._to_be_bound: set[int] = set()  # products that are an item's, and were not known to be

    def page(self, facts: Sequence[JSONDict]) -> Iterator[Compared]:
        """Yields the rows of some items as M3 has them now."""
        numbers = {str(one["ITNO"]) for one in facts}
        known = {
            one.item_number: one
            for one in self._ask(find_items, self._store.name, flow=FLOW, item_numbers=list(numbers))
        }
        offers = [_with(known.get(str(one["ITNO"])), one) for one in facts]
        gathered = Gathering(self._store, self._rules, ask=self._ask).gather(offers)
        for offer, error in gathered.unread:
            yield _troubled(offer.item_number, None, None, unread(error, offer.item_number))
        parents: dict[str, int] = {}
        members = [self._planner.members(one) for one in gathered.families]
        wanted = [self._planner.parent(one, some) for one, some in zip(gathered.families, members, strict=True)]
        wanted += [self._planner.single(one) for one in gathered.singles]
        for decision in self._decisions(wanted, parents):
            if decision.wanted.kind == VARIABLE and decision.wanted.family and decision.row:
                parents[decision.wanted.item.number] = int(decision.row["id"])
            if _belongs(decision.wanted, numbers):
                yield from _rows(decision)
        of_page = [one for some in members for one in some if one.item.number in numbers]
        for decision in self._decisions(of_page, parents):
            yield from _rows(decision)

    def unknown_in_m3(self) -> Iterator[Compared]:
        """Yields the products of the shop whose SKU is no item of M3; variations are left to their parents.

        One of which a person said which item it is stays the shop's own, and says so.
        """
        for page in self._store.shop.products.pages(fields=("sku", "type")):
            rows = [row for row in page.rows if row.get("sku")]
            bound = self._ask(items_of_products, self._store.name, product_ids=[row["id"] for row in rows])
            known = bound.keys() | self._to_be_bound
            loose = {str(row["sku"]): row for row in rows if row["id"] not in known and kind_of(row) != VARIABLE}
            may_be = [sku for sku in loose if len(sku) <= _MOST_NUMBER]
            read = read_facts(self._store, self._rules, item_numbers=may_be) if may_be else None
            mapped = self._ask(items_of_skus, self._store.name, skus=list(loose), max_age_h=_EVER_H)
            for sku, row in loose.items():
                if sku in mapped and mapped[sku].mapped_by_hand:
                    yield _said_by_person(row, sku, mapped[sku].item_number)
                elif read is None or sku not in may_be or read.facts.get(sku, {}).get(GONE):
                    yield Compared(
                        item_number=None,
                        sku=sku,
                        product_id=int(row["id"]),
                        field="product",
                        m3=None,
                        shop=str(row.get("type", "")),
                        reason=Reason.UNKNOWN_IN_M3,
                        words=f"Product {row['id']} of the shop has SKU {sku}, which is no item of M3.",
                        remedy="Make the item in M3, correct the SKU, or leave the product to the shop.",
                    )

    def _decisions(self, wanted: list[Wanted], parents: dict[str, int]) -> Iterator[Decision]:
        for some in slices(wanted):
            for one, row in self._lookup.see(some):
                if isinstance(row, Trouble):
                    yield Decision(one, one.content, trouble=row)
                else:
                    if row is not None and one.item.offer.product_id is None:
                        self._to_be_bound.add(int(row["id"]))
                    parent = one.family.parent.number if one.family is not None else ""
                    yield self._planner.decide(one, row, parent_id=parents.get(parent))


def _read(store: StoreContext, rules: ItemRules, item_numbers: Collection[str] | None) -> Iterator[list[JSONDict]]:
    """Gives the facts of the items page by page, read from M3 now."""
    if item_numbers is not None:
        for some in slices(sorted(item_numbers), size=MOST_ROWS):
            yield list(read_facts(store, rules, item_numbers=some).facts.values())
        return
    after, is_last = "", False
    while not is_last:
        call = list_from(after or LOWEST, columns=rules.columns_of_lists, language=rules.config.language)
        answer = store.m3.read([call], max_records=MOST_ROWS)[0]
        records = [one for one in answer.page() if one.get("ITNO") and one["ITNO"] != after]
        is_last = not answer.is_cut or not records
        after = records[-1]["ITNO"] if records else after
        if rules.needs_basic:
            yield list(read_facts(store, rules, item_numbers=[one["ITNO"] for one in records]).facts.values())
        else:
            yield list(completed(store, rules, records=records).facts.values())


def _with(offer: ItemOffer | None, facts: JSONDict) -> ItemOffer:
    """Returns an item of the ledger with what M3 says now; one the ledger does not know yet is due."""
    number = str(facts["ITNO"])
    return replace(offer or thought_of(number), source=facts, is_read=True, is_due=offer is None or offer.is_due)


def _belongs(wanted: Wanted, numbers: set[str]) -> bool:
    """Tells whether an item is of this page: one M3 does not have itself is, with the first of its variations."""
    if wanted.item.number in numbers:
        return True
    family = wanted.family
    return family is not None and bool(wanted.item.facts.get(GONE)) and family.members[0].number in numbers


def _rows(decision: Decision) -> Iterator[Compared]:
    wanted, row = decision.wanted, decision.row
    number, product_id = wanted.item.number, int(row["id"]) if row else wanted.item.offer.product_id
    if decision.trouble is not None:
        yield _troubled(number, wanted.sku, product_id, decision.trouble)
    elif row is None:
        if wanted.is_on:
            reason = Reason.PENDING if wanted.item.offer.is_due else Reason.UNKNOWN_IN_SHOP
            yield Compared(
                item_number=number,
                sku=wanted.sku,
                product_id=None,
                field="product",
                m3=wanted.kind,
                shop=None,
                reason=reason,
                wanted="new",
            )
    elif not decision.found and not decision.is_trashed:
        yield Compared(
            item_number=number,
            sku=wanted.sku,
            product_id=product_id,
            field="product",
            m3=wanted.kind,
            shop=kind_of(row),
            reason=Reason.EQUAL,
        )
    else:
        found = [*decision.found]
        if decision.is_trashed:
            found = [Difference("status", "trash", row.get("status"), {"status": "trash"})]
        for one in found:
            yield _different(decision, one, product_id)


def _different(decision: Decision, one: Difference, product_id: int | None) -> Compared:
    wanted = decision.wanted
    offer = wanted.item.offer
    is_ours = one.send is not None
    reason = Reason.PENDING if offer.is_due else Reason.ERROR if offer.problem else Reason.DIFFERENT
    text = as_words(one.field, one.wanted)
    return Compared(
        item_number=wanted.item.number,
        sku=wanted.sku,
        product_id=product_id,
        field=one.field,
        m3=text,
        shop=as_words(one.field, one.held),
        reason=reason if is_ours else Reason.SHOP_OWNED,
        wanted=text if is_ours else None,
        words=offer.problem or "",
        remedy=offer.remedy or "",
    )


def _said_by_person(row: JSONDict, sku: str, item_number: str) -> Compared:
    return Compared(
        item_number=item_number,
        sku=sku,
        product_id=int(row["id"]),
        field="product",
        m3=item_number,
        shop=str(row.get("type", "")),
        reason=Reason.SHOP_OWNED,
        words=f"Orders of SKU {sku} are for item {item_number} (`connector items map`); the product itself is the shop's.",
    )


def _troubled(number: str, sku: str | None, product_id: int | None, trouble: Trouble) -> Compared:
    return Compared(
        item_number=number,
        sku=sku,
        product_id=product_id,
        field="product",
        m3=None,
        shop=None,
        reason=Reason.ERROR,
        words=trouble.words,
        remedy=trouble.remedy,
    )
