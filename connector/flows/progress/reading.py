"""Asks M3 how far an order is: its lines, and where something left or was invoiced, deliveries, packages and invoices.

Called by flows/order_status_to_woo.py and the preview. One request a program, whatever the number of lines and deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import ConfigurationError, ConnectorError, M3RejectedError
from connector.flows.context import StoreContext
from connector.flows.progress.stages import stage_of, unknown_among
from connector.m3.calls import Answer, Call
from connector.m3.client import M3Client
from connector.m3.programs import deliveries, ois100mi, ois350mi
from connector.m3.programs.order_progress import LineProgress, list_progress, read_progress
from connector.m3.rejections import is_not_found
from connector.stores.progress import DeliveriesBy, ProgressConfig, Stage

MOST_ROWS = 10_000
"""Of the deliveries of an order, or the packages of a delivery."""


@dataclass(frozen=True)
class Delivery:
    """A delivery that left, with the tracking numbers it has, the delivery's own first."""

    number: str
    tracking: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What M3 says of an order. `trouble` is why a part of it could not be read; what was read is right all the same."""

    lines: tuple[LineProgress, ...]
    deliveries: tuple[Delivery, ...] = ()
    invoices: tuple[str, ...] = ()
    trouble: ConnectorError | None = None

    @property
    def statuses(self) -> list[str]:
        """ORST of each line."""
        return [line.status for line in self.lines]

    @property
    def stage(self) -> Stage | None:
        """How far the order is; None if that cannot be said."""
        return stage_of(self.statuses)

    @property
    def in_words(self) -> str:
        """How far the order is, for people."""
        if not self.lines:
            return "M3 has no lines of it"
        between = f"{min(self.statuses)}/{max(self.statuses)}"
        if unknown_among(self.statuses):
            return f"M3 says {between}, and {', '.join(unknown_among(self.statuses))} is no order status anybody knows"
        return f"{self.stage or 'closed without delivery'} in M3 ({between})"

    @property
    def mark(self) -> str:
        """What is compared to tell whether anything moved."""
        return mark_of(self.lines)


def mark_of(lines: Sequence[LineProgress]) -> str:
    """Returns the lines of an order in short; "-" if M3 has none."""
    return "; ".join(line.as_text for line in lines) or "-"


def read_lines(answer: Answer) -> list[LineProgress]:
    """Returns the lines of an order; none if M3 does not have it."""
    return [] if is_not_found(answer.error) else read_progress(answer)


def read(store: StoreContext, number: str) -> Seen:
    """Reads all that is told of an order.

    Raises:
        ConnectorError: M3 cannot be asked now, or refuses the lines.
    """
    config, m3 = store.config.orders.progress, store.m3
    lines = read_lines(m3.read([list_progress(number)], max_records=ois100mi.MOST_LINES)[0])
    if not any(line.delivered or line.invoiced for line in lines):
        return Seen(tuple(lines))
    sent, trouble = _deliveries(m3, config, number, lines)
    if not (config.invoices and any(line.invoiced for line in lines)):
        return Seen(tuple(lines), sent, (), trouble)
    answer = m3.read([ois350mi.list_invoice_heads_by_order(number)], max_records=ois100mi.MOST_LINES)[0]
    refused = _refusal([answer])
    invoices = () if refused else tuple(one.text_number or one.number for one in ois350mi.read_invoices(answer))
    return Seen(tuple(lines), sent, invoices, trouble or refused)


def _deliveries(
    m3: M3Client, config: ProgressConfig, number: str, lines: Sequence[LineProgress]
) -> tuple[tuple[Delivery, ...], ConnectorError | None]:
    """Returns what left, and why it cannot be said if M3 refuses it."""
    if config.deliveries is DeliveriesBy.NONE:
        return (), None
    listed = _lists(m3, config.deliveries, number, lines)
    if refused := _refusal(listed):
        return (), refused
    numbers = sorted(
        {one for answer in listed for one in deliveries.read_numbers(answer, order_number=number)}, key=int
    )
    answers = m3.read([deliveries.get_head(one) for one in numbers])
    if refused := _refusal(answers):
        return (), refused
    left = [
        head for answer in answers if not is_not_found(answer.error) and (head := deliveries.read_head(answer)).has_left
    ]
    packed = _whole(m3, [deliveries.list_packages(head.number) for head in left])
    refused = _refusal(packed)
    return tuple(_sent(head, answer) for head, answer in zip(left, packed, strict=True)), refused


def _sent(head: deliveries.DeliveryHead, packed: Answer) -> Delivery:
    """Returns a delivery with its tracking numbers: its own, then those of its packages."""
    of_packages = [] if _refusal([packed]) else deliveries.read_tracking(packed, delivery=head.number)
    return Delivery(head.number, tuple(dict.fromkeys(one for one in (head.tracking, *of_packages) if one)))


def _refusal(answers: Sequence[Answer]) -> ConnectorError | None:
    """Returns why M3 does not let us read something at all; what it does not find, and what is locked, is no refusal."""
    refused = (one.error for one in answers if isinstance(one.error, M3RejectedError | ConfigurationError))
    return next((error for error in refused if not is_not_found(error)), None)


def _lists(m3: M3Client, by: DeliveriesBy, number: str, lines: Sequence[LineProgress]) -> list[Answer]:
    if by is DeliveriesBy.ORDER:
        return _whole(m3, [deliveries.list_by_order(number)])
    # What is invoiced M3 may count as delivered no more.
    moved = [line for line in lines if line.delivered or line.invoiced]
    return _whole(m3, [deliveries.list_by_line(number, line=line.number, suffix=line.suffix) for line in moved])


def _whole(m3: M3Client, calls: Sequence[Call]) -> list[Answer]:
    """Asks for short lists first, for most go on past what is asked for; for long ones where that was not enough."""
    answers = m3.read(calls)
    if any(deliveries.is_cut(answer) for answer in answers):
        return m3.read(calls, max_records=MOST_ROWS)
    return answers
