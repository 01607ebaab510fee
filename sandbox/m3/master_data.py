"""Fill a new state with items, customers and charge ids; `site` calls it at start and reset, control to upsert customers."""

import json
import random
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from sandbox.clock import Clock
from sandbox.m3.changes import Operation, Record
from sandbox.m3.entities import ChargeType, Customer
from sandbox.m3.item_data import ItemIn, ean13, upsert_items
from sandbox.m3.money import CURRENCY_DECIMALS
from sandbox.m3.prices import first_rates
from sandbox.m3.state import DIVI, State

CATALOGUE_SKUS = 100
REDUCED_EVERY = 10
GUEST_AREAS = ("HR", "DE", "US", "EU", "GB")
GUEST_CURRENCIES = ("EUR", "USD", "GBP", "JPY")
CURRENCY_LETTERS = {"EUR": "", "USD": "U", "GBP": "G", "JPY": "J"}
VAT_SUFFIXES = {1: "25", 2: "05", 0: "00"}
TEMPLATES = {"TMPLB2C": "EUR", "TMPLB2CUSD": "USD", "TMPLB2CGBP": "GBP", "TMPLB2B": "EUR"}


def _names(field: str) -> AliasChoices:
    return AliasChoices(field, field.upper())


class CustomerIn(BaseModel):
    """A customer as POST /_control/customers gives it; `fields` takes any further M3 field by its name."""

    model_config = ConfigDict(extra="forbid")
    cuno: Annotated[str, StringConstraints(min_length=1, max_length=10)] = Field(validation_alias=_names("cuno"))
    name: str = Field(default="", validation_alias=AliasChoices("name", "cunm", "CUNM"))
    status: str = Field(default="20", validation_alias=AliasChoices("status", "stat", "STAT"))
    currency: str = Field(default="EUR", validation_alias=AliasChoices("currency", "cucd", "CUCD"))
    country: str = Field(default="HR", validation_alias=AliasChoices("country", "cscd", "CSCD"))
    is_taxed: bool = Field(default=True, validation_alias=AliasChoices("is_taxed", "tax_applicable", "txap", "TXAP"))
    credit_limit: Decimal = Decimal(0)
    fields: dict[str, str] = Field(default_factory=dict)


def new_state(seed: int, clock: Clock) -> State:
    """Build the state every run with this seed begins with."""
    state = State(clock)
    state.rates = first_rates(clock.now().date())
    upsert_items(state, shelf_items())
    upsert_items(state, catalogue_items(seed))
    upsert_items(state, credit_items())
    upsert_customers(state, guests())
    upsert_customers(state, templates())
    state.charge_types = {charge.crid: charge for charge in charge_types()}
    return state


@cache
def shelf_items() -> tuple[ItemIn, ...]:
    """Read the items of the recorded shop once a process."""
    shelf = json.loads(Path(__file__).with_name("items.json").read_text(encoding="utf-8"))
    return tuple(ItemIn.model_validate(entry) for entry in shelf)


def credit_items() -> Iterable[ItemIn]:
    """Make the items that carry money given back, one for each VAT code: no stock of them is kept, nobody sells them."""
    for code, suffix in VAT_SUFFIXES.items():
        yield ItemIn.model_validate(
            {
                "itno": f"CREDIT{suffix}",
                "name": f"Credit {suffix} %",
                "vat_code": code,
                "on_hand": 0,
                "fields": {"STCD": "0", "SALE": "0"},
            }
        )


@lru_cache(maxsize=4)
def catalogue_items(seed: int) -> tuple[ItemIn, ...]:
    """Make SKU-0001..SKU-0100, every tenth with the reduced VAT rate; prices and stock follow the seed."""
    return tuple(_catalogue_items(random.Random(seed)))


def _catalogue_items(rng: random.Random) -> Iterator[ItemIn]:
    for number in range(1, CATALOGUE_SKUS + 1):
        aliases = [{"alwt": 2, "alwq": "EA13", "popn": ean13(number)}] if number % 25 == 0 else []
        yield ItemIn.model_validate(
            {
                "itno": f"SKU-{number:04d}",
                "name": f"Catalogue item {number}",
                "vat_code": 2 if number % REDUCED_EVERY == 0 else 1,
                "list_price": Decimal(rng.randrange(199, 19_999)) / 100,
                "on_hand": rng.randrange(5_000, 50_000),
                "aliases": aliases,
            }
        )


def guests() -> Iterable[CustomerIn]:
    """Make the common guest customers: VAT area x currency, taxed, exempt (ending X) and for tax mode T."""
    for currency in GUEST_CURRENCIES:
        for area in GUEST_AREAS:
            country = "HR" if area == "EU" else area
            yield _guest(f"GUEST{area}{currency}", currency, country=country, is_taxed=True)
            yield _guest(f"GUEST{area}{currency[:2]}X", currency, country=country, is_taxed=False)
        yield _guest(f"TAXT{currency}", currency, country="HR", is_taxed=False)


def templates() -> Iterable[CustomerIn]:
    """Make the template customers for CRS610MI/Add: preliminary, so nobody can order on them."""
    for cuno, currency in TEMPLATES.items():
        yield CustomerIn(cuno=cuno, name=f"Template {cuno}", status="10", currency=currency)


def charge_types() -> Iterable[ChargeType]:
    """Make the charge ids: kind x VAT rate x currency, tax as line charge (TAX) and head charge (STX, FTX)."""
    for currency, letter in CURRENCY_LETTERS.items():
        for code, suffix in VAT_SUFFIXES.items():
            for kind, name in (("SHP", "Shipping"), ("FEE", "Fee")):
                yield ChargeType(_crid(kind, letter, suffix), f"{name} {suffix} % {currency}", code, currency)
        yield ChargeType(_crid("RND", letter, "00"), f"Rounding {currency}", 0, currency)
        for suffix in ("25", "05"):
            yield ChargeType(
                _crid("TAX", letter, suffix), f"Tax {suffix} % {currency}", 0, currency, is_line_charge=True
            )
            yield ChargeType(_crid("STX", letter, suffix), f"Shipping tax {suffix} % {currency}", 0, currency)
            yield ChargeType(_crid("FTX", letter, suffix), f"Fee tax {suffix} % {currency}", 0, currency)


def upsert_customers(state: State, customers: Iterable[CustomerIn]) -> int:
    """Add customers or replace their fields; address records are kept."""
    count = 0
    for given in customers:
        if given.currency not in CURRENCY_DECIMALS:
            raise ValueError(f"currency {given.currency} is not in CRS055")
        old = state.customers.get(given.cuno)
        state.customers[given.cuno] = Customer(
            cuno=given.cuno,
            fields=_customer_fields(given),
            addresses=old.addresses if old else {},
            changed_ms=state.now_ms(),
            created_by_call=old.created_by_call if old else False,
        )
        state.tell(Record.CUSTOMER, Operation.UPDATE if old else Operation.CREATE, given.cuno)
        count += 1
    return count


def change_customer(state: State, cuno: str, fields: dict[str, str]) -> dict[str, str]:
    """Change fields of a customer as a person does in CRS610, and give them all; an empty text empties the field.

    Raises:
        Refusal: there is no such customer.
    """
    customer = state.customer(cuno)
    customer.fields = {name: text for name, text in (customer.fields | fields).items() if text}
    customer.changed_ms = state.now_ms()
    state.tell(Record.CUSTOMER, Operation.UPDATE, cuno)
    return customer.fields


def _customer_fields(given: CustomerIn) -> dict[str, str]:
    fields = {
        "DIVI": DIVI,
        "LNCD": "GB",
        "CUNM": given.name or given.cuno,
        "CUA1": "Street 1",
        "CSCD": given.country,
        "CUTP": "0",
        "STAT": given.status,
        "CUCD": given.currency,
        "TXAP": "1" if given.is_taxed else "0",
        "VTCD": "1",
        "CRL2": str(given.credit_limit),
        "BLCD": "0",
        "ORTP": "W01",
        "FACI": "001",
        "WHLO": "001",
        "TEPY": "000",
        "PYCD": "WEB",
        "TEDL": "EXW",
        "MODL": "STD",
        "PYNO": given.cuno,
        "INRC": given.cuno,
        "CRTP": "1",
        "TINC": "0",
        "AICD": "0",
        "ADBO": "1",
    }
    return fields | given.fields


def _guest(cuno: str, currency: str, *, country: str, is_taxed: bool) -> CustomerIn:
    return CustomerIn(cuno=cuno, name=f"Web guest {cuno}", currency=currency, country=country, is_taxed=is_taxed)


def _crid(kind: str, letter: str, suffix: str) -> str:
    return f"{kind[:2]}{letter or kind[2]}{suffix}"
