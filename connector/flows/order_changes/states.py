"""Tells our own half-done changes of an order in M3 from what a person did there; pure. Called by bringing_up.py.

While a change is under way, M3 may hold each line, charge, reference and text as it was before, or as any target since; anything
else is somebody's. The states are kept with the document before the first write of the change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from connector.flows.order_changes.held import Held
from connector.flows.order_changes.wanted import Wanted
from connector.flows.orders.left import (
    AMOUNT,
    NO_TEXT,
    OTHER_TEXT,
    PRICE,
    QUANTITY,
    REFERENCES,
    TEXT_BLOCKS,
    State,
    charge_of_line,
    line_state,
    taxes_state,
    text_state,
    without_texts,
)
from connector.m3.programs.ois100mi import LineKey, OrderLine
from connector.m3.values import number_text
from connector.money.rounding import ZERO


@dataclass(frozen=True)
class Foreign:
    """Something of an order in M3 that somebody changed there; of a text only that it is another one."""

    words: str
    where: str
    found: str


def state_of_held(held: Held) -> State:
    """Returns what M3 holds; of several lines with one number the first."""
    lines = {str(line.customer_line): _line(line) for line in reversed(held.lines)}
    return {
        "lines": lines,
        "charges": {name: number_text(amount) for name, amount in _charges(held).items()},
        "head": references_of(held),
        "texts": _texts(held.texts.items()),
    }


def _charges(held: Held) -> dict[str, Decimal]:
    """Returns the charges of the head, and those of the lines as far as they were read."""
    of_lines = {
        charge_of_line(line.customer_line, charge): amount
        for line in reversed(held.lines)
        for charge, amount in held.line_charges.get(line.key, {}).items()
    }
    return {**held.charges, **of_lines}


def references_of(held: Held) -> dict[str, str]:
    """Returns the references M3 holds, blank ones too."""
    return {name: held.head.get(name, "") for name in REFERENCES}


def _line(line: OrderLine) -> dict[str, str]:
    quantity = line.quantity_in_unit or line.quantity
    return {
        QUANTITY: number_text(quantity),
        AMOUNT: number_text(line.net_amount),
        PRICE: number_text(line.price),
    }


def state_of_wanted(wanted: Wanted) -> State:
    """Returns the target."""
    return {
        "lines": {str(one.cupo): line_state(one.planned) for one in wanted.lines},
        "charges": {
            **{name: number_text(one.amount) for name, one in wanted.charges.items()},
            **{name: text for one in wanted.lines for name, text in taxes_state(one.planned, cupo=one.cupo).items()},
        },
        "head": {name: value for name, value in wanted.head.items() if name in REFERENCES and value},
        "texts": _texts(wanted.texts),
    }


def _texts(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {block: text_state(text) for block, text in texts}


def has_other_quantities(states: Sequence[Mapping[str, Any]]) -> bool:
    """Tells whether some state has a line, or a quantity of it, that the one before does not have."""
    quantities = [{cupo: line[QUANTITY] for cupo, line in state["lines"].items()} for state in states]
    return any(after.items() - before.items() for before, after in pairwise(quantities))


def merged(before: Mapping[str, Any], after: State) -> State:
    """Returns what M3 was left with: the target, and of references and texts also what it did not touch."""
    return {**after, **{part: {**before.get(part, {}), **after[part]} for part in ("head", "texts")}}


def find_unpriced(held: Held, states: Sequence[Mapping[str, Any]]) -> list[OrderLine]:
    """Returns lines that were added to cost nothing and cost what no state tells: M3 may have given them its own price."""
    found = []
    for line in held.lines:
        known = _known(line, states)
        is_free = 0 < len(known) < len(states) and not any(Decimal(one[AMOUNT]) for one in known)
        if is_free and not _is_known(line, known):
            found.append(line)
    return found


def find_foreign(
    held: Held,
    states: Sequence[Mapping[str, Any]],
    *,
    touched: Collection[str],
    own_prices: Mapping[LineKey, str] | None = None,
) -> list[Foreign]:
    """Returns what M3 holds that is in none of the states, or lacks though it is in all of them.

    Args:
        held: What M3 holds.
        states: Between which it may be.
        touched: The references the change is about.
        own_prices: What M3 itself makes of lines that `find_unpriced` returned: that is nobody's.
    """
    return [
        *_foreign_lines(held, states, own_prices or {}),
        *_foreign_charges(held, states),
        *find_foreign_words(held, states, touched=touched),
    ]


def find_foreign_words(held: Held, states: Sequence[Mapping[str, Any]], *, touched: Collection[str]) -> list[Foreign]:
    """Does so for references and texts alone, as far as the change touches them.

    One that no state tells of, of an order posted before they were kept, is nobody's.
    """
    references = {name: value for name, value in references_of(held).items() if name in touched}
    return [
        *_foreign_values("the reference", references, [one.get("head", {}) for one in states]),
        *_foreign_values("the text", _texts(held.texts.items()), [without_texts(one)["texts"] for one in states]),
    ]


def find_foreign_quantities(held: Held, states: Sequence[Mapping[str, Any]]) -> list[Foreign]:
    """Returns lines of quantities that no state has, of which amounts do not tell: of free ones, or at another price.

    Several lines of one number are summed: M3 may have split one.
    """
    found: dict[str, Decimal] = {}
    for line in held.lines:
        cupo = str(line.customer_line)
        found[cupo] = found.get(cupo, ZERO) + (line.quantity_in_unit or line.quantity)
    foreign = []
    for cupo, quantity in found.items():
        known = list(dict.fromkeys(one["lines"][cupo][QUANTITY] for one in states if cupo in one["lines"]))
        if known and number_text(quantity) not in known:
            words = f"line {cupo}: {number_text(quantity)} pieces instead of {' or '.join(known)}"
            foreign.append(Foreign(words, f"line {cupo}", number_text(quantity)))
    return foreign


def _foreign_values(what: str, found: Mapping[str, str], states: Iterable[Mapping[str, str]]) -> Iterator[Foreign]:
    known: dict[str, set[str]] = {}
    for state in states:
        for name, value in state.items():
            known.setdefault(name, set()).update({value, "" if value == NO_TEXT else value})
    for name, values in known.items():
        if name in found and found[name] not in values:
            yield Foreign(f"{what} {name} is another one", name, OTHER_TEXT if name in TEXT_BLOCKS else found[name])


def _foreign_lines(
    held: Held, states: Sequence[Mapping[str, Any]], own_prices: Mapping[LineKey, str]
) -> Iterator[Foreign]:
    for line in held.lines:
        known = _known(line, states)
        now = _line(line)
        if not _is_known(line, known, own_price=own_prices.get(line.key)):
            found = f"{now[QUANTITY]} for {now[AMOUNT]}"
            was = " or ".join(dict.fromkeys(f"{one[QUANTITY]} for {one[AMOUNT]}" for one in known)) or "none"
            yield Foreign(f"line {line.customer_line}: {found} instead of {was}", f"line {line.customer_line}", found)
    present = {str(line.customer_line) for line in held.lines}
    for cupo in set.intersection(*(set(one["lines"]) for one in states)) - present:
        yield Foreign(f"line {cupo}: gone", f"line {cupo}", "none")


def _known(line: OrderLine, states: Sequence[Mapping[str, Any]]) -> list[Mapping[str, str]]:
    return [one["lines"][key] for one in states if (key := str(line.customer_line)) in one["lines"]]


def _is_known(line: OrderLine, known: Sequence[Mapping[str, str]], *, own_price: str | None = None) -> bool:
    """Tells whether a line is as some state has it: its quantity, and amount or price, or the price M3 gives it by itself.

    A quantity of one state may stand at the price of another; but nothing is taken off a price then, else somebody did.
    """
    now = _line(line)
    if not any(now[QUANTITY] == one[QUANTITY] for one in known):
        return False
    if any(now[AMOUNT] == one[AMOUNT] for one in known):
        return True
    return line.is_at_full_price and now[PRICE] in {own_price, *(one[PRICE] for one in known)}


def _foreign_charges(held: Held, states: Sequence[Mapping[str, Any]]) -> Iterator[Foreign]:
    charges = _charges(held)
    for name, amount in charges.items():
        known = list(dict.fromkeys(one["charges"][name] for one in states if name in one["charges"]))
        if number_text(amount) not in known:
            was = " or ".join(known) or "none"
            yield Foreign(f"charge {name}: {amount} instead of {was}", f"charge {name}", str(amount))
    for name in set.intersection(*(set(one["charges"]) for one in states)) - charges.keys():
        yield Foreign(f"charge {name}: gone", f"charge {name}", "none")
