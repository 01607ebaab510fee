"""OIS100MI, the customer order as M3 holds it: head, value, lines; holding it. Called by the order flows.

ORNO is the customer order number here; what it means before Confirm, and its transactions, stand in batch_orders.py.
Source: signatures in catalogue.json; order-rules.md sections 1, 4, 6, 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import day, number

UNALLOCATED_DIGIT, ALLOCATED_DIGIT = "2", "3"  # of a line status
NO_STOP = "0"  # OBLC
MOST_LINES = 1000
"""Of a list of one order. LstLine has no key to go on from, and some gateways give no more rows whatever is asked for."""
CLOSED = "99"  # ORST of a line that was ended before anything of it was delivered
DELIVERY_ADDRESS = "1"  # ADRT 01: the delivery address of this order

LINE_COLUMNS = (
    *("PONR", "POSX", "CUPO", "ITNO", "REPI", "ORQT", "ORQA", "ALUN", "SAPR", "SACD", "SPUN", "NEPR", "NLAM", "WHLO"),
    *("ORST", "ALQT", "DLQT", "IVQT", "CUCD", "DWDT"),
)
HEAD_COLUMNS = (
    *("ORNO", "CUNO", "CUOR", "YREF", "ORTP", "FACI", "WHLO", "CUCD", "ORDT", "STAT", "ORSL", "ORST", "OBLC", "DIVI"),
    *("PYCD", "TEPY", "MODL", "TEDL", "PYRE", "PLTB", "DISY"),
)
VALUE_COLUMNS = ("NTAM", "EXAM", "EFAM", "ORVA", "VTAM", "TOAM", "ROAM", "TOPY", "CUCD")


@dataclass(frozen=True, slots=True)
class LineKey:
    """A line of an order as M3 numbers it: PONR and POSX."""

    number: str
    suffix: str = "0"

    @classmethod
    def of(cls, record: Mapping[str, str]) -> LineKey:
        """Reads it from a record of M3."""
        return cls(record.get("PONR", ""), record.get("POSX", "") or "0")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of a customer order. Quantities in basic unit unless said; amounts in its currency, without VAT."""

    key: LineKey
    customer_line: int  # CUPO, the number we gave it, 0 if none
    item: str
    replaced_item: str  # REPI: set if M3 took another item than was ordered
    quantity: Decimal
    quantity_in_unit: Decimal  # ORQA, in `unit`
    unit: str  # ALUN
    price: Decimal  # SAPR for `price_quantity` of `price_unit`
    price_quantity: Decimal  # SACD
    price_unit: str  # SPUN
    net_price: Decimal  # NEPR
    net_amount: Decimal  # NLAM
    warehouse: str
    status: str  # ORST, highest
    allocated: Decimal
    delivered: Decimal
    invoiced: Decimal
    currency: str
    delivery_date: str = ""  # DWDT as M3 wrote it

    @property
    def is_at_full_price(self) -> bool:
        """Whether nothing is taken off its price; that is for the ordered unit or the basic one."""
        amounts = [one * self.price / (self.price_quantity or 1) for one in (self.quantity, self.quantity_in_unit)]
        return any(one.quantize(self.net_amount, rounding=ROUND_HALF_UP) == self.net_amount for one in amounts)

    @property
    def is_unpicked(self) -> bool:
        """Whether the warehouse has nothing of it in hand.

        Source: order-rules.md section 6: the first digit tells of the least progressed part, the second of the most; so 24 is
        picked in part and 27 invoiced in part.
        """
        return all(digit <= ALLOCATED_DIGIT for digit in self.status)

    @property
    def unallocated(self) -> Decimal:
        """What of it is neither allocated nor further on; too much rather than too little while the status leaves it open.

        M3 moves a quantity from field to field: what is on a picking list is in ALQT no more, what is invoiced not in DLQT (public
        reports add DLQT and IVQT to what was shipped). So the status is asked first: its first digit tells of the least
        progressed part (order-rules.md section 6).
        """
        if self.status[:1] > UNALLOCATED_DIGIT:
            return Decimal(0)
        return self.quantity - self.allocated - max(self.delivered, self.invoiced)

    @property
    def is_closed(self) -> bool:
        """Whether it was ended without delivery and stands there as a trace only."""
        return self.status == CLOSED


@dataclass(frozen=True, slots=True)
class OrderHead:
    """The head of a customer order."""

    number: str
    customer: str
    customer_order_number: str  # CUOR
    your_reference: str  # YREF
    order_type: str
    facility: str
    warehouse: str
    division: str
    currency: str
    order_date: date | None
    lowest_status: str  # ORSL
    highest_status: str  # ORST
    stop: str  # OBLC: order stop; "0" if there is none


@dataclass(frozen=True, slots=True)
class OrderValue:
    """What a customer order is worth, in its currency. Only `before_tax`, `vat`, `rounding`, `total` may be compared.

    In which of `net`, `charges` and `external_charges` a charge appears is a site matter (money-and-stock section 3).
    """

    net: Decimal  # NTAM
    charges: Decimal  # EXAM
    external_charges: Decimal  # EFAM
    before_tax: Decimal  # ORVA
    vat: Decimal  # VTAM
    after_tax: Decimal  # TOAM
    rounding: Decimal  # ROAM
    total: Decimal  # TOPY
    currency: str


def get_head(order_number: str) -> Call:
    """OIS100MI/GetHead – reads the head of a customer order. Read only."""
    return Call("order.head", {"ORNO": order_number}, HEAD_COLUMNS)


def read_head(answer: Answer) -> OrderHead:
    """Returns the head of a customer order."""
    record = answer.first()
    return OrderHead(
        number=record.get("ORNO", ""),
        customer=record.get("CUNO", ""),
        customer_order_number=record.get("CUOR", ""),
        your_reference=record.get("YREF", ""),
        order_type=record.get("ORTP", ""),
        facility=record.get("FACI", ""),
        warehouse=record.get("WHLO", ""),
        division=record.get("DIVI", ""),
        currency=record.get("CUCD", ""),
        order_date=day(record.get("ORDT", "")),
        lowest_status=record.get("ORSL", ""),
        highest_status=record.get("ORST", ""),
        stop=record.get("OBLC", "") or NO_STOP,
    )


def get_order_value(order_number: str) -> Call:
    """OIS100MI/GetOrderValue – reads what a customer order is worth. Read only."""
    return Call("order.value", {"ORNO": order_number}, VALUE_COLUMNS)


def read_order_value(answer: Answer) -> OrderValue:
    """Returns the amounts of a customer order."""
    record = answer.first()
    amounts = {name: number(record.get(name, "")) for name in VALUE_COLUMNS if name != "CUCD"}
    return OrderValue(
        net=amounts["NTAM"],
        charges=amounts["EXAM"],
        external_charges=amounts["EFAM"],
        before_tax=amounts["ORVA"],
        vat=amounts["VTAM"],
        after_tax=amounts["TOAM"],
        rounding=amounts["ROAM"],
        total=amounts["TOPY"],
        currency=record.get("CUCD", ""),
    )


def list_lines(order_number: str) -> Call:
    """OIS100MI/LstLine – lists the lines of a customer order. Read only."""
    return Call("order.lines", {"ORNO": order_number}, LINE_COLUMNS)


def read_lines(answer: Answer) -> list[OrderLine]:
    """Returns all the lines of a customer order."""
    return [_order_line(record) for record in answer.require()]


def lock_order(order_number: str) -> Call:
    """OIS100MI/LockOrder – holds a customer order (hold code 9). Safe to repeat."""
    return Call("order.lock", {"ORNO": order_number})


def release_order(order_number: str) -> Call:
    """OIS100MI/ReleaseOrder – takes the hold code off (0). Safe to repeat."""
    return Call("order.release", {"ORNO": order_number})


def _order_line(record: Mapping[str, str]) -> OrderLine:
    def amount(name: str) -> Decimal:
        return number(record.get(name, ""))

    return OrderLine(
        key=LineKey.of(record),
        customer_line=int(amount("CUPO")),
        item=record.get("ITNO", ""),
        replaced_item=record.get("REPI", ""),
        quantity=amount("ORQT"),
        quantity_in_unit=amount("ORQA"),
        unit=record.get("ALUN", ""),
        price=amount("SAPR"),
        price_quantity=amount("SACD"),
        price_unit=record.get("SPUN", ""),
        net_price=amount("NEPR"),
        net_amount=amount("NLAM"),
        warehouse=record.get("WHLO", ""),
        status=record.get("ORST", ""),
        allocated=amount("ALQT"),
        delivered=amount("DLQT"),
        invoiced=amount("IVQT"),
        currency=record.get("CUCD", ""),
        delivery_date=record.get("DWDT", ""),
    )
