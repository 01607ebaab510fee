"""Puts items together with what M3 says of them and with the families they are variations of. Used by run and comparison."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from connector.errors import ConnectorError
from connector.flows.asking import Ask
from connector.flows.catalogue.facts import read_facts
from connector.flows.catalogue.rules import FAMILY, FLOW, GONE, ItemRules
from connector.flows.context import StoreContext
from connector.ledger.item_offers import ItemOffer, find_families, find_items
from connector.ledger.offers import Source
from connector.woocommerce.canonical import JSONDict


@dataclass(frozen=True)
class Item:
    """An item with what M3 says of it."""

    offer: ItemOffer
    facts: JSONDict
    is_on: bool  # the shop sells it

    @property
    def number(self) -> str:
        """ITNO."""
        return self.offer.item_number


@dataclass(frozen=True)
class Family:
    """A parent with its variations in the order of their numbers, those that are not due included."""

    parent: Item
    members: tuple[Item, ...]

    @property
    def is_on(self) -> bool:
        """Whether the shop shows it: some variation is sold, and its own item, if M3 has one, is not withdrawn."""
        facts = self.parent.facts
        is_withdrawn = not facts.get(GONE) and str(facts.get("STAT", "20")) >= "90"
        return not is_withdrawn and any(one.is_on for one in self.members)

    @property
    def facts(self) -> JSONDict:
        """What its product is made of: its own item, or where M3 has none the first variation that is sold."""
        if not self.parent.facts.get(GONE):
            return self.parent.facts
        first = next((one for one in self.members if one.is_on), self.members[0])
        return {**first.facts, "ITNO": self.parent.number}


@dataclass
class Gathered:
    """Items by what they become in the shop. `unread` could not be read; `read` was read from M3 just now."""

    singles: list[Item] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    unread: list[tuple[ItemOffer, ConnectorError]] = field(default_factory=list)
    read: list[tuple[int, Source]] = field(default_factory=list)


class Gathering:
    """Gathers for one store; asks M3 for what is not kept, 80 items a request."""

    def __init__(self, store: StoreContext, rules: ItemRules, *, ask: Ask, add: Ask | None = None) -> None:
        """Keeps where to ask.

        Args:
            store: The store.
            rules: Its rules.
            ask: Asks the ledger.
            add: Makes offers of parents that have none (item numbers); None: they are only thought of.
        """
        self._store = store
        self._rules = rules
        self._ask = ask
        self._add = add
        self._offers: dict[str, ItemOffer] = {}
        self._facts: dict[str, JSONDict] = {}
        self._result = Gathered()

    def gather(self, offers: Iterable[ItemOffer]) -> Gathered:
        """Returns the items with their families.

        Raises:
            RetryableError: M3 is away.
        """
        taken = list(offers)
        self._take_in(taken)
        if self._rules.config.variations is None:
            self._result.singles = [self._item(one) for one in taken if one.item_number in self._facts]
            return self._result
        self._take_in(self._ask(find_families, self._store.name, flow=FLOW, parents=self._may_be_parents()))
        self._add_parents()
        self._sort(taken)
        return self._result

    def _take_in(self, offers: Iterable[ItemOffer]) -> None:
        new = [one for one in offers if one.item_number not in self._offers]
        self._offers |= {one.item_number: one for one in new}
        self._facts |= {one.item_number: one.source for one in new if one.is_read}
        unread = [one.item_number for one in new if not one.is_read]
        if not unread:
            return
        read = read_facts(self._store, self._rules, item_numbers=unread)
        self._facts |= read.facts
        self._result.unread += [(self._offers[number], error) for number, error in read.errors.items()]
        self._result.read += [
            (self._offers[one].rev, Source(item_number=one, facts=read.facts[one])) for one in read.facts
        ]

    def _may_be_parents(self) -> list[str]:
        return sorted({*self._parents(), *self._offers})

    def _parents(self) -> set[str]:
        return {str(facts[FAMILY]) for facts in self._facts.values() if facts.get(FAMILY)}

    def _add_parents(self) -> None:
        missing = sorted(self._parents() - set(self._offers))
        if not missing:
            return
        self._take_in(self._ask(find_items, self._store.name, flow=FLOW, item_numbers=missing))
        missing = sorted(set(missing) - set(self._offers))
        if missing and self._add is not None:
            self._add(missing)
            self._take_in(self._ask(find_items, self._store.name, flow=FLOW, item_numbers=missing))
        else:
            self._take_in([thought_of(one) for one in missing])

    def _sort(self, taken: list[ItemOffer]) -> None:
        members: dict[str, list[Item]] = {}
        for number, facts in self._facts.items():
            family = str(facts.get(FAMILY, ""))
            if family and not facts.get(GONE):
                members.setdefault(family, []).append(self._item(self._offers[number]))
        listed = {one.number for variations in members.values() for one in variations}
        for parent in sorted(set(members) & set(self._facts)):
            variations = tuple(sorted(members[parent], key=lambda one: one.number))
            self._result.families.append(Family(self._item(self._offers[parent]), variations))
        self._result.singles = [
            self._item(one)
            for one in taken
            if one.item_number in self._facts and one.item_number not in listed and one.item_number not in members
        ]

    def _item(self, offer: ItemOffer) -> Item:
        facts = self._facts[offer.item_number]
        return Item(offer, facts, self._rules.is_sold(facts))


def thought_of(number: str) -> ItemOffer:
    """Returns an item the ledger does not know."""
    return ItemOffer(number, 0, {}, False, False, {}, 0, None, None, None, None)
