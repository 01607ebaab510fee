"""Deliveries, packages and invoices of customer orders; `state` holds them, `progress` makes them, the programs read them."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

CUSTOMER_ORDER = 3
"""RORC of what leaves for a customer order."""
PLANNED, SENT, INVOICED = "05", "60", "70"
"""PGRS: picking lists to report, ready for invoicing, invoiced."""


@dataclass(frozen=True)
class Package:
    """A parcel of a delivery: PANR, SSCC and the carrier's ETRN, which may be missing."""

    panr: str
    sscc: str
    tracking: str


@dataclass
class Delivery:
    """What leaves together; `quantities` by order line, in basic units."""

    dlix: int
    orno: str
    whlo: str
    quantities: dict[int, Decimal]
    status: str = PLANNED
    day: str = ""
    tracking: str = ""
    packages: list[Package] = field(default_factory=list)
    ivno: int = 0


@dataclass(frozen=True)
class Invoice:
    """An invoice of one delivery; net amounts by order line, and the head charges, which go on the first one."""

    ivno: int
    exin: str
    year: str
    day: str
    orno: str
    dlix: int
    whlo: str
    currency: str
    lines: dict[int, Decimal]
    charges: Decimal
    vat: Decimal

    @property
    def net(self) -> Decimal:
        """What it amounts to before VAT."""
        return sum(self.lines.values(), Decimal(0)) + self.charges


@dataclass
class Dispatch:
    """All deliveries and invoices of one company, with their number series."""

    deliveries: dict[int, Delivery] = field(default_factory=dict)
    invoices: dict[int, Invoice] = field(default_factory=dict)
    _by_order: dict[str, list[int]] = field(default_factory=dict)
    _lines: list[tuple[str, int, int]] = field(default_factory=list)
    _last_dlix: int = 70_000_000
    _last_package: int = 0

    def of_order(self, orno: str) -> list[Delivery]:
        """Give the deliveries of an order, oldest first."""
        return [self.deliveries[dlix] for dlix in self._by_order.get(orno, ())]

    def invoices_of(self, orno: str) -> list[Invoice]:
        """Give the invoices of an order, oldest first."""
        return [self.invoices[one.ivno] for one in self.of_order(orno) if one.ivno]

    def plan(self, orno: str, whlo: str, quantities: dict[int, Decimal]) -> Delivery | None:
        """Make the order's one open delivery hold what is on its picking lists; without any it is dropped."""
        open_one = next((one for one in self.of_order(orno) if one.status == PLANNED), None)
        if not quantities:
            if open_one is not None:
                self._drop(open_one)
            return None
        if open_one is None:
            self._last_dlix += 1
            open_one = self.deliveries[self._last_dlix] = Delivery(self._last_dlix, orno, whlo, {})
            self._by_order.setdefault(orno, []).append(open_one.dlix)
        self._unlist(open_one)
        open_one.quantities = dict(quantities)
        for ponr in quantities:
            insort(self._lines, (orno, ponr, open_one.dlix))
        return open_one

    def pack(self, delivery: Delivery, trackings: list[str]) -> None:
        """Put a delivery into one parcel for each tracking number given."""
        for tracking in trackings:
            self._last_package += 1
            sscc = f"00340123450{self._last_package:07d}"
            delivery.packages.append(Package(f"PKG{self._last_package:06d}", sscc, tracking))

    def take_ivno(self) -> int:
        """Give the next invoice number."""
        return 300_001 + len(self.invoices)

    def lines_from(self, orno: str, ponr: int) -> Iterator[tuple[int, Delivery]]:
        """Go through the delivery lines from an order and line on, and on past that order."""
        for _, line, dlix in self._lines[bisect_left(self._lines, (orno, ponr, 0)) :]:
            yield line, self.deliveries[dlix]

    def packages_from(self, dlix: int, panr: str) -> Iterator[tuple[Delivery, Package]]:
        """Go through the packages from a delivery and package on, and on past that delivery."""
        for number in sorted(one for one in self.deliveries if one >= dlix):
            for package in sorted(self.deliveries[number].packages, key=lambda one: one.panr):
                if number > dlix or package.panr >= panr:
                    yield self.deliveries[number], package

    def _drop(self, delivery: Delivery) -> None:
        self._unlist(delivery)
        self._by_order[delivery.orno].remove(delivery.dlix)
        del self.deliveries[delivery.dlix]

    def _unlist(self, delivery: Delivery) -> None:
        for ponr in delivery.quantities:
            self._lines.remove((delivery.orno, ponr, delivery.dlix))
