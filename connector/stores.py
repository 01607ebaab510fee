"""The configuration of one store (config/stores/<store>.yaml): what business people decide, checked before it is used.

Called by the command line (`store add`), the runtime and the flows. Secrets are not here but in the vault.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, tzinfo
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Self, get_args
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from connector.accounting.accounts import BooksConfig
from connector.accounting.invoices import InvoicesConfig, StockRule
from connector.accounting.payments import PaymentsConfig
from connector.errors import ConfigurationError
from connector.publishing.customers import Accounts, GuestsWithAccount, OtherCompany, VatNumbers
from connector.publishing.parts import Publishing
from connector.publishing.progress import ProgressConfig
from connector.publishing.rates import RatesConfig
from connector.publishing.reconciling import ReconcileConfig
from connector.publishing.strict import Strict, Text

STORE_CODE = re.compile(r"[a-z0-9]{1,8}")


class OrderAction(StrEnum):
    """What a shop status makes of an order in M3."""

    NONE = "none"  # nothing to carry across in this status
    BATCH = "batch"  # an unconfirmed batch order that a person or a later status releases
    CONFIRM = "confirm"  # one confirmed customer order
    CLOSE = "close"  # nothing if M3 does not know the order yet, else it has to be closed there


class CarriedAs(StrEnum):
    """What a confirmed order of the shop becomes in M3."""

    ORDER = "order"  # a customer order, which M3 delivers and invoices
    INVOICE = "invoice"  # a customer invoice posted to the ledger; no order, and no delivery by M3


class ChangePolicy(StrEnum):
    """What becomes of an order that is changed in the shop after M3 has it."""

    APPLY = "apply"  # M3 follows as far as it allows; else a person
    PERSON = "person"  # always a person


class CancelPolicy(StrEnum):
    """How an order that M3 has is ended there."""

    CLOSE = "close"  # line by line, which keeps the trace
    DELETE = "delete"  # as a whole if no line is past 22, else line by line


class HoldBy(StrEnum):
    """How an order is held in M3 while it is changed, or because it differs."""

    LOCK = "lock"  # OIS100MI/LockOrder: hold code 9
    STOP = "stop"  # OIS120MI/UpdCOStop with `stop_code`, where jobs of the site go on with locked orders


class TaxMode(StrEnum):
    """Who computes the VAT of an order (money-and-stock section 3)."""

    M3_COMPUTES = "V"  # no tax is sent; M3's total must equal the shop's
    SHOP_TAX_SENT = "T"  # the shop's tax goes as charges; the customer is without VAT in M3


class VatRounding(StrEnum):
    """How this M3 rounds VAT when it computes it."""

    DOCUMENT = "document"  # once per rate over the whole order
    LINE = "line"  # on each line and charge


class GuestPolicy(StrEnum):
    """Which M3 customer an order gets."""

    COMMON = "common"  # one web customer per VAT area, currency and exemption; the address is on the order
    PER_EMAIL = "per_email"  # one M3 customer per normalised e-mail address


class ChargeKind(StrEnum):
    """What a charge id of OIS030 stands for."""

    SHIPPING = "shipping"
    FEE = "fee"
    ROUNDING = "rounding"
    LINE_TAX = "line_tax"  # tax mode T: tax of a line, as line charge
    SHIPPING_TAX = "shipping_tax"  # tax mode T
    FEE_TAX = "fee_tax"  # tax mode T


class ShopConfig(Strict):
    """How the shop is called."""

    allow_plain_http: bool = False
    requests_per_s: float = 10
    concurrency: int = 4


class M3Config(Strict):
    """Where in M3 the orders go, and how the gateway behaves."""

    company: int = Field(ge=1, le=999)
    division: Text = Field(max_length=3)
    facility: Text = Field(max_length=3)
    warehouse: Text = Field(max_length=3)
    order_type: Text = Field(max_length=3)
    timezone: str = "UTC"
    language: str = "GB"
    api_path: str = "M3/m3api-rest/v2/execute"
    gateway_cut_s: float = Field(default=60, gt=0)
    requests_per_s: float = 20
    concurrency: int = 8
    grant: str = Field(default="password", pattern="^(password|client_credentials)$")
    tenure: bool = True

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is no time zone; use a name like Europe/Zagreb") from None
        return value

    @property
    def zone(self) -> tzinfo:
        """The division's time zone; order dates are civil dates in it."""
        return ZoneInfo(self.timezone)


DEFAULT_STATUSES = {
    "processing": OrderAction.CONFIRM,
    "completed": OrderAction.CONFIRM,
    "on-hold": OrderAction.NONE,
    "cancelled": OrderAction.CLOSE,
    "failed": OrderAction.CLOSE,
    "refunded": OrderAction.NONE,
    "pending": OrderAction.NONE,
    "checkout-draft": OrderAction.NONE,
    "trash": OrderAction.CLOSE,
}


class OrdersConfig(Strict):
    """What becomes of an order."""

    carried_as: CarriedAs = CarriedAs.ORDER
    statuses: dict[str, OrderAction] = Field(default_factory=dict)
    lead_days: int = Field(default=1, ge=0, le=365)
    working_days: tuple[int, ...] = (1, 2, 3, 4, 5)
    merge_equal_lines: bool = False
    price_per_quantity: bool = True
    changes: ChangePolicy = ChangePolicy.APPLY
    cancel: CancelPolicy = CancelPolicy.CLOSE
    close_reason: Text = Field(default="", max_length=3)
    changed_note: str = Field(default="Replaces all earlier notes ({date}):", max_length=60)
    hold_by: HoldBy = HoldBy.LOCK
    stop_code: int = Field(default=9, ge=1, le=9)
    progress: ProgressConfig = ProgressConfig()

    def action(self, status: str) -> OrderAction:
        """Returns what `status` of the shop means here; an unknown status does nothing, and is held (see `knows`)."""
        return {**DEFAULT_STATUSES, **self.statuses}.get(status, OrderAction.NONE)

    def knows(self, status: str) -> bool:
        """Tells whether anybody said what `status` of the shop means, here or by what M3's progress leads to."""
        return status in DEFAULT_STATUSES or status in self.statuses or status in self.progress.forwards

    @field_validator("changed_note")
    @classmethod
    def _names_nothing_but_the_date(cls, words: str) -> str:
        try:
            words.format(date=date.min)
        except (AttributeError, LookupError, ValueError):
            raise ValueError("changed_note: {date} is all that may stand in braces") from None
        return words

    @model_validator(mode="after")
    def _progress_closes_nothing(self) -> Self:
        closing = [one for one in self.progress.forwards if self.action(one) is OrderAction.CLOSE]
        if closing:
            raise ValueError(f"progress.forwards names {', '.join(closing)}, and `statuses` closes such orders in M3")
        return self


class ChargeConfig(Strict):
    """One charge id of M3: per kind, VAT rate and currency (money-and-stock section 2)."""

    kind: ChargeKind
    rate: Decimal = Decimal(0)
    currency: str = Field(min_length=3, max_length=3)
    id: str = Field(min_length=1, max_length=6)


class MoneyConfig(Strict):
    """How money is carried across."""

    tax_mode: TaxMode = TaxMode.M3_COMPUTES
    vat_rounding: VatRounding = VatRounding.DOCUMENT
    rounding_limit: Decimal = Decimal(
        "0.05"
    )  # of an order; each further taxed row adds half its currency's smallest unit
    charges: tuple[ChargeConfig, ...] = ()

    def limit_for(self, rows: int, *, decimals: int) -> Decimal:
        """Returns how far an order of `rows` taxed rows may miss by rounding alone.

        A shop that rounds tax on each row misses by at most half the smallest unit a row, so long orders need more room.
        """
        return max(self.rounding_limit, Decimal(rows).scaleb(-decimals) / 2)

    def charge_id(self, kind: ChargeKind, *, rate: Decimal, currency: str) -> str | None:
        """Returns the charge id for `kind` at VAT `rate` (percent) in `currency`, or None if none is configured."""
        for charge in self.charges:
            if (charge.kind, charge.rate, charge.currency) == (kind, rate, currency):
                return charge.id
        return None


class CommonCustomer(Strict):
    """One web customer of M3 that carries orders of many shoppers."""

    countries: tuple[str, ...]  # ISO 3166 alpha-2; "*" stands for every other country
    currency: str
    exempt: bool = False
    number: str = Field(min_length=1, max_length=10)


class CustomersConfig(Strict):
    """Which M3 customer an order belongs to."""

    guests: GuestPolicy = GuestPolicy.COMMON
    registered: GuestPolicy = GuestPolicy.PER_EMAIL
    template: str = Field(default="", max_length=10)
    number_prefix: str = Field(default="W", max_length=2, pattern="^[A-Z0-9]*$")
    guests_with_account: GuestsWithAccount = GuestsWithAccount.SAME
    other_company: OtherCompany = OtherCompany.PERSON
    vat_numbers: VatNumbers = VatNumbers()
    accounts: Accounts | None = None
    common: tuple[CommonCustomer, ...] = ()

    def common_number(self, *, country: str, currency: str, exempt: bool) -> str | None:
        """Returns the common customer for a VAT area, currency and exemption, or None if none is configured."""
        fitting = [one for one in self.common if one.currency == currency and one.exempt == exempt]
        for wanted in (country, "*"):
            for one in fitting:
                if wanted in one.countries:
                    return one.number
        return None


class AliasType(Strict):
    """An alias category of MMS025 under which shop SKUs may be known."""

    category: int = Field(ge=1, le=99)
    qualifier: str = Field(default="", max_length=4)


class ItemsConfig(Strict):
    """How a shop SKU becomes an M3 item."""

    aliases: tuple[AliasType, ...] = ()
    recheck_hours: int = 24


class CreditItem(Strict):
    """A non-stock item of M3 that carries money given back at one VAT rate (percent)."""

    rate: Decimal
    item: Text = Field(min_length=1, max_length=15)


class BeforeInvoice(StrEnum):
    """What becomes of money given back without goods while M3 has picked nothing of the order."""

    WAIT = "wait"  # a credit order, once the order is invoiced
    CHARGE = "charge"  # a negative head charge on the order itself


class RefundsConfig(Strict):
    """What becomes of a refund."""

    return_order_type: Text = Field(max_length=3)
    credit_order_type: Text = Field(max_length=3)
    credit_items: tuple[CreditItem, ...]
    return_reason: Text = Field(default="", max_length=3)
    credit_reason: Text = Field(default="", max_length=3)
    warehouse: Text = Field(default="", max_length=3)
    restocked_location: Text = Field(default="", max_length=10)
    other_location: Text = Field(default="", max_length=10)
    look_back_days: int = Field(default=60, ge=1, le=365)
    before_invoice: BeforeInvoice = BeforeInvoice.WAIT

    def credit_item(self, rate: Decimal) -> str | None:
        """Returns the item for money at VAT `rate`, or None if none is configured."""
        return next((one.item for one in self.credit_items if one.rate == rate), None)


class RetryConfig(Strict):
    """How patiently the store's exchanges are retried."""

    backoff_s: tuple[int, ...] = (5, 30, 120, 600, 1800, 7200, 21600, 64800)
    wait_deadline_h: int = 24
    blocked_deadline_h: int = Field(default=72, ge=1)  # on another exchange
    invoice_deadline_d: int = Field(default=60, ge=1)  # on M3's invoice of an order


class OperationConfig(Strict):
    """Other names for one M3 operation at this site: program, transaction, and field names (ours -> theirs)."""

    program: str | None = None
    transaction: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)


class StoreConfig(Strict):
    """Everything about one store but its secrets."""

    shop: ShopConfig = ShopConfig()
    m3: M3Config
    orders: OrdersConfig = OrdersConfig()
    money: MoneyConfig = MoneyConfig()
    customers: CustomersConfig = CustomersConfig()
    items: ItemsConfig = ItemsConfig()
    rates: RatesConfig | None = None
    refunds: RefundsConfig | None = None
    reconcile: ReconcileConfig | None = None
    retry: RetryConfig = RetryConfig()
    publish: Publishing = Publishing()
    books: BooksConfig = BooksConfig()
    payments: PaymentsConfig | None = None
    invoices: InvoicesConfig | None = None
    lookups: dict[str, dict[str, Text]] = Field(default_factory=dict)
    operations: dict[str, OperationConfig] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _journals_leave_receivables_alone(self) -> Self:
        accounts = {one.account for one in self.payments.accounts()} if self.payments is not None else set()
        touched = sorted(accounts.intersection(self.books.control_accounts))
        if touched:
            raise ValueError(
                f"payments: {', '.join(touched)} is a control account of receivables (books.control_accounts); a journal "
                "there would split ledger and sub-ledger"
            )
        return self

    @model_validator(mode="after")
    def _books_can_be_converted(self) -> Self:
        if not self.books.convert_to:
            return self
        if self.rates is None or self.books.rate_type not in self.rates.types:
            raise ValueError(f"books.convert_to: the part `rates` has to read rates of type {self.books.rate_type}")
        if self.payments is not None and self.payments.settle is not None:
            raise ValueError("books.convert_to: an invoice is paid in its own currency; leave payments.settle out")
        return self

    @model_validator(mode="after")
    def _invoices_are_whole(self) -> Self:
        is_direct = self.orders.carried_as is CarriedAs.INVOICE
        if is_direct != (self.invoices is not None):
            raise ValueError(
                "orders.carried_as: invoice and the part `invoices` belong together; the one is there alone"
            )
        if self.invoices is None:
            return self
        if OrderAction.BATCH in self.orders.statuses.values():
            raise ValueError("orders.statuses: batch makes an order in M3, but orders are carried_as: invoice")
        if self.refunds is not None:
            raise ValueError(
                "refunds: they become return orders, but orders are carried_as: invoice; a person credits those"
            )
        if not self.invoices.layout and "invoice.add_line" not in self.operations:
            raise ValueError("invoices: name a `layout`, or bind operations invoice.add_line to a program of the site")
        if self.publish.stock is not None and self.invoices.stock is None:
            raise ValueError(
                "publish.stock: no order in M3 takes the units of a direct invoice, so the shop would sell them twice; say "
                f"invoices.stock ({', '.join(StockRule)})"
            )
        return self

    @property
    def warehouses(self) -> frozenset[str]:
        """The warehouses of M3 this store sells from or shows the stock of."""
        return frozenset((self.m3.warehouse, *(self.publish.stock.warehouses if self.publish.stock else ())))


def parse_store_config(text: str, *, source: Path | str) -> StoreConfig:
    """Reads a store file.

    Args:
        text: The YAML text.
        source: Its path or name, for the messages.

    Raises:
        ConfigurationError: Not YAML, an unknown or wrong entry; names file, line and field.
    """
    try:
        raw: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigurationError(
            f"{source}{line}: this is not readable YAML ({getattr(error, 'problem', 'syntax')}).",
            resolution="Correct the line; config/stores/example.yaml shows the form.",
        ) from None
    try:
        return StoreConfig.model_validate(raw if raw is not None else {})
    except ValidationError as error:
        raise ConfigurationError(
            f"{source}: " + "; ".join(_where(item, text) for item in error.errors(include_input=False)),
            resolution="Correct the named entries; config/stores/example.yaml explains each.",
        ) from None


def _where(item: Any, text: str) -> str:
    field = ".".join(str(part) for part in item["loc"])
    message = _in_words(item)
    last = next((str(part) for part in reversed(item["loc"]) if isinstance(part, str)), "")
    for number, line in enumerate(text.splitlines(), start=1):
        if last and line.strip().lstrip("- ").startswith(f"{last}:"):
            return f"line {number}, {field}: {message}"
    return f"{field}: {message}" if field else message


def _in_words(item: Any) -> str:
    """Says what pydantic says of a name too many or too few as a person would, with the name that may be meant."""
    if item["type"] == "missing":
        return "this entry is missing"
    if item["type"] != "extra_forbidden":
        return str(item["msg"])
    names = _names_at(item["loc"][:-1])
    close = get_close_matches(str(item["loc"][-1]), names, n=1)
    if close:
        return f"there is no such entry; did you mean {close[0]}?"
    return f"there is no such entry; possible here: {', '.join(sorted(names))}" if names else "there is no such entry"


def _names_at(path: Sequence[str | int]) -> list[str]:
    """Returns the names an entry of the file may hold; follows lists and tables to what they hold."""
    model: Any = StoreConfig
    for part in path:
        kind = model.model_fields[part].annotation if isinstance(part, str) and _is_model(model) else model
        model = next((one for one in (kind, *get_args(kind)) if _is_model(one)), kind)
    return list(model.model_fields) if _is_model(model) else []


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
