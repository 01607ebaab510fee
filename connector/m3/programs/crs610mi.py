"""CRS610MI, the customer. Called by customers_to_m3 and by `connector check`.

Source: signatures in catalogue.json; order-rules.md section 7; money-and-stock.md section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.programs.charges import COLUMNS, Charge, read_charge
from connector.m3.values import number

DEFINITE = "20"  # STAT: orders need it; 10 is preliminary

CUSTOMER_COLUMNS = ("CUNO", "CUNM", "STAT", "ALCU", "YREF", "MAIL", "CSCD", "CUCD", "CUTP")


@dataclass(frozen=True, slots=True)
class AddedCustomer:
    """The answer to Add. `why_not_active` is set if M3 kept the customer preliminary."""

    number: str
    why_not_active: str


@dataclass(frozen=True, slots=True)
class Customer:
    """Who a customer is, as far as it is needed to recognise one."""

    number: str
    name: str
    status: str
    search_key: str  # ALCU
    your_reference: str  # YREF
    email: str
    country: str
    currency: str


@dataclass(frozen=True, slots=True)
class OrderInfo:
    """How a customer's orders are treated; compared by `connector check`."""

    has_summary_invoice: bool  # AICD
    has_tax_included: bool  # TINC
    charge_model: str  # CHSY
    discount_model: str  # DISY
    discount_percent: Decimal  # DIPC
    warehouse: str
    order_type: str


@dataclass(frozen=True, slots=True)
class Financial:
    """A customer's credit and tax; compared by `connector check`."""

    currency: str
    vat_code: str  # VTCD
    is_taxed: bool  # TXAP
    is_stopped: bool  # BLCD: customer stop
    credit_limits: tuple[Decimal, Decimal, Decimal, Decimal]  # CRLM, CRL2, CRL3; ODUD in days


def add(fields: Mapping[str, str]) -> Call:
    """CRS610MI/Add – creates a customer from a template.

    Safe to repeat only with CUNO given: then the second is refused as existing. Without it M3 takes the next number of
    its series, and a repetition makes a second customer.

    Args:
        fields: By M3 name; CUTM (template), CUNM and CUA1 are required.
    """
    return Call("customer.add", fields, ("CUNO", "ERRM"))


def read_added(answer: Answer) -> AddedCustomer:
    """Returns number and state of the new customer; M3 may leave the number out where we gave it."""
    record = answer.first()
    return AddedCustomer(record.get("CUNO") or answer.call.fields.get("CUNO", ""), record.get("ERRM", ""))


def get_basic_data(customer: str) -> Call:
    """CRS610MI/GetBasicData – reads a customer. Read only."""
    return Call("customer.basic", {"CUNO": customer}, CUSTOMER_COLUMNS)


def read_customer(answer: Answer) -> Customer:
    """Returns the customer."""
    return _customer(answer.first())


def change_basic_data(customer: str, fields: Mapping[str, str]) -> Call:
    """CRS610MI/ChgBasicData – changes a customer. Safe to repeat; a field left out keeps its value.

    Args:
        customer: CUNO.
        fields: By M3 name, only those to change.
    """
    return Call("customer.change", {"CUNO": customer, **fields}, ("CUNO",))


def change_financial(customer: str, fields: Mapping[str, str]) -> Call:
    """CRS610MI/ChgFinancial – changes a customer's tax and credit. Safe to repeat; a field left out keeps its value.

    Args:
        customer: CUNO.
        fields: By M3 name, only those to change.
    """
    return Call("customer.change_financial", {"CUNO": customer, **fields})


def get_fields(operation: str, customer: str, *, names: Iterable[str]) -> Call:
    """CRS610MI/GetBasicData, GetOrderInfo or GetFinancial – reads chosen fields of a customer. Read only.

    Args:
        operation: `customer.basic`, `customer.order_info` or `customer.financial`.
        customer: CUNO.
        names: M3's names.
    """
    return Call(operation, {"CUNO": customer}, ("CUNO", *sorted(set(names) - {"CUNO"})))


def read_fields(answer: Answer) -> dict[str, str]:
    """Returns the fields as M3 has them; blank ones may be left out."""
    return dict(answer.first())


def list_changed(since_ms: int) -> Call:
    """CRS610MI/LstByNumber – lists customers stamped at a moment or later, in the order of numbers. Read only.

    Args:
        since_ms: LMTS as GetServerTime gives it. The rows do not show theirs.
    """
    return Call("customer.changed", {"LMTS": str(since_ms)}, ("CUNO",))


def read_numbers(answer: Answer) -> list[str]:
    """Returns the customer numbers of a list."""
    return [record["CUNO"] for record in answer.require() if record.get("CUNO")]


def list_by_search_key(search_key: str) -> Call:
    """CRS610MI/LstBySearchKey – lists customers from a search key (ALCU) on; read_found compares. Read only."""
    return Call("customer.by_search_key", {"ALCU": search_key}, CUSTOMER_COLUMNS)


def list_by_number(customer: str) -> Call:
    """CRS610MI/LstByNumber – lists customers in the order of their numbers, from this one on. Read only."""
    return Call("customer.by_number", {"CUNO": customer}, ("CUNO", "ALCU"))


def read_customers(answer: Answer) -> list[Customer]:
    """Returns the customers on a page of a list; with `answer.is_cut` there may be more of them."""
    return [_customer(record) for record in answer.page()]


def read_found(answer: Answer, *, search_key: str) -> list[Customer]:
    """Returns the customers with exactly this search key."""
    return [_customer(record) for record in answer.require_of(lambda record: record.get("ALCU", "") == search_key)]


def get_order_info(customer: str) -> Call:
    """CRS610MI/GetOrderInfo – reads how a customer's orders are treated. Read only."""
    return Call("customer.order_info", {"CUNO": customer}, ("AICD", "TINC", "CHSY", "DISY", "DIPC", "WHLO", "ORTP"))


def read_order_info(answer: Answer) -> OrderInfo:
    """Returns how a customer's orders are treated."""
    record = answer.first()
    return OrderInfo(
        has_summary_invoice=_is_on(record, "AICD"),
        has_tax_included=_is_on(record, "TINC"),
        charge_model=record.get("CHSY", ""),
        discount_model=record.get("DISY", ""),
        discount_percent=number(record.get("DIPC", "")),
        warehouse=record.get("WHLO", ""),
        order_type=record.get("ORTP", ""),
    )


def get_financial(customer: str) -> Call:
    """CRS610MI/GetFinancial – reads a customer's credit and tax. Read only."""
    columns = ("CUCD", "VTCD", "TXAP", "BLCD", "CRLM", "CRL2", "CRL3", "ODUD")
    return Call("customer.financial", {"CUNO": customer}, columns)


def read_financial(answer: Answer) -> Financial:
    """Returns a customer's credit and tax."""
    record = answer.first()
    return Financial(
        currency=record.get("CUCD", ""),
        vat_code=record.get("VTCD", ""),
        is_taxed=_is_on(record, "TXAP"),
        is_stopped=_is_on(record, "BLCD"),
        credit_limits=(
            number(record.get("CRLM", "")),
            number(record.get("CRL2", "")),
            number(record.get("CRL3", "")),
            number(record.get("ODUD", "")),
        ),
    )


def list_customer_charges(customer: str) -> Call:
    """CRS610MI/LstCustCharges – lists charges connected to customers, from this one on. Read only."""
    return Call("customer.charges", {"CUNO": customer}, ("CUNO", *COLUMNS))


def read_customer_charges(answer: Answer, *, customer: str) -> list[Charge]:
    """Returns the charges of exactly this customer, which M3 adds to its orders by itself."""
    return [
        read_charge(record) for record in answer.require_of(lambda record: record.get("CUNO", customer) == customer)
    ]


def _customer(record: Mapping[str, str]) -> Customer:
    return Customer(
        number=record.get("CUNO", ""),
        name=record.get("CUNM", ""),
        status=record.get("STAT", ""),
        search_key=record.get("ALCU", ""),
        your_reference=record.get("YREF", ""),
        email=record.get("MAIL", ""),
        country=record.get("CSCD", ""),
        currency=record.get("CUCD", ""),
    )


def _is_on(record: Mapping[str, str], name: str) -> bool:
    return record.get(name, "") not in {"", "0"}
