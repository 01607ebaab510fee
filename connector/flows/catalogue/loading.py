"""One run of items_to_woo: carries what is due in batches of 100. Called by connector/flows/items_to_woo.py.

Products first (parents before simple ones, so that their variations can follow), then the variations under each parent. The
batches of new products are full ones: what is left over waits for the next items, as long as there are some.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any

from connector.errors import ConnectorError, OutcomeUnknownError
from connector.flows.batches import CREATE, RUN_S, UPDATE, batch_size, clear_up, write
from connector.flows.catalogue.content import Maker
from connector.flows.catalogue.differing import fields_to_ask
from connector.flows.catalogue.facts import group_names
from connector.flows.catalogue.gathering import Gathered, Gathering
from connector.flows.catalogue.looking import Lookup, slices
from connector.flows.catalogue.parents import Parents, parent_of
from connector.flows.catalogue.planning import (
    VARIABLE,
    Decision,
    Planner,
    Trouble,
    Wanted,
    unread,
    untold,
    without_category,
    without_parent,
)
from connector.flows.catalogue.rules import FLOW, ItemRules
from connector.flows.catalogue.settling import Settling, taken, told, trash_told
from connector.flows.catalogue.shop_side import ShopSide
from connector.flows.catalogue.withdrawing import Brake
from connector.flows.context import Run
from connector.flows.finding import choosing
from connector.flows.finding.choosing import Sought
from connector.flows.outcome import Done
from connector.ledger.item_offers import KEEP_READ, read_now, take_due_items
from connector.ledger.offers import ALL, mark_due
from connector.ledger.trail import TrailLine
from connector.ledger.waking import wake
from connector.woocommerce.batches import MOST_ELEMENTS, ElementResult, Refused
from connector.woocommerce.canonical import JSONDict

MOST = 1000
"""So many due items are taken at a time: enough to fill batches, few enough for the memory."""


class Loading:
    """What one run has done so far."""

    def __init__(self, run: Run, rules: ItemRules) -> None:
        """Reads the names of groups if the rules show them."""
        self._run = run
        self._store = run.store
        self._rules = rules
        self._deadline = time.monotonic() + RUN_S
        self._side = ShopSide(run.store)
        run.journal.pause()  # the claim's transaction must not wait for M3
        self._planner = Planner(
            rules.config,
            maker=Maker(rules, group_names(run.store, rules)),
            side=self._side,
            manages_stock=run.store.config.publish.stock is not None,
        )
        self._lookup = Lookup(run.store, fields=fields_to_ask(rules), ask=self._ask)
        self._settling = Settling(run, config=rules.config, side=self._side)
        self._brake = Brake(run.store.name, config=rules.config, ask=self._ask)
        self._parents = Parents()

    def carry(self) -> Done:
        """Takes due items again and again until none is left or the run's time is over.

        Raises:
            NotYetError: A batch of a worker that was lost may still make something new in the shop.
            ConnectorError: The shop or M3 refuses everything, or is away; what was settled before is kept.
        """
        clear_up(self._run, flow=FLOW)
        while not self._is_late:
            offers = self._ask(take_due_items, self._store.name, flow=FLOW, most=MOST)
            if not offers:
                return Done(self._settling.in_words or "nothing is due")
            before = self._settling.count
            gathering = Gathering(self._store, self._rules, ask=self._ask, add=self._add_parents)
            self._carry_some(gathering.gather(offers), is_last=len(offers) < MOST)
            self._settling.wake_others()
            self._run.journal.commit()
            if self._brake.has_held_back:
                return Done(f"{self._settling.in_words}; too many would leave the shop, the flow is paused")
            if (
                self._settling.count == before and not self._is_late
            ):  # what is left waits for something; the sweeper wakes it again
                return Done(f"{self._settling.in_words or 'nothing done'}; more are due")
        self._run.messages.extend(wake(self._run.journal.connection, self._store.name, flow=FLOW, business_key=ALL))
        return Done(f"{self._settling.in_words or 'nothing done'}; more are due")

    @property
    def _is_late(self) -> bool:
        """Whether the run's time is over; not before it came on by something, however slow the shop is."""
        return self._settling.count > 0 and time.monotonic() > self._deadline

    def _ask(self, question: Any, *values: Any, **named: Any) -> Any:
        found = question(self._run.journal.connection, *values, **named)
        self._run.journal.pause()
        return found

    def _add_parents(self, item_numbers: list[str]) -> None:
        self._ask(mark_due, self._store.name, flow=FLOW, item_numbers=item_numbers)

    def _carry_some(self, gathered: Gathered, *, is_last: bool) -> None:
        if gathered.read:
            self._run.journal.stage(KEEP_READ, **read_now(self._store.name, flow=FLOW, sources=gathered.read))
        for offer, error in gathered.unread:
            self._settling.refuse(offer, unread(error, offer.item_number))
        members = {one.parent.number: self._planner.members(one) for one in gathered.families}
        parents = [self._planner.parent(one, members[one.parent.number]) for one in gathered.families]
        products = [*parents, *(self._planner.single(one) for one in gathered.singles)]
        held = self._brake.held_back([*products, *(one for some in members.values() for one in some)])
        self._carry_products(_without(held, products), is_last=is_last)
        self._carry_variations({parent: _without(held, some) for parent, some in members.items()})

    def _carry_products(self, wanted: list[Wanted], *, is_last: bool) -> None:
        before = self._settling.count
        creates: list[Decision] = []
        updates: list[Decision] = []
        for some in slices(wanted):
            if self._is_late:
                return
            for decision in self._decide(some):
                creates += [decision] if decision.create else []
                updates += [decision] if decision.update else []
            creates = self._write_full(creates, CREATE)
            updates = self._write_full(updates, UPDATE)
        self._write_rest(updates, UPDATE)
        if is_last or self._settling.count == before or any(one.wanted.family for one in creates):
            self._write_rest(creates, CREATE)

    def _carry_variations(self, members: Mapping[str, list[Wanted]]) -> None:
        wanted = [one for parent in members for one in self._to_look_at(parent, members[parent])]
        by_family: dict[str, list[Decision]] = {}
        for some in slices(wanted):
            if self._is_late:
                return
            for decision in self._decide(some):
                if decision.create or decision.update:
                    by_family.setdefault(parent_of(decision.wanted), []).append(decision)
            last = parent_of(some[-1])  # its other variations may come with the next slice
            self._write_families([by_family.pop(parent) for parent in list(by_family) if parent != last])
        self._write_families(list(by_family.values()))

    def _write_families(self, families: list[list[Decision]]) -> None:
        """Writes variations, whole families together: each takes a call, but not a step of its own."""
        for name in (CREATE, UPDATE):
            packed: list[Decision] = []
            for family in families:
                some = [one for one in family if (one.create if name == CREATE else one.update)]
                if len(packed) + len(some) > self._size:
                    self._write_rest(packed, name)
                    packed = []
                packed += some
            self._write_rest(packed, name)

    def _to_look_at(self, parent: str, members: list[Wanted]) -> list[Wanted]:
        """Returns the variations to look at; settles those that cannot go on without their parent."""
        due = [one for one in members if one.item.offer.is_due or parent in self._parents.rebuilt]
        if parent in self._parents.products:
            return due
        trouble = self._parents.troubles.get(parent)
        for one in due:
            if not one.may_be_there or parent in self._parents.absent:
                self._settling.nothing(one)
            elif trouble is not None:
                self._settling.refuse(one.item.offer, without_parent(parent, trouble))
        return []

    def _decide(self, some: list[Wanted]) -> list[Decision]:
        """Decides about a slice; settles what needs no batch."""
        without = self._make_categories(some)
        some = [one for one in some if one.item.number not in without]
        decisions = []
        for one, found in self._lookup.see(some):
            row = self._own(one, found)
            if isinstance(row, Trouble):
                decision = Decision(one, one.content, trouble=row)
            else:
                decision = self._planner.decide(one, row, parent_id=self._parents.product_of(one))
            decisions.append(decision)
            self._parents.note(decision)
        self._settling.adopt(decisions)
        for decision in decisions:
            if decision.is_trashed:
                self._trash(decision)
            elif not decision.create and not decision.update:
                self._settling.unchanged(decision)
        return decisions

    def _own(self, one: Wanted, row: JSONDict | Trouble | None) -> JSONDict | Trouble | None:
        """Returns the row, or why it is not the item's: another one of this run, not bound in the ledger yet, has it."""
        if row is None or isinstance(row, Trouble):
            return row
        owner = self._settling.owner_of(int(row["id"]), item_number=one.item.number)
        return (
            row
            if owner == one.item.number
            else untold(choosing.taken(Sought(one.item.number, one.sku), row, owner=owner))
        )

    def _make_categories(self, some: list[Wanted]) -> set[str]:
        """Makes the categories a slice needs; returns the items that have to wait for theirs, settled or postponed."""
        paths = {one.item.number: one.content["categories"] for one in some if one.content.get("categories")}
        waiting: set[str] = set()
        while elements := self._side.missing(paths.values()):
            concerned = [number for number, path in paths.items() if self._side.category(path) is None]
            part = elements[:MOST_ELEMENTS]
            lines = [_category_told(one) for one in part]
            results = self._write(UPDATE, concerned, part, lines, partial(self._create_categories, part))
            if results is None:
                return waiting | set(concerned)
            self._run.journal.tell(taken(lines, results))
            complaints = self._side.made(part, results)
            if complaints:
                for one in some:
                    if one.item.number in concerned:
                        trouble = without_category(str(paths[one.item.number]), complaints)
                        self._settling.refuse(one.item.offer, trouble)
                return waiting | set(concerned)
        return waiting

    def _create_categories(self, elements: list[JSONDict]) -> list[Any]:
        return self._store.shop.terms.create_categories(elements)

    def _trash(self, decision: Decision) -> None:
        row = decision.row or {}
        item = decision.wanted.item.number

        def send() -> bool:
            self._store.shop.products.trash(int(row["id"]))
            return True

        if self._write(UPDATE, [item], {"trash": row["id"]}, [trash_told(decision)], send):
            self._settling.trashed(decision)

    def _write_full(self, decisions: list[Decision], name: str) -> list[Decision]:
        while len(decisions) >= self._size and not self._is_late:
            self._write_batch(decisions[: self._size], name)
            decisions = decisions[self._size :]
        return decisions

    def _write_rest(self, decisions: list[Decision], name: str) -> None:
        while decisions and not self._is_late:
            size = self._size
            self._write_batch(decisions[:size], name)
            decisions = decisions[size:]

    def _write_batch(self, decisions: list[Decision], name: str) -> None:
        """Sends elements and settles their items; those of a lost answer are looked at again after the settle time.

        Products go in one call, variations in one for each parent. All are one step: what an earlier call of it made is found
        by SKU if a later one fails.
        """
        decisions = sorted(decisions, key=lambda one: self._parents.id_for(one) or 0)
        items = [one.wanted.item.number for one in decisions]
        lines = [told(one, name=name) for one in decisions]
        results = self._write(name, items, {name: items}, lines, partial(self._send, decisions, name, lines))
        if results is None:
            return
        for decision, result in zip(decisions, results, strict=True):
            if decision.wanted.kind == VARIABLE and isinstance(result, Refused):
                self._parents.note_refused(decision, self._settling.trouble_of(decision, result))
            elif decision.wanted.kind == VARIABLE:
                self._parents.note_written(decision, product_id=result.id)
        self._settling.written(decisions, results, told=lines)

    def _send(self, decisions: list[Decision], name: str, lines: list[TrailLine]) -> list[ElementResult]:
        results: list[ElementResult] = []
        for parent_id, some in groupby(decisions, key=self._parents.id_for):
            try:
                results += self._send_some(parent_id, list(some), name)
            except OutcomeUnknownError:
                raise
            except ConnectorError:  # the step counts as refused, but its earlier calls were done
                self._run.journal.tell(taken(lines, results))
                raise
        return results

    def _send_some(self, parent_id: int | None, some: list[Decision], name: str) -> list[ElementResult]:
        elements = [one.create or one.update or {} for one in some]
        create, update = (elements, []) if name == CREATE else ([], elements)
        products = self._store.shop.products
        if parent_id is None:
            return products.write_batch(create=create, update=update)
        return products.write_variations(parent_id, create=create, update=update)

    def _write(self, name: str, items: list[str], request: Any, lines: list[TrailLine], send: Any) -> Any:
        return write(self._run, flow=FLOW, name=name, items=items, request=request, told=lines, send=send)

    @property
    def _size(self) -> int:
        return batch_size(self._run, flow=FLOW).elements


def _without(held: Mapping[str, Trouble], wanted: list[Wanted]) -> list[Wanted]:
    """Returns items of which some are held back: those have a trouble, so that nothing is written of them."""
    return [replace(one, trouble=held[one.item.number]) if one.item.number in held else one for one in wanted]


def _category_told(element: JSONDict) -> TrailLine:
    return TrailLine(action="create category", system="shop", key=str(element["name"]), after=element)
