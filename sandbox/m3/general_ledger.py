"""The ledgers of the sandbox M3: batches of the generic interface, vouchers, customer invoices; `state` holds them.

The chart of accounts, the interfaces of GLS850 and their layouts are what this site has set up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

CONTROL_ACCOUNT = "1510"
"""The receivables account: only customer invoices and payments may touch it."""

BANK_ACCOUNT = "1930"
"""Where a payment goes that names no account."""

ACCOUNTS = {
    CONTROL_ACCOUNT: "Accounts receivable",
    "1580": "Clearing, card gateway",
    "1581": "Clearing, PayPal",
    BANK_ACCOUNT: "Bank",
    "2420": "Prepayments of customers",
    "2610": "Output VAT 25 %",
    "2611": "Output VAT 5 %",
    "2640": "Input VAT",
    "3010": "Sales, kitchen",
    "3020": "Sales, food",
    "3090": "Sales, other",
    "3510": "Freight charged",
    "3520": "Fees charged",
    "3730": "Discounts given",
    "3740": "Rounding",
    "6570": "Fees of gateways",
}


@dataclass(frozen=True)
class Interface:
    """A row of GLS850: positional (`records`: identity -> field -> from, to) or field based (no records)."""

    identities: tuple[str, ...]
    records: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)

    @property
    def is_positional(self) -> bool:
        """Whether lines come by AddBatchLine."""
        return bool(self.records)


INVOICE_HEAD = "I1"
INTERFACES = {
    "WEBGL": Interface(("G1",)),
    "WEBARC": Interface((INVOICE_HEAD, "I2")),
    "WEBINV": Interface(
        (INVOICE_HEAD, "I2"),
        {
            INVOICE_HEAD: {
                **{"INRI": (1, 2), "CUNO": (3, 12), "PYNO": (13, 22), "CINO": (23, 37), "INYR": (38, 41)},
                **{"IVDT": (42, 49), "DUDT": (50, 57), "CUCD": (58, 60), "CUAM": (61, 77), "ACDT": (78, 85)},
                **{"VTXT": (86, 125), "AIT1": (126, 135), "DBCR": (136, 136)},
            },
            "I2": {
                **{"INRI": (1, 2), "AIT1": (3, 12), "AIT2": (13, 22), "CUCD": (23, 25), "CUAM": (26, 42)},
                **{"DBCR": (43, 43), "ACDT": (44, 51), "VTCD": (52, 53), "VTXT": (54, 93)},
            },
        },
    ),
}


class BatchStatus(StrEnum):
    """How far a batch has come in GLS840; there is no transaction that reads it."""

    OPEN = "open"
    IN_ERROR = "in error"  # its control was refused
    CONTROLLED = "controlled"
    SENT = "sent"  # handed to the job that updates the ledger
    UPDATED = "updated"


@dataclass(frozen=True)
class Line:
    """One line of a batch, by M3's field names; the amount is positive, DBCR says the side."""

    fields: Mapping[str, str]
    amount: Decimal

    @property
    def is_debit(self) -> bool:
        """Whether it stands on the debit side."""
        return self.fields.get("DBCR", "D") == "D"


@dataclass
class Batch:
    """A batch of the generic interface under its KEY1, which is unique for ever."""

    key: str
    interface: str
    description: str
    lines: dict[int, Line] = field(default_factory=dict)
    status: BatchStatus = BatchStatus.OPEN
    sent_ms: int = 0


@dataclass(frozen=True)
class Posting:
    """One row of the general ledger."""

    voucher: int
    number: int
    year: str
    fields: Mapping[str, str]
    amount: Decimal
    is_debit: bool
    batch: str


@dataclass
class Invoice:
    """A customer invoice of the receivables ledger."""

    customer: str
    number: str
    year: str
    currency: str
    amount: Decimal
    voucher: int
    fields: Mapping[str, str]
    paid: Decimal = Decimal(0)

    @property
    def status(self) -> str:
        """RECO: 9 = paid."""
        return "9" if self.paid == self.amount else "0"


@dataclass
class Payment:
    """A batch of customer payments (ARS040) under its PBID; somebody in M3 updates it later."""

    key: str
    kind: str
    fields: Mapping[str, str]
    lines: dict[str, Mapping[str, str]] = field(default_factory=dict)
    is_controlled: bool = False
    is_updated: bool = False


@dataclass
class GeneralLedger:
    """All of it, with what a control call may set."""

    batches: dict[str, Batch] = field(default_factory=dict)
    postings: list[Posting] = field(default_factory=list)
    invoices: dict[tuple[str, str, str], Invoice] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    closed_through: str = ""  # YYYYMMDD; every day up to here belongs to a closed period
    lag_s: float = 0  # how long the job takes that updates a sent batch
    fails_silently: bool = False  # the job loses what it is sent, and tells nobody
    posts_payments: bool = False  # a job posts controlled payment batches at once, as a person else does
    next_voucher: int = 7_000_001

    def take_voucher(self) -> int:
        """Give the next voucher number."""
        self.next_voucher += 1
        return self.next_voucher - 1
