"""How far M3 has come with what is refunded, which decides what a refund becomes (money-and-stock section 8).

Called by refunds_to_m3. Not picked yet: the order is made smaller. Being picked or delivered: the invoice is waited for.
Invoiced: a return. The two digits of a line status are its least and its most progressed part (order-rules section 6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from connector.errors import MissingDependencyError, NeedsPersonError
from connector.flows.context import Run
from connector.ledger.order_lines import read_shop_lines
from connector.ledger.posted import Posted
from connector.m3.programs import ois100mi, ois350mi
from connector.m3.programs.ois100mi import OrderLine
from connector.m3.programs.ois350mi import Invoice
from connector.money.refunds import Of, Taken

MOST_LINES = 1000
INVOICED, ENDED = "77", ("90", "99")


class Stage(StrEnum):
    """How far M3 has come with some lines."""

    UNPICKED = "unpicked"  # none of it is on a picking list
    UNDER_WAY = "under way"  # the warehouse has it, or it is invoiced in part
    INVOICED = "invoiced"
    ENDED = "ended"  # closed without delivery: nothing is invoiced


@dataclass(frozen=True)
class Sale:
    """The order in M3 that a refund belongs to. `lines` by the id of the shop's line; several where one was split."""

    number: str
    customer: str
    lines: dict[int, tuple[OrderLine, ...]]
    stage: Stage
    is_wholly_unpicked: bool


def look(run: Run, posted: Posted, taken: Taken) -> Sale:
    """Reads the order's lines from M3.

    Raises:
        NeedsPersonError: M3 does not have a line that is refunded, or ended part of what is refunded.
        RetryableError: M3 cannot be asked now.
    """
    number = posted.document.final_number or ""
    shop_lines = read_shop_lines(run.journal.connection, posted.exchange_id)
    run.journal.pause()
    answer = run.store.m3.read([ois100mi.list_lines(number)], max_records=MOST_LINES)[0]
    held = ois100mi.read_lines(answer)
    by_id: dict[int, tuple[OrderLine, ...]] = {}
    for line in held:
        for line_id in shop_lines.get(line.customer_line, ()):
            by_id[line_id] = (*by_id.get(line_id, ()), line)
    goods = {piece.source_id for piece in taken.pieces if piece.of is Of.GOODS}
    missing = sorted(goods - by_id.keys())
    if missing:
        raise NeedsPersonError(
            f"Refund {taken.refund_id} gives back order line {missing[0]}, which order {number} in M3 does not hold.",
            resolution=f"Compare order {number} in OIS300 with the shop; credit the buyer in M3 by hand, then discard this "
            "exchange.",
        )
    concerned = [line for line_id in goods for line in by_id[line_id]] if goods else held
    is_wholly_unpicked = stage_of(held) is Stage.UNPICKED
    return Sale(number, posted.document.cuno or "", by_id, _one_stage(concerned, number), is_wholly_unpicked)


def stage_of(lines: Iterable[OrderLine]) -> Stage | None:
    """Returns the stage that all of some lines have reached, or None if they differ."""
    stages = {_stage(line) for line in lines}
    return stages.pop() if len(stages) == 1 else None


def _stage(line: OrderLine) -> Stage:
    if line.status in ENDED:
        return Stage.ENDED
    if line.status == INVOICED and line.invoiced >= line.quantity:
        return Stage.INVOICED
    return Stage.UNPICKED if line.is_unpicked else Stage.UNDER_WAY


def _one_stage(lines: list[OrderLine], number: str) -> Stage:
    stage = stage_of(lines)
    if stage is None and any(_stage(line) is Stage.ENDED for line in lines):
        raise NeedsPersonError(
            f"Order {number} in M3 was delivered in part and ended in part, and the refund concerns both.",
            resolution="Credit what was invoiced in M3 by hand, then discard this exchange.",
        )
    return stage or Stage.UNDER_WAY


def wait_for_invoice(run: Run, sale: Sale) -> MissingDependencyError:
    """Returns what a refund waits with while M3 delivers and invoices; looked at again every quarter of an hour."""
    return MissingDependencyError(
        f"Order {sale.number} is on its way in M3 and not invoiced yet, so there is nothing to credit.",
        kind="invoice",
        key=f"{run.store.m3_scope}/{sale.number}",
        resolution="Nothing to do: the refund goes on once M3 has invoiced the order.",
    )


def find_invoice(run: Run, sale: Sale) -> Invoice:
    """Returns the invoice a return refers to: the newest of the order.

    Raises:
        MissingDependencyError: There is none yet.
        RetryableError: M3 cannot be asked now.
    """
    run.journal.pause()
    answer = run.store.m3.read([ois350mi.list_invoice_heads_by_order(sale.number)], max_records=MOST_LINES)[0]
    invoices = ois350mi.read_invoices(answer)
    if not invoices:
        raise wait_for_invoice(run, sale)
    return invoices[-1]
