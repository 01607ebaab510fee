"""Which writes bring an order of M3 to what is wanted, and what of it M3 does not allow; pure. Called by bringing_up.py.

Targets are absolute, so a look at M3 always decides what is left to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from connector.flows.order_changes.forms import ADDED, CHANGED, TEXT
from connector.flows.order_changes.held import Held
from connector.flows.order_changes.wanted import Wanted, WantedCharge, WantedLine
from connector.flows.orders.left import NO_TEXT, OTHER_TEXT, REFERENCES, SOME_TEXT, text_state
from connector.flows.orders.plan import COSTS_NOTHING
from connector.m3.calls import Call
from connector.m3.programs import line_charges, order_changes
from connector.m3.programs.ois100mi import OrderLine
from connector.m3.values import number_text
from connector.money.rounding import ZERO

PRICE_FIELDS = ("SAPR", "SACD", "DIA1", "DIP1", *(f"DIC{place}" for place in range(1, 7)))
UNREADABLE = frozenset(("PHN2",))
"""Fields of the address that M3 takes but does not tell."""


@dataclass(frozen=True)
class Write:
    """One transaction, with what it is about, what was there and what is to be.

    `line` and `quantity` are those of a ...BatchEnt, which may take effect a while after M3 has taken it. `target` stands for what
    is to be where that is somebody's.
    """

    key: str
    call: Call
    before: str = ""
    after: str = ""
    line: str = ""  # CUPO
    quantity: str = ""
    adds: bool = False
    target: str = ""

    @property
    def id(self) -> str:
        """What is to be, in short: the same write for another target is another one.

        But a line is added once: how many of it are wanted by then is looked at when it shows.
        """
        return self.key if self.adds else f"{self.key} -> {self.target or self.after}"


@dataclass
class Todo:
    """What is left to do; `forbidden` says in words what only a person can."""

    writes: list[Write] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    is_to_be_held: bool = False  # nothing may leave for the old address


@dataclass(frozen=True)
class Rules:
    """What the store says about changes."""

    number: str
    close_reason: str
    deletes: bool
    tax_charges: frozenset[str] = frozenset()  # ids of the charges of lines that hold the shop's tax
    rounding_charges: frozenset[str] = frozenset()  # ids that stand for nothing but the rounding


def find_todo(wanted: Wanted, held: Held, rules: Rules) -> Todo:
    """Compares the order in M3 with the target, line by line by CUPO, charges by id."""
    if wanted.ends and rules.deletes and held.lines and held.is_untouched:
        return Todo([Write("delete", order_changes.delete_order(rules.number), before=rules.number)])
    todo = Todo()
    _compare_lines(todo, wanted, held, rules)
    _compare_charges(todo, wanted, held, rules)
    _compare_head(todo, wanted, held, rules)
    _compare_address(todo, wanted, held)
    for place, (block, text) in enumerate(wanted.texts):
        before = held.texts.get(block, "")
        if text != before and (place == 0 or text != NO_TEXT or before):
            call = order_changes.write_text(rules.number, block=block, text=text)
            was = SOME_TEXT if before else ""
            todo.writes.append(Write(f"{TEXT}{block}", call, before=was, after=OTHER_TEXT, target=text_state(text)))
    return todo


def leaving_rounding(wanted: Wanted, held: Held, rules: Rules) -> Wanted:
    """Returns the target with the rounding as M3 holds it, where nothing else of the head charges differs and M3 picks.

    No head charge is changed then, and cents shall not keep in the order what must not be delivered.
    """
    differing = {
        name for name in wanted.charges.keys() | held.charges.keys() if _amount(wanted, name) != _held(held, name)
    }
    if not held.is_picked or not differing <= rules.rounding_charges:
        return wanted
    cents = sum((_held(held, name) - _amount(wanted, name) for name in differing), ZERO)
    if not cents or abs(cents) > wanted.rounding_limit:
        return wanted
    left = {name: WantedCharge(held.charges[name], "") for name in differing & held.charges.keys()}
    others = {name: one for name, one in wanted.charges.items() if name not in differing}
    expected = replace(wanted.expected, total=wanted.expected.total + cents)
    return replace(wanted, charges={**others, **left}, expected=expected, rounding_left=cents)


def _amount(wanted: Wanted, name: str) -> Decimal:
    return wanted.charges[name].amount if name in wanted.charges else ZERO


def _held(held: Held, name: str) -> Decimal:
    return held.charges.get(name, ZERO)


def _compare_lines(todo: Todo, wanted: Wanted, held: Held, rules: Rules) -> None:
    by_cupo: dict[int, list[OrderLine]] = {}
    for line in held.lines:
        by_cupo.setdefault(line.customer_line, []).append(line)
    for one in wanted.lines:
        there = by_cupo.pop(one.cupo, [])
        fitting = [line for line in there if one.planned.item_number in (line.item, line.replaced_item)]
        for line in there:
            if line not in fitting[:1]:
                _close(todo, line, rules)
        if fitting:
            _change(todo, one, fitting[0], rules)
            _compare_taxes(todo, one, fitting[0], held, rules)
        else:
            quantity = number_text(one.planned.quantity)
            call = order_changes.add_line(rules.number, one.fields)
            what = f"{quantity} x {one.planned.item_number}"
            write = Write(f"{ADDED}{one.cupo}", call, after=what, line=str(one.cupo), quantity=quantity, adds=True)
            todo.writes.append(write)
    for lines in by_cupo.values():
        for line in lines:
            _close(todo, line, rules)


def _change(todo: Todo, one: WantedLine, line: OrderLine, rules: Rules) -> None:
    held_quantity = line.quantity_in_unit or line.quantity
    if held_quantity != one.planned.quantity:
        call = order_changes.change_quantity(rules.number, line.key, quantity=one.planned.quantity)
        before, after = number_text(held_quantity), number_text(one.planned.quantity)
        write = Write(f"{CHANGED}{one.cupo}", call, before=before, after=after, line=str(one.cupo), quantity=after)
        _append_allowed(todo, line, write)
    elif line.net_amount != one.planned.amount:
        priced = one.fields if one.planned.amount else COSTS_NOTHING
        fields = {name: priced.get(name, "0" if name == "DIP1" else "") for name in PRICE_FIELDS}
        call = order_changes.change_price(rules.number, line.key, fields)
        before, after = str(line.net_amount), str(one.planned.amount)
        _append_allowed(todo, line, Write(f"amount of line {one.cupo}", call, before=before, after=after))


def _compare_taxes(todo: Todo, one: WantedLine, line: OrderLine, held: Held, rules: Rules) -> None:
    """Compares the charges of a line that hold the shop's tax (mode T); other charges of it are not ours."""
    wanted, found = dict(one.planned.line_taxes), held.line_charges.get(line.key, {})
    for charge, amount in wanted.items():
        before = found.get(charge)
        if before != amount:
            send = line_charges.connect if before is None else line_charges.change
            call = send(rules.number, line.key, charge=charge, amount=amount)
            what = "" if before is None else str(before)
            _append_allowed(todo, line, Write(f"tax {charge} of line {one.cupo}", call, before=what, after=str(amount)))
    for charge in sorted(rules.tax_charges.intersection(found) - wanted.keys()):
        call = line_charges.remove(rules.number, line.key, charge=charge)
        _append_allowed(todo, line, Write(f"tax {charge} of line {one.cupo}", call, before=str(found[charge])))


def _close(todo: Todo, line: OrderLine, rules: Rules) -> None:
    call = order_changes.close_line(rules.number, line.key, reason=rules.close_reason)
    what = f"{number_text(line.quantity_in_unit or line.quantity)} x {line.item}"
    _append_allowed(todo, line, Write(f"close line {line.customer_line} ({line.key.number})", call, before=what))


def _append_allowed(todo: Todo, line: OrderLine, write: Write) -> None:
    if not line.is_unpicked:
        todo.forbidden.append(f"{write.key}: {write.before} -> {write.after or 'none'}, at status {line.status} in M3")
    else:
        todo.writes.append(write)


def _compare_charges(todo: Todo, wanted: Wanted, held: Held, rules: Rules) -> None:
    writes = list(_charge_writes(wanted, held, rules))
    if writes and held.is_picked:
        todo.forbidden += [
            f"{one.key}: {one.before or 'none'} -> {one.after or 'none'}, while M3 picks" for one in writes
        ]
    else:
        todo.writes += writes


def _charge_writes(wanted: Wanted, held: Held, rules: Rules) -> Iterator[Write]:
    for charge_id, charge in wanted.charges.items():
        before = held.charges.get(charge_id)
        if before == charge.amount:
            continue
        send = order_changes.connect_charge if before is None else order_changes.change_charge
        call = send(rules.number, charge=charge_id, amount=charge.amount, description=charge.text)
        yield Write(f"charge {charge_id}", call, before="" if before is None else str(before), after=str(charge.amount))
    for charge_id in held.charges.keys() - wanted.charges.keys():
        call = order_changes.remove_charge(rules.number, charge=charge_id)
        yield Write(f"charge {charge_id}", call, before=str(held.charges[charge_id]))


def _compare_head(todo: Todo, wanted: Wanted, held: Held, rules: Rules) -> None:
    todo.forbidden += [f"{key}, which no transaction of M3 changes" for key in wanted.unplaced]
    differing = {name: value for name, value in wanted.head.items() if value != held.head.get(name, "")}
    references = {name: value for name, value in differing.items() if name in REFERENCES and value}
    todo.forbidden += [
        f"{name} of the head, which no transaction of M3 changes"  # not its values: a site may keep a name there
        for name in differing
        if name not in references
    ]
    if references:
        before = ", ".join(f"{name} {held.head.get(name, '')}" for name in references)
        after = ", ".join(f"{name} {value}" for name, value in references.items())
        call = order_changes.change_references(rules.number, references)
        todo.writes.append(Write("references", call, before=before, after=after))


def _compare_address(todo: Todo, wanted: Wanted, held: Held) -> None:
    """Says which fields differ, not how: they are a person's. The order is stopped while something can still be stopped."""
    told = {name for name in wanted.address if name not in UNREADABLE}
    differing = sorted(name for name in told if wanted.address[name] != held.address.get(name, ""))
    unknown = sorted(name for name in wanted.address if name in UNREADABLE) if not told else []
    if differing or unknown:
        todo.is_to_be_held = bool(differing) and not held.has_left
        names = ", ".join(differing or unknown)
        at = f", at status {held.lowest_status} in M3" if held.is_picked else ""
        todo.forbidden.append(f"the delivery address ({names}){at}, which no transaction of M3 changes")
