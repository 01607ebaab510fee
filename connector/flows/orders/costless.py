"""Sets lines that cost nothing to price 0 where M3 has made them cost something. Called by proving.py.

They are sent with 100 % discount, since M3 takes a price of 0 for none and fetches its own. Where a site lets no discount count on
an item, that price stands; an explicit 0 holds by UpdPriceInfo alone (money-and-stock section 1). A price that neither we sent nor
M3 finds is a person's, as is a part of it that was taken off; both stay a difference.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from connector.errors import RetryableError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.orders.left import LEFT, PRICE
from connector.flows.orders.own_prices import read_own_prices
from connector.flows.orders.plan import COSTS_NOTHING
from connector.ledger.document_records import DocumentRecord
from connector.ledger.late_writes import left_late
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.m3.bulk import MAX_TRANSACTIONS
from connector.m3.programs import ois100mi, order_changes
from connector.m3.programs.ois100mi import OrderLine
from connector.m3.values import number_text
from connector.money.expected import Expected

STEP = "price"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether M3 took any price of 0; `untold` says why it was not asked to for some lines."""

    is_taken: bool = False
    untold: str = ""


def set_to_nothing(run: Run, document: DocumentRecord, number: str) -> Outcome:
    """Sets the price of lines that are to cost nothing and do not.

    Absolute, so a lost answer is simply followed by the next look. What M3 refuses stays a difference.

    Args:
        run: This run.
        document: The order's document.
        number: The customer order, locked.

    Raises:
        OutcomeUnknownError: An answer was lost; the next run compares again.
        RetryableError: M3 cannot be asked now, keeps a line locked, or stopped before it.
    """
    wanted = {line.cupo for line in Expected.from_json(document.plan["expected"]).lines if not line.amount}
    if not wanted:
        return Outcome()
    wrong, untold = _priced_by_m3(run, document, number, wanted)
    taken = False
    for start in range(0, len(wrong), MAX_TRANSACTIONS):
        taken = _send(run, document, number, wrong[start : start + MAX_TRANSACTIONS]) or taken
    return Outcome(taken, untold)


def _priced_by_m3(
    run: Run, document: DocumentRecord, number: str, wanted: Collection[int]
) -> tuple[list[OrderLine], str]:
    run.journal.pause()
    calls = [ois100mi.get_head(number), ois100mi.list_lines(number)]
    head, listed = run.store.m3.read(calls, max_records=ois100mi.MOST_LINES)
    lines = ois100mi.read_lines(listed)
    costing = [one for one in lines if one.customer_line in wanted and one.net_amount and not one.is_closed]
    wrong = [one for one in costing if one.is_at_full_price]
    sent = document.plan.get(LEFT, {}).get("lines", {})
    as_sent = [one for one in wrong if number_text(one.price) == sent.get(str(one.customer_line), {}).get(PRICE)]
    others = [one for one in wrong if one not in as_sent]
    own = read_own_prices(run, head.first(), others)
    return [*as_sent, *(one for one in others if number_text(one.price) == own.by_line.get(one.key))], own.untold


def _send(run: Run, document: DocumentRecord, number: str, lines: list[OrderLine]) -> bool:
    tenure.require(run)
    calls = [order_changes.change_price(number, one.key, COSTS_NOTHING) for one in lines]
    told = [_told(run.store.m3.name_of(calls[0]), number, one) for one in lines]
    fields = [call.fields for call in calls]
    intent = run.journal.intend(document.id, STEP, request=fields, told=told, part=None)
    answers = run.journal.send(intent, lambda: run.store.m3.write(calls), if_late=[left_late(intent)])
    is_taken = [answer.error is None for answer in answers]
    run.journal.mark(
        intent,
        StepState.DONE if any(is_taken) else StepState.REFUSED,
        {"sent": len(calls), "refused": is_taken.count(False)},
    )
    run.journal.tell(line for line, taken in zip(told, is_taken, strict=True) if taken)
    for answer in answers:
        if isinstance(answer.error, RetryableError):
            raise answer.error
    return any(is_taken)


def _told(action: str, number: str, line: OrderLine) -> TrailLine:
    what = f"amount of line {line.customer_line}"
    return TrailLine(
        action=action,
        system="m3",
        key=number,
        before={what: str(line.net_amount)},
        after={what: "0"},
        why="it costs nothing in the shop",
    )
