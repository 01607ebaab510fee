"""The tables of the sandbox M3 as plain dataclasses; `state` holds them, the programs read and change them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

LINE_STATUSES = ("22", "33", "44", "66", "77")
"""Reserved, allocated, picking list, delivered, invoiced (order-rules.md §6). In between, a line that is delivered or invoiced
in part has two different digits: the least and the most progressed part of its quantity."""

CLOSED = "99"
"""Completed without delivery."""


@dataclass(slots=True)
class Balance:
    """Stock of one item in one warehouse, in the basic unit."""

    on_hand: Decimal = Decimal(0)
    allocated: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)

    @property
    def allocatable_net(self) -> Decimal:
        """AV01: on hand less allocated."""
        return self.on_hand - self.allocated

    @property
    def available(self) -> Decimal:
        """AV02: on hand less reserved."""
        return self.on_hand - self.reserved


@dataclass(slots=True)
class StockMessage:
    """One message of MMS850 with its one line and instruction; `quantity` in the basic unit, negative to take out."""

    number: str
    line: str
    sequence: str
    itno: str
    whlo: str
    quantity: Decimal
    fields: dict[str, str]
    status: str
    error: str = ""  # MSID
    said: str = ""  # MSGD

    @property
    def key(self) -> tuple[str, str, str]:
        """What no two messages share."""
        return self.number, self.line, self.sequence


@dataclass(frozen=True)
class AlternateUnit:
    """One alternate unit equals `factor` basic units (or, if not `multiply`, factor of them make one basic unit)."""

    unit: str
    factor: Decimal
    multiply: bool = True

    @property
    def basic_units(self) -> Decimal:
        """How many basic units one of this unit is."""
        return self.factor if self.multiply else Decimal(1) / self.factor


@dataclass(frozen=True)
class Alias:
    """Another number of an item: category, qualifier, number."""

    alwt: int
    alwq: str
    popn: str


@dataclass(frozen=True, slots=True)
class ItemName:
    """The names of an item in one language: ITDS and FUDS."""

    itds: str
    fuds: str = ""


@dataclass(slots=True)
class Item:
    """An item with its sales data and stock; `fields` holds what else M3 knows of it, by M3's field names."""

    itno: str
    name: str
    status: str = "20"
    unit: str = "PCE"
    vat_code: int = 1
    price_decimals: int = 2
    list_price: Decimal = Decimal(0)
    price_quantity: int = 1
    takes_discounts: bool = True
    units: dict[str, AlternateUnit] = field(default_factory=dict)
    aliases: tuple[Alias, ...] = ()
    balances: dict[str, Balance] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    names: dict[str, ItemName] = field(default_factory=dict)
    changed_ms: int = 0
    changed_on: str = ""

    @property
    def is_stocked(self) -> bool:
        """STCD: whether stock of it is kept."""
        return self.fields.get("STCD", "1") != "0"

    def basic_units(self, unit: str) -> Decimal | None:
        """Give how many basic units one `unit` is, None for a unit the item does not know."""
        if unit == self.unit:
            return Decimal(1)
        known = self.units.get(unit)
        return known.basic_units if known else None


@dataclass
class Customer:
    """A customer record by M3's field names, with its address records."""

    cuno: str
    fields: dict[str, str]
    addresses: dict[tuple[int, str], dict[str, str]] = field(default_factory=dict)
    changed_ms: int = 0
    created_by_call: bool = False

    @property
    def status(self) -> str:
        """10 preliminary, 20 definite."""
        return self.fields.get("STAT", "10")

    @property
    def is_taxed(self) -> bool:
        """TXAP: whether VAT is computed on its orders."""
        return self.fields.get("TXAP", "1") == "1"

    @property
    def credit_limit(self) -> Decimal:
        """The order limit in the customer's currency; 0 = none."""
        return Decimal(self.fields.get("CRL2") or "0")


@dataclass(frozen=True)
class ChargeType:
    """A row of OIS030: what a charge id means."""

    crid: str
    name: str
    vat_code: int
    currency: str
    is_line_charge: bool = False
    debit_frequency: str = "1"


@dataclass(frozen=True)
class Charge:
    """A charge connected to an order head or line."""

    crid: str
    amount: Decimal
    vat_code: int
    text: str = ""


@dataclass
class Line:
    """An order line; quantities in its own unit unless named basic."""

    ponr: int
    itno: str
    name: str
    quantity: Decimal
    unit: str
    basic_quantity: Decimal
    price: Decimal
    price_quantity: int
    price_unit: str
    net_price: Decimal
    amount: Decimal
    vat_code: int
    whlo: str
    dwdt: str
    sent: Mapping[str, str]
    status: str = "22"
    delivered: Decimal = Decimal(0)
    invoiced: Decimal = Decimal(0)
    undelivered: Decimal = Decimal(0)  # ended by a person after another part of it had left
    charges: dict[str, Charge] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    @property
    def open_quantity(self) -> Decimal:
        """What is still to be delivered, in the basic unit."""
        return self.basic_quantity - self.delivered - self.undelivered


@dataclass
class OrderBody:
    """What batch orders and customer orders have in common; `head` by M3's field names."""

    cuno: str
    head: dict[str, str]
    lines: dict[int, Line] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    addresses: dict[int, dict[str, str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    closed: dict[int, Line] = field(default_factory=dict)
    """Lines ended before anything of them was delivered (99): kept as a trace, worth nothing."""

    def copy(self) -> "OrderBody":
        """Copy deep enough that a change of the customer order leaves the batch order as it was."""
        lines = {
            ponr: replace(line, charges=dict(line.charges), texts=list(line.texts)) for ponr, line in self.lines.items()
        }
        addresses = {kind: dict(address) for kind, address in self.addresses.items()}
        return OrderBody(self.cuno, dict(self.head), lines, dict(self.charges), addresses, list(self.texts))


@dataclass(frozen=True)
class BatchError:
    """A row of the error list of a batch order."""

    level: str
    code: str
    value: str
    text: str


@dataclass
class BatchOrder:
    """A batch order under its temporary number; `stat` as in order-rules.md §2."""

    temporary_orno: str
    body: OrderBody
    stat: str = "20"
    orno: str = ""
    errors: list[BatchError] = field(default_factory=list)


@dataclass
class Order:
    """A customer order."""

    orno: str
    temporary_orno: str
    body: OrderBody
    is_held: bool = False
    stop: str = "0"
    created_ms: int = 0
    text_blocks: dict[tuple[str, ...], str] = field(default_factory=dict)
    entries: list[tuple[int, Callable[[], object]]] = field(default_factory=list)
    """Changes entered as a batch: each with the time from which it holds."""

    @property
    def lowest_status(self) -> str:
        """ORSL."""
        return min((line.status for line in self.body.lines.values()), default=self._status_without_lines)

    @property
    def highest_status(self) -> str:
        """ORST."""
        return max((line.status for line in self.body.lines.values()), default=self._status_without_lines)

    @property
    def _status_without_lines(self) -> str:
        return CLOSED if self.body.closed else LINE_STATUSES[0]

    def take_entries(self, now_ms: int) -> None:
        """Let the entered changes hold whose time has come."""
        due = [change for at, change in self.entries if at <= now_ms]
        self.entries = [one for one in self.entries if one[0] > now_ms]
        for change in due:
            change()
