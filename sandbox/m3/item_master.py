"""The item master with its lists in order; `state` holds one, programs read it, `item_data` and `catalogue` fill it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sandbox.m3.entities import Alias, Item
from sandbox.m3.indexes import SortedKeys


@dataclass(frozen=True, slots=True)
class _Listed:
    """In which lists an item stands, to take it out of them again."""

    changed_on: str
    style: str
    aliases: tuple[Alias, ...]


class ItemMaster(Mapping[str, Item]):
    """Items by number; reads like a dict, changes go through `put`, `load` and `delete`."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._listed: dict[str, _Listed] = {}
        self._numbers: SortedKeys[str] = SortedKeys()
        self._by_date: SortedKeys[tuple[str, str]] = SortedKeys()
        self._variants: SortedKeys[tuple[str, str]] = SortedKeys()
        self._with_units: SortedKeys[str] = SortedKeys()
        self._with_names: SortedKeys[str] = SortedKeys()
        self._of_alias: dict[tuple[int, str], list[str]] = {}

    def __getitem__(self, itno: str) -> Item:
        return self._items[itno]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        """Add an item, or list one anew after its fields were changed."""
        self._unlist(item.itno)
        self._items[item.itno] = item
        self._numbers.add(item.itno)
        self._by_date.add((item.changed_on, item.itno))
        style = item.fields.get("HDPR", "")
        if style:
            self._variants.add((style, item.itno))
        if item.units:
            self._with_units.add(item.itno)
        if item.names:
            self._with_names.add(item.itno)
        self._list_aliases(item)
        self._listed[item.itno] = _Listed(item.changed_on, style, item.aliases)

    def load(self, items: Iterable[Item]) -> None:
        """Add many items at once; those that exist already are replaced."""
        new: list[Item] = []
        for item in items:
            if item.itno in self._items:
                self.put(item)
            else:
                self._items[item.itno] = item
                new.append(item)
        self._numbers.add_new(item.itno for item in new)
        self._by_date.add_new((item.changed_on, item.itno) for item in new)
        self._variants.add_new((item.fields["HDPR"], item.itno) for item in new if item.fields.get("HDPR"))
        self._with_units.add_new(item.itno for item in new if item.units)
        self._with_names.add_new(item.itno for item in new if item.names)
        for item in new:
            self._list_aliases(item)
            self._listed[item.itno] = _Listed(item.changed_on, item.fields.get("HDPR", ""), item.aliases)

    def delete(self, itno: str) -> None:
        """Delete an item."""
        self._unlist(itno)
        self._numbers.remove(itno)
        del self._items[itno]

    def from_number(self, itno: str) -> Iterator[Item]:
        """Give the items in number order from a number on."""
        return (self._items[key] for key in self._numbers.since(itno))

    def changed_between(self, first: str, last: str) -> Iterator[Item]:
        """Give the items by date of change (YYYYMMDD), then number."""
        for day, itno in self._by_date.since((first,)):
            if day > last:
                return
            yield self._items[itno]

    def variants_from(self, style: str, itno: str) -> Iterator[Item]:
        """Give the variants in the order of style and number, from one on."""
        return (self._items[key[1]] for key in self._variants.since((style, itno)))

    def with_units(self, itno: str) -> Iterator[Item]:
        """Give the items that have alternate units, from a number on."""
        return (self._items[key] for key in self._with_units.since(itno))

    def with_names(self, itno: str) -> Iterator[Item]:
        """Give the items that have names in other languages, from a number on."""
        return (self._items[key] for key in self._with_names.since(itno))

    def of_alias(self, alwt: int, popn: str) -> list[Item]:
        """Give the items an alias number of a category stands for."""
        return [self._items[itno] for itno in self._of_alias.get((alwt, popn), ())]

    def _list_aliases(self, item: Item) -> None:
        for alias in item.aliases:
            numbers = self._of_alias.setdefault((alias.alwt, alias.popn), [])
            if item.itno not in numbers:
                numbers.append(item.itno)

    def _unlist(self, itno: str) -> None:
        listed = self._listed.pop(itno, None)
        if listed is None:
            return
        self._by_date.remove((listed.changed_on, itno))
        self._variants.remove((listed.style, itno))
        self._with_units.remove(itno)
        self._with_names.remove(itno)
        for alias in listed.aliases:
            numbers = self._of_alias[(alias.alwt, alias.popn)]
            if itno in numbers:
                numbers.remove(itno)
