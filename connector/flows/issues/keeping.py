"""What M3 has booked out of stock for an order carried as an invoice, and what was begun; kept with the document; pure.

Called by issues_to_m3 and booking.py. Quantities are units of the shop unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connector.ledger.kept import known

ZERO = Decimal(0)
BASIC = Decimal("0.000001")
"""M3 keeps six decimals of a quantity."""


def plain(quantity: Decimal) -> Decimal:
    """Returns it without zeros at its end."""
    return quantity.normalize() + ZERO


@dataclass(frozen=True)
class Issued:
    """One line of the order: what M3 has booked out for it and not in again. Of a line nothing was sent for, the item is empty.

    Of a line the order does not have any more, and this ledger never knew, M3 alone tells: without product and SKU.
    """

    product_id: int
    sku: str
    item: str = ""
    factor: Decimal = Decimal(1)  # basic units in one of the shop
    units: Decimal = ZERO
    version: int = 0  # of its newest message
    by_hand: Decimal = ZERO  # of `units`, those people answered for: no message moved them

    @property
    def told(self) -> str:
        """What the audit trail says of it."""
        return f"{self.units:f} of {self.item or self.sku}"

    def moved_by_hand(self, units: Decimal) -> Issued:
        """Returns it with units a person answered for."""
        return replace(self, units=self.units + units, by_hand=self.by_hand + units)

    def basic(self, units: Decimal) -> Decimal:
        """Returns units of the shop as M3 counts them."""
        return plain((units * self.factor).quantize(BASIC))

    def units_of(self, basic: Decimal) -> Decimal:
        """Returns basic units as the shop counts them: a whole number, where that is as many to six decimals."""
        units = plain(basic / self.factor)
        whole = plain(units.to_integral_value())
        return whole if self.basic(whole) == basic else units


@dataclass(frozen=True)
class Issue:
    """What is known of an order's units. `wanted` is what M3 shall have booked out, `begun` what was sent and is not proved.

    `owed` is what was wanted when the store file last said how units are booked and the order's status asked for it, as far as the
    order holds it still.
    """

    epoch: str
    lines: Mapping[str, Issued] = field(default_factory=dict)
    wanted: Mapping[str, Decimal] = field(default_factory=dict)
    owed: Mapping[str, Decimal] = field(default_factory=dict)
    begun: Mapping[str, Decimal] = field(default_factory=dict)  # line -> units that go out, negative: come back
    answered: str = ""  # when the newest discard was said that was taken account of
    by_hand: Mapping[str, Decimal] = field(default_factory=dict)  # line -> units that person answered for
    rules: Mapping[str, Any] = field(default_factory=dict)  # how its units are booked, as the store file said it last
    is_told: bool = False  # a person was told that M3 does not list its messages

    def moves(self) -> dict[str, Decimal]:
        """Returns what is still to be booked: line -> units that go out, negative for those that come back."""
        moves = {line: self.wanted.get(line, ZERO) - one.units for line, one in self.lines.items()}
        return {line: units for line, units in moves.items() if units}

    def beginning(self, moves: Mapping[str, Decimal]) -> Issue:
        """Returns it with what is about to be sent."""
        return replace(self, begun={**self.begun, **moves})

    def without(self, lines: Collection[str]) -> Issue:
        """Returns it without what was begun of some lines and never came to M3."""
        return replace(self, begun={line: units for line, units in self.begun.items() if line not in lines})

    def booked(self, quantities: Mapping[str, Decimal]) -> Issue:
        """Returns it with what M3 has executed.

        Args:
            quantities: Line -> basic units, negative: taken out. What M3 says counts, also where something else was sent.
        """
        lines = dict(self.lines)
        for line, quantity in quantities.items():
            one, sent = lines[line], self.begun.get(line)
            units = sent if sent is not None and one.basic(-sent) == quantity else one.units_of(-quantity)
            lines[line] = replace(one, units=one.units + units, version=one.version + 1)
        return replace(self, lines=lines).without(quantities)

    def skipping(self, lines: Collection[str]) -> Issue:
        """Returns it with the next number for lines whose number belongs to an order that had the same ids before."""
        skipped = {line: replace(self.lines[line], version=self.lines[line].version + 1) for line in lines}
        return replace(self, lines={**self.lines, **skipped})

    def answered_for(self, said_at: str) -> Issue:
        """Returns it as a person left it who discarded the exchange: M3 holds what was wanted, and no number is used again."""
        moves = self.moves()
        lines = {
            line: replace(one.moved_by_hand(moves.get(line, ZERO)), version=one.version + (line in self.begun))
            for line, one in self.lines.items()
        }
        return replace(self, lines=lines, begun={}, answered=said_at, by_hand=moves)

    def taken_back(self) -> Issue:
        """Returns it as it is once the person takes the discard back: M3 holds only what it has booked."""
        lines = {line: one.moved_by_hand(-self.by_hand.get(line, ZERO)) for line, one in self.lines.items()}
        return replace(self, lines=lines, answered="", by_hand={})

    def by_product(self) -> dict[str, Decimal]:
        """Returns the units M3 holds of the order by the shop's product."""
        units: dict[str, Decimal] = {}
        for one in self.lines.values():
            if not one.product_id:
                continue
            product = str(one.product_id)
            units[product] = units.get(product, ZERO) + one.units
        return units

    def to_json(self) -> dict[str, Any]:
        """Returns what the document keeps."""
        return {
            "epoch": self.epoch,
            "lines": {
                line: {
                    **{"product_id": one.product_id, "sku": one.sku, "item": one.item, "version": one.version},
                    **{"factor": str(one.factor), "units": str(one.units), "by_hand": str(one.by_hand)},
                }
                for line, one in self.lines.items()
            },
            "wanted": {line: str(units) for line, units in self.wanted.items()},
            "owed": {line: str(units) for line, units in self.owed.items()},
            "begun": {line: str(units) for line, units in self.begun.items()},
            "answered": self.answered,
            "by_hand": {line: str(units) for line, units in self.by_hand.items()},
            "rules": dict(self.rules),
            "is_told": self.is_told,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Issue:
        """Reads what `to_json` gave; a former version kept no `rules` and no `owed`, and of lines nothing done by hand."""
        exact = ("factor", "units", "by_hand")
        lines = {
            line: Issued(**{**known(Issued, one), **{name: Decimal(one.get(name, ZERO)) for name in exact}})
            for line, one in values["lines"].items()
        }
        wanted, begun, by_hand = (_units(values[name]) for name in ("wanted", "begun", "by_hand"))
        owed = _units(values.get("owed", values["wanted"]))
        rest = {name: values[name] for name in ("epoch", "answered", "rules", "is_told") if name in values}
        return cls(lines=lines, wanted=wanted, owed=owed, begun=begun, by_hand=by_hand, **rest)


def _units(kept: Mapping[str, str]) -> dict[str, Decimal]:
    return {line: Decimal(units) for line, units in kept.items()}
