"""What M3 holds of a confirmed order, read in one bulk, and the charges of its lines in another. Called by bringing_up.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connector.flows.context import Run
from connector.flows.order_changes.wanted import Wanted
from connector.m3.calls import Answer
from connector.m3.programs import line_charges, ois100mi, order_changes
from connector.m3.programs.ois100mi import NO_STOP, LineKey, OrderLine, OrderValue
from connector.m3.rejections import is_not_found
from connector.stores.money import TaxMode

RESERVED, DELIVERED = "22", "66"


@dataclass(frozen=True)
class Held:
    """A confirmed order of M3. `head` and `address` by M3 name, `texts` by block; `lines` without the closed ones."""

    head: Mapping[str, str]
    value: OrderValue
    lines: tuple[OrderLine, ...]
    charges: Mapping[str, Decimal]
    address: Mapping[str, str]
    texts: Mapping[str, str]
    line_charges: Mapping[LineKey, Mapping[str, Decimal]] = field(default_factory=dict)  # where the shop's tax is sent

    @property
    def amounts(self) -> list[tuple[int, Decimal]]:
        """CUPO and net amount of each line."""
        return [(line.customer_line, line.net_amount) for line in self.lines]

    @property
    def is_picked(self) -> bool:
        """Whether the warehouse is at work with any line."""
        return any(not line.is_unpicked for line in self.lines)

    @property
    def lowest_status(self) -> str:
        """The status of the line that is least far."""
        return min((line.status for line in self.lines), default="")

    @property
    def has_left(self) -> bool:
        """Whether all goods are on their way: the order cannot be held up any more."""
        return self.lowest_status >= DELIVERED

    @property
    def stop(self) -> str:
        """The order stop on it (OBLC): ours while it is held by one, M3's credit check's or a person's."""
        return self.head.get("OBLC", "") or NO_STOP

    @property
    def is_untouched(self) -> bool:
        """Whether no line is past 22."""
        return all(line.status == RESERVED for line in self.lines) and self.head.get("ORST", "") == RESERVED


def look(run: Run, number: str, wanted: Wanted) -> Held | None:
    """Reads the order; None if M3 has no such order any more.

    Raises:
        RetryableError: M3 cannot be asked now.
        ListCutError: It has more lines than M3 lists at once.
    """
    run.journal.pause()
    blocks = [block for block, _ in wanted.texts]
    calls = [
        ois100mi.get_head(number),
        ois100mi.get_order_value(number),
        ois100mi.list_lines(number),
        order_changes.list_charges(number),
        *([order_changes.get_address(number)] if wanted.address else []),
        *(order_changes.get_text(number, block=block) for block in blocks),
    ]
    head, value, lines, charges, *others = run.store.m3.read(calls, max_records=ois100mi.MOST_LINES)
    if is_not_found(head.error):
        return None
    open_lines = tuple(line for line in ois100mi.read_lines(lines) if not line.is_closed)
    return Held(
        head=head.first(),
        value=ois100mi.read_order_value(value),
        lines=open_lines,
        charges={one.id: one.amount for one in order_changes.read_charges(charges)},
        address=_first_or_nothing(others[0]) if wanted.address else {},
        texts=_texts(zip(blocks, others[len(others) - len(blocks) :], strict=True)),
        line_charges=_line_charges(run, number, open_lines)
        if wanted.expected.tax_mode is TaxMode.SHOP_TAX_SENT
        else {},
    )


def _line_charges(run: Run, number: str, lines: Sequence[OrderLine]) -> dict[LineKey, dict[str, Decimal]]:
    keys = [line.key for line in lines]
    answers = run.store.m3.read([line_charges.list_charges(number, key) for key in keys])
    told = zip(keys, answers, strict=True)
    return {key: {} if is_not_found(answer.error) else line_charges.read_charges(answer) for key, answer in told}


def _texts(answers: Iterable[tuple[str, Answer]]) -> dict[str, str]:
    return {block: _first_or_nothing(answer).get("TEXT", "") for block, answer in answers}


def _first_or_nothing(answer: Answer) -> Mapping[str, str]:
    return {} if is_not_found(answer.error) else answer.first()
