"""The categories and shop-wide attributes of a shop, read once for a run or comparison. Used by this package."""

from __future__ import annotations

from collections.abc import Iterable

from connector.flows.catalogue.content import BETWEEN
from connector.flows.context import StoreContext
from connector.woocommerce.batches import Done, Problem, Refused
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.terms import Term

UNSORTED = "uncategorized"
"""The category the shop gives to products without one."""


class ShopSide:
    """What products refer to in the shop. Letter case does not matter in names."""

    def __init__(self, store: StoreContext) -> None:
        """Reads nothing yet."""
        self._store = store
        self._paths: dict[int, str] = {}
        self._ids: dict[str, int] = {}
        self._unsorted: frozenset[int] = frozenset()
        self._attributes: dict[str, int] | None = None

    def category(self, path: str) -> int | None:
        """Returns the number of the category at a path ("Apparel > Tops"); None if there is none."""
        self._read_categories()
        return self._ids.get(path.casefold())

    def path_of(self, category_id: int) -> str:
        """Returns the path of a category."""
        self._read_categories()
        return self._paths.get(category_id, f"category {category_id}")

    def is_unsorted(self, category_id: int) -> bool:
        """Tells whether it is the category of products without one."""
        self._read_categories()
        return category_id in self._unsorted

    def attribute(self, name: str) -> int:
        """Returns the number of the shop-wide attribute of this name; 0 if it is one of the products' own."""
        if self._attributes is None:
            rows = self._store.shop.terms.attributes()
            self._attributes = {one.name.casefold(): one.id for one in rows}
        return self._attributes.get(name.casefold(), 0)

    def missing(self, paths: Iterable[str]) -> list[JSONDict]:
        """Returns the categories to be made next, parents before children: those whose parent is there already."""
        wanted: dict[str, JSONDict] = {}
        for path in paths:
            for above, name, whole in _levels(path):
                if self.category(whole) is not None:
                    continue
                parent = self.category(above) if above else 0
                if parent is not None:
                    wanted.setdefault(whole.casefold(), {"name": name, "parent": parent})
                break
        return list(wanted.values())

    def made(self, elements: Iterable[JSONDict], results: Iterable[Done | Refused]) -> list[str]:
        """Remembers categories that were made; returns what the shop says of those it refused."""
        complaints = []
        for element, result in zip(elements, results, strict=True):
            if isinstance(result, Done):
                self._know(Term(result.id, str(element["name"]), "", int(element["parent"])))
            elif result.problem is Problem.TERM_EXISTS and result.resource_id:
                self._know(Term(result.resource_id, str(element["name"]), "", int(element["parent"])))
            else:
                complaints.append(result.message)
        return complaints

    def _read_categories(self) -> None:
        if self._paths:
            return
        terms = {one.id: one for one in self._store.shop.terms.categories()}
        self._unsorted = frozenset(one.id for one in terms.values() if one.slug == UNSORTED)
        for one in terms.values():
            self._know(one, terms)

    def _know(self, one: Term, terms: dict[int, Term] | None = None) -> None:
        names, above, seen = [one.name], one.parent, {one.id}
        while above and terms and above in terms and above not in seen:
            seen.add(above)
            names.insert(0, terms[above].name)
            above = terms[above].parent
        if above and terms is None:
            names.insert(0, self._paths[above])
        path = BETWEEN.join(names)
        self._paths[one.id] = path
        self._ids.setdefault(path.casefold(), one.id)


def _levels(path: str) -> Iterable[tuple[str, str, str]]:
    """Gives each level of a path: the path above it, its name, its own path."""
    names = path.split(BETWEEN)
    for depth, name in enumerate(names):
        yield BETWEEN.join(names[:depth]), name, BETWEEN.join(names[: depth + 1])
