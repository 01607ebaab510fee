"""What became in this run of the parents of families, by which their variations go on. Used by loading.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector.flows.catalogue.planning import VARIABLE, VARIATION, Decision, Trouble, Wanted, kind_of


@dataclass
class Parents:
    """The parents seen so far, by item number.

    Attributes:
        products: The shop's product of each one it has.
        troubles: Why one could not be carried.
        absent: Those the shop does not have and need not have.
        rebuilt: Those that vary otherwise now, so that all their variations have to be looked at.
    """

    products: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, Trouble] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    rebuilt: set[str] = field(default_factory=set)

    def note(self, decision: Decision) -> None:
        """Notes what was decided about an item, if it is the parent of a family."""
        number = decision.wanted.item.number
        if decision.wanted.kind != VARIABLE or decision.wanted.family is None:
            return
        if decision.trouble is not None:
            self.troubles[number] = decision.trouble
        elif decision.row is not None:
            self.products[number] = int(decision.row["id"])
        elif decision.create is None:
            self.absent.add(number)

    def note_written(self, decision: Decision, *, product_id: int) -> None:
        """Notes the product a parent was written to."""
        number = decision.wanted.item.number
        self.products[number] = product_id
        if decision.create or "attributes" in (decision.update or {}):
            self.rebuilt.add(number)

    def note_refused(self, decision: Decision, trouble: Trouble) -> None:
        """Notes why the shop refused a parent."""
        number = decision.wanted.item.number
        self.troubles[number] = trouble
        self.products.pop(number, None)

    def product_of(self, wanted: Wanted) -> int | None:
        """Returns the product of an item's parent; None if it has none, or that has none."""
        return self.products.get(parent_of(wanted))

    def id_for(self, decision: Decision) -> int | None:
        """Returns the product a variation is written under; None for a product."""
        row = decision.row
        if row is not None:
            return int(row["parent_id"]) if kind_of(row) == VARIATION else None
        return self.products[parent_of(decision.wanted)] if decision.wanted.kind == VARIATION else None


def parent_of(wanted: Wanted) -> str:
    """Returns the item number of the parent of an item's family; empty if it is of none."""
    return wanted.family.parent.number if wanted.family is not None else ""
