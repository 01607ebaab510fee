"""How far M3 has come with what is refunded, which decides what a refund becomes (money-and-stock section 8).

Called by refunds_to_m3. Not picked yet: the order is made smaller. Being picked or delivered: the invoice is waited for.
Invoiced: a return. The two digits of a line status are its least and its most progressed part (order-rules section 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connector.errors import MissingDependencyError, NeedsPersonError
from connector.flows.context import Run
from connector.flows.order_changes.news import Standing, standing_of
from connector.flows.orders.charge_names import CHARGES
from connector.ledger.order_lines import read_shop_lines
from connector.ledger.posted import Posted
from connector.m3.programs import ois100mi
from connector.m3.programs.ois100mi import OrderLine
from connector.money.refunds import Of, Piece, Taken

INVOICED, ENDED = "77", ("90", "99")


class Stage(StrEnum):
    """How far M3 has come with some lines."""

    UNPICKED = "unpicked"  # none of it is on a picking list
    UNDER_WAY = "under way"  # the warehouse has it, or it is invoiced in part
    INVOICED = "invoiced"
    ENDED = "ended"  # closed without delivery: nothing is invoiced


@dataclass(frozen=True)
class Sale:
    """The order in M3 that a refund belongs to, as it stands.

    `lines` by the id of the shop's line, several where one was split; ended ones only if there are no others. `stage` is that of
    all lines that are not ended.
    """

    number: str
    customer: str
    lines: Mapping[int, tuple[OrderLine, ...]]
    stage: Stage
    currency: str = ""
    charges: tuple[dict[str, Any], ...] = ()  # what its charge ids stand for (orders/charge_names.py)

    def stage_of_line(self, line_id: int) -> Stage:
        """Returns how far M3 has come with one line of the shop."""
        return stage_of(self.lines[line_id]) or Stage.UNDER_WAY

    def stage_for(self, pieces: Iterable[Piece]) -> Stage:
        """Returns how far M3 has come with what some pieces take back; money that belongs to no line waits for all of them.

        Raises:
            NeedsPersonError: Part of it ended in M3.
        """
        stages = {self.stage_of_line(line_id) for line_id in lines_of(pieces)} or {self.stage}
        if len(stages) > 1 and Stage.ENDED in stages:
            raise NeedsPersonError(
                f"Order {self.number} in M3 was delivered in part and ended in part, and the refund concerns both.",
                resolution="Credit what was invoiced in M3 by hand, then discard this exchange.",
            )
        return stages.pop() if len(stages) == 1 else Stage.UNDER_WAY


def lines_of(pieces: Iterable[Piece]) -> set[int]:
    """Returns the shop's lines whose goods or price is given back."""
    return {piece.source_id for piece in pieces if piece.of in (Of.GOODS, Of.PRICE)}


def look(run: Run, posted: Posted, taken: Taken) -> Sale:
    """Reads the order's lines from M3.

    Raises:
        NeedsPersonError: M3 does not have a line that is refunded, or has more lines than it lists at once.
        RetryableError: M3 cannot be asked now.
    """
    number, customer = posted.document.final_number or "", posted.document.cuno or ""
    if standing_of(posted.document) is Standing.DELETED:
        return Sale(number, customer, {}, Stage.ENDED)
    shop_lines = read_shop_lines(run.journal.connection, posted.exchange_id)
    run.journal.pause()
    held = ois100mi.read_lines(run.store.m3.read([ois100mi.list_lines(number)], max_records=ois100mi.MOST_LINES)[0])
    by_id: dict[int, tuple[OrderLine, ...]] = {}
    for line in held:
        for line_id in shop_lines.get(line.customer_line, ()):
            by_id[line_id] = (*by_id.get(line_id, ()), line)
    missing = sorted(lines_of(taken.pieces) - by_id.keys())
    if missing:
        raise NeedsPersonError(
            f"Refund {taken.refund_id} gives back order line {missing[0]}, which order {number} in M3 does not hold.",
            resolution=f"Compare order {number} in OIS300 with the shop; credit the buyer in M3 by hand, then discard this "
            "exchange.",
        )
    by_id = {line_id: _live(lines) for line_id, lines in by_id.items()}
    currency = next((line.currency for line in held), "")
    charges = tuple(posted.document.plan.get(CHARGES, ()))
    return Sale(number, customer, by_id, stage_of(_live(held)) or Stage.UNDER_WAY, currency, charges)


def _live(lines: Iterable[OrderLine]) -> tuple[OrderLine, ...]:
    """Leaves out the traces of lines that were ended, unless there are no others."""
    every = tuple(lines)
    return tuple(line for line in every if line.status not in ENDED) or every


def stage_of(lines: Iterable[OrderLine]) -> Stage | None:
    """Returns the stage that all of some lines have reached, or None if they differ or there are none."""
    stages = {_stage(line) for line in lines}
    return stages.pop() if len(stages) == 1 else None


def _stage(line: OrderLine) -> Stage:
    if line.status in ENDED:
        return Stage.ENDED
    if line.status == INVOICED:  # also if less was delivered and the rest closed: nothing else will come
        return Stage.INVOICED
    return Stage.UNPICKED if line.is_unpicked else Stage.UNDER_WAY


def wait_for_invoice(run: Run, sale: Sale) -> MissingDependencyError:
    """Returns what a refund waits with while M3 delivers and invoices; looked at again every quarter of an hour."""
    return MissingDependencyError(
        f"Order {sale.number} is on its way in M3 and not invoiced yet, so there is nothing to credit.",
        kind="invoice",
        key=f"{run.store.m3_scope}/{sale.number}",
        resolution="Nothing to do: the refund goes on once M3 has invoiced the order.",
        is_of_m3=True,
    )
