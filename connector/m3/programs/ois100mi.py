"""OIS100MI, the customer order: batch order, Confirm and what became of it. Called by the order flows.

ORNO means two things here: the temporary number of a batch order (input of all ...Batch... transactions, Confirm,
GetOrderNo, LstErrMsgOrder) and the customer order number (GetHead, GetOrderValue, LstLine, LockOrder, ReleaseOrder).
Source: signatures in catalogue.json; order-rules.md sections 1, 2, 4, 6, 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.errors import OutcomeUnknownError
from connector.m3.calls import Answer, Call
from connector.m3.values import day, number, number_text

ALLOCATED_DIGIT = "3"  # of a line status
NO_STOP = "0"  # OBLC
CLOSED = "99"  # ORST of a line that was ended before anything of it was delivered
DELIVERY_ADDRESS = "1"  # ADRT 01: the delivery address of this order

LINE_COLUMNS = (
    *("PONR", "POSX", "CUPO", "ITNO", "REPI", "ORQT", "ORQA", "ALUN", "SAPR", "SACD", "SPUN", "NEPR", "NLAM", "WHLO"),
    *("ORST", "ALQT", "DLQT", "IVQT", "CUCD", "DWDT"),
)
BATCH_LINE_COLUMNS = ("PONR", "POSX", "CUPO", "ITNO", "ORQT", "SAPR", "WHLO", "DWDT")
HEAD_COLUMNS = (
    *("ORNO", "CUNO", "CUOR", "YREF", "ORTP", "FACI", "WHLO", "CUCD", "ORDT", "STAT", "ORSL", "ORST", "OBLC", "DIVI"),
    *("PYCD", "TEPY", "MODL", "TEDL", "PYRE"),
)
VALUE_COLUMNS = ("NTAM", "EXAM", "EFAM", "ORVA", "VTAM", "TOAM", "ROAM", "TOPY", "CUCD")


@dataclass(frozen=True, slots=True)
class LineKey:
    """A line of an order as M3 numbers it: PONR and POSX."""

    number: str
    suffix: str = "0"


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A line of a batch order. `customer_line` (CUPO) is the number we gave it, 0 if none."""

    key: LineKey
    customer_line: int
    item: str
    quantity: Decimal
    price: Decimal
    warehouse: str


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

    @property
    def is_unpicked(self) -> bool:
        """Whether the warehouse has nothing of it in hand.

        Source: order-rules.md section 6: the first digit tells of the least progressed part, the second of the most; so 24 is
        picked in part and 27 invoiced in part.
        """
        return all(digit <= ALLOCATED_DIGIT for digit in self.status)

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


@dataclass(frozen=True, slots=True)
class OrderError:
    """Why a batch order hangs, in M3's own words."""

    message_id: str
    text: str
    level: str


@dataclass(frozen=True, slots=True)
class ListedBatchHead:
    """A batch order in the list of a customer. `final_number` is empty as long as there is no customer order."""

    temporary_number: str
    final_number: str
    status: str
    customer_order_number: str
    your_reference: str
    order_date: date | None


@dataclass(frozen=True, slots=True)
class CustomerCheck:
    """What M3 says of a customer before an order. An empty `message_id` means nothing against it."""

    message_id: str
    message: str
    is_over_credit_limit: bool


def add_batch_head(fields: Mapping[str, str]) -> Call:
    """OIS100MI/AddBatchHead – begins a batch order under a new temporary number.

    Not safe to repeat: each call makes another batch order. An orphan one ships nothing and is found by CUNO and YREF
    (LstBatchHead).

    Args:
        fields: By M3 name; CUNO is required, ORTP, FACI, WHLO, CUCD, ORDT, YREF, CUOR make it independent of defaults.
    """
    return Call("order.add_head", fields, ("ORNO",))


def read_temporary_number(answer: Answer) -> str:
    """Returns the temporary number that AddBatchHead gave.

    Raises:
        ConnectorError: M3 refused.
        OutcomeUnknownError: M3 agreed but gave no number: a batch order exists and must be looked for.
    """
    number_given = answer.first().get("ORNO", "")
    if not number_given:
        raise OutcomeUnknownError(
            "OIS100MI/AddBatchHead was executed, but M3 sent no temporary number.",
            resolution="Nothing to do: the batch order is looked for by customer and reference.",
        )
    return number_given


def add_batch_line(temporary_number: str, fields: Mapping[str, str]) -> Call:
    """OIS100MI/AddBatchLine – adds a line to a batch order.

    Not safe to repeat: M3 adds another line. CUPO tells ours apart when the lines are read (LstBatchLine).

    Args:
        temporary_number: Of the batch order.
        fields: By M3 name; ITNO, ORQT, CUPO, SAPR, SACD, SPUN, WHLO, DWDT ...
    """
    return Call("order.add_line", {"ORNO": temporary_number, **fields}, ("PONR", "POSX"))


def read_line_key(answer: Answer) -> LineKey:
    """Returns the line number that AddBatchLine gave; line charges and line texts need it."""
    record = answer.first()
    return LineKey(record.get("PONR", ""), record.get("POSX", "") or "0")


def add_batch_address(temporary_number: str, fields: Mapping[str, str], *, kind: str = DELIVERY_ADDRESS) -> Call:
    """OIS100MI/AddBatchAddress – gives a batch order an address of its own.

    A repetition is refused as existing. PHNO holds 10 characters here: use PHN2 (16). TOWN holds 20.

    Args:
        temporary_number: Of the batch order.
        fields: By M3 name; CUNM, CUA1-4, PONO, TOWN, ECAR, CSCD, PHN2 ...
        kind: ADRT; 1 is the delivery address.
    """
    return Call("order.add_address", {"ORNO": temporary_number, "ADRT": kind, **fields})


def add_batch_head_charge(
    temporary_number: str, *, charge: str, amount: Decimal, currency: str, description: str = ""
) -> Call:
    """OIS100MI/AddBatchHeadChg – adds a charge to a batch order.

    Not safe to repeat, and no transaction lists the charges of a batch order: one row per charge id, summed before.

    Args:
        temporary_number: Of the batch order.
        charge: CRID of OIS030, in the order's currency.
        amount: Without VAT unless the charge says otherwise; may be negative.
        currency: The order's currency.
        description: Replaces the charge's own text, at most 30 characters.
    """
    fields = {
        "ORNO": temporary_number,
        "CRID": charge,
        "CRAM": number_text(amount),
        "CUCD": currency,
        "CRD0": description,
    }
    return Call("order.add_head_charge", fields)


def add_batch_line_charge(
    temporary_number: str, *, line: LineKey, charge: str, amount: Decimal, description: str = ""
) -> Call:
    """OIS100MI/AddBatchLineChg – adds a charge to a line of a batch order.

    Not safe to repeat, and no transaction lists them: one row per line and charge id.

    Args:
        temporary_number: Of the batch order.
        line: As AddBatchLine answered.
        charge: Charge id.
        amount: In the order's currency.
        description: At most 30 characters.
    """
    fields = {
        "ORNO": temporary_number,
        "PONR": line.number,
        "POSX": line.suffix,
        "CRID": charge,
        "CRAM": number_text(amount),
        "CRD0": description,
    }
    return Call("order.add_line_charge", fields)


def add_batch_text(temporary_number: str, fields: Mapping[str, str]) -> Call:
    """OIS100MI/AddBatchText – adds one row of text to a batch order or one of its lines.

    Not safe to repeat: the row comes twice; no transaction lists the texts of a batch order.

    Args:
        temporary_number: Of the batch order.
        fields: By M3 name; TYPE (1 head, 2 line with PONR, POSX), TYTR (1 before, 2 after), PARM (240 characters) ...
    """
    return Call("order.add_text", {"ORNO": temporary_number, **fields})


def confirm(temporary_number: str) -> Call:
    """OIS100MI/Confirm – releases a batch order: it becomes a customer order, or hangs with a status below 90.

    An answer without error is not yet an order: read GetTmpOrderStat and GetOrderNo. A second Confirm is safe only for
    the same number and after its status was read twice, a settle time apart, and is not 55.
    """
    return Call("order.confirm", {"ORNO": temporary_number}, ("ORNO", "STAT"))


def get_order_no(temporary_number: str) -> Call:
    """OIS100MI/GetOrderNo – asks which customer order a batch order became. Read only."""
    return Call("order.number", {"ORNO": temporary_number}, ("ORNR",))


def read_order_number(answer: Answer) -> str:
    """Returns the customer order number, or "" if there is none (yet)."""
    number_given = answer.first().get("ORNR", "")
    return number_given if number_given.strip("0") else ""


def list_error_messages(temporary_number: str) -> Call:
    """OIS100MI/LstErrMsgOrder – asks why a batch order hangs. Read only."""
    return Call("order.error_messages", {"ORNO": temporary_number})


def read_error_messages(answer: Answer) -> list[OrderError]:
    """Returns the messages; their texts are M3's and may name items and numbers."""
    return [
        OrderError(record.get("MSID", ""), record.get("TX60") or record.get("MDTA", ""), record.get("LEVL", ""))
        for record in answer.require()
    ]


def list_batch_lines(temporary_number: str) -> Call:
    """OIS100MI/LstBatchLine – lists the lines of a batch order. Read only."""
    return Call("order.batch_lines", {"ORNO": temporary_number}, BATCH_LINE_COLUMNS)


def read_batch_lines(answer: Answer) -> list[BatchLine]:
    """Returns the lines; look at `answer.is_cut` too."""
    return [
        BatchLine(
            key=_line_key(record),
            customer_line=int(number(record.get("CUPO", ""))),
            item=record.get("ITNO", ""),
            quantity=number(record.get("ORQT", "")),
            price=number(record.get("SAPR", "")),
            warehouse=record.get("WHLO", ""),
        )
        for record in answer.require()
    ]


def list_batch_heads(customer: str, *, lowest: str = "", highest: str = "") -> Call:
    """OIS100MI/LstBatchHead – lists the batch orders of a customer. Read only.

    Args:
        customer: CUNO as sent with the order.
        lowest: From this batch status; all if empty.
        highest: To this batch status; all if empty.
    """
    columns = ("ORNO", "ORNR", "STAT", "CUOR", "YREF", "ORDT")
    return Call("order.batch_heads", {"CUNO": customer, "ORSL": lowest, "ORST": highest}, columns)


def read_batch_heads(answer: Answer, *, your_reference: str | None = None) -> list[ListedBatchHead]:
    """Returns the batch orders, only those with exactly `your_reference` if given; look at `answer.is_cut` too."""
    heads = [
        ListedBatchHead(
            temporary_number=record.get("ORNO", ""),
            final_number=record.get("ORNR", "") if record.get("ORNR", "").strip("0") else "",
            status=record.get("STAT", ""),
            customer_order_number=record.get("CUOR", ""),
            your_reference=record.get("YREF", ""),
            order_date=day(record.get("ORDT", "")),
        )
        for record in answer.require()
    ]
    return [head for head in heads if your_reference is None or head.your_reference == your_reference]


def get_batch_head(temporary_number: str) -> Call:
    """OIS100MI/GetBatchHead – reads the head of a batch order; refused as not found once it is deleted. Read only."""
    columns = ("ORNO", "STAT", "CUOR", "YREF", "ORTP", "FACI", "CUCD", "ORDT", "NTAM")
    return Call("order.batch_head", {"ORNO": temporary_number}, columns)


def delete_batch_head(temporary_number: str) -> Call:
    """OIS100MI/DelBatchHead – deletes a batch order with all that hangs on it.

    Safe to repeat: the second is refused as not found. Never after a Confirm was intended for it.
    """
    return Call("order.delete_batch", {"ORNO": temporary_number})


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
    """Returns the lines of a customer order; look at `answer.is_cut` too."""
    return [_order_line(record) for record in answer.require()]


def lock_order(order_number: str) -> Call:
    """OIS100MI/LockOrder – holds a customer order (hold code 9). Safe to repeat."""
    return Call("order.lock", {"ORNO": order_number})


def release_order(order_number: str) -> Call:
    """OIS100MI/ReleaseOrder – takes the hold code off (0). Safe to repeat."""
    return Call("order.release", {"ORNO": order_number})


def check_customer(customer: str) -> Call:
    """OIS100MI/CheckCustomer – asks what stands against an order of this customer. Read only."""
    return Call("customer.check", {"CUNO": customer})


def read_customer_check(answer: Answer) -> CustomerCheck:
    """Returns the message about a customer, if there is one."""
    record = answer.first()
    return CustomerCheck(record.get("MSID", ""), record.get("MSG1", ""), record.get("CCRD", "") not in {"", "0"})


def _line_key(record: Mapping[str, str]) -> LineKey:
    return LineKey(record.get("PONR", ""), record.get("POSX", "") or "0")


def _order_line(record: Mapping[str, str]) -> OrderLine:
    def amount(name: str) -> Decimal:
        return number(record.get(name, ""))

    return OrderLine(
        key=_line_key(record),
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
    )
