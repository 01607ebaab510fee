"""Small models, signatures and a loader for the mapping tests."""

from __future__ import annotations

import json
from collections.abc import Mapping as ReadOnlyMapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from connector.m3.catalogue import Catalogue, FieldSpec
from connector.mapping.engine import Mapping
from connector.mapping.loader import load_mapping
from connector.stores.reading import parse_store_config
from connector.stores.systems import M3Config
from connector.woocommerce.models import Address, LineItem, Order, parse_order

ROOT = Path(__file__).parents[3]
RECORDED = ROOT / "tests/fixtures/woocommerce/recorded"
RECORDED_ORDERS = [
    path.stem for path in sorted(RECORDED.glob("*-order-*.json")) if "line_items" in path.read_text("utf-8")
]
STORE = parse_store_config((ROOT / "config/stores/example.yaml").read_text("utf-8"), source="example.yaml")


@dataclass(frozen=True)
class OrderRunValues:
    """What the order flow knows of a run."""

    customer_number: str = "GUESTHREUR"
    reference: str = "demo-52-1795311981"
    order_number_text: str = "W-52"
    order_date: date = date(2026, 11, 22)
    delivery_date: date = date(2026, 11, 23)
    warehouse: str = "001"
    facility: str = "001"


@dataclass(frozen=True)
class CustomerRunValues:
    """What the customer flow knows of a run."""

    customer_number: str = "W123456789"
    template: str = "TMPLB2C"
    search_key: str = "demo5"
    reference: str = "demo-5"
    email: str = "ana@example.com"
    vat_number: str = "HR33392005961"


@dataclass(frozen=True)
class Note:
    """A text with its own date, for rules on lists."""

    text: str
    amount: Decimal = Decimal("1.50")


@dataclass(frozen=True)
class Thing:
    """What the small mapping files of the tests read."""

    name: str = ""
    other: str = ""
    method: str = ""
    count: int = 0
    share: float = 0.5
    notes: tuple[Note, ...] = ()
    extra: ReadOnlyMapping[str, Any] | None = None


SPECS = {
    "NAME": FieldSpec(length=10, numeric=False, required=True, label="Name"),
    "CODE": FieldSpec(length=3, numeric=False, required=False, label="Code"),
    "CUOR": FieldSpec(length=5, numeric=False, required=False, label="Order"),
    "NUMB": FieldSpec(length=5, numeric=True, required=False, label="Number"),
    "LONG": FieldSpec(length=60, numeric=False, required=False, label="Long"),
}
LOOKUPS = {"method": {"bacs": "BAC", "bad": "TOO LONG"}, "good": {"bacs": "BAC", "bool": "BOO"}}


def load(fields: str, *, record: str = "") -> Mapping:
    """Loads a file with one record of the given field rules (indented by nothing)."""
    indented = "".join(f"      {line}\n" for line in fields.strip("\n").splitlines())
    text = f"flow: test\nrecords:\n  one:\n    transaction: TST100MI/Add\n{record}    fields:\n{indented}"
    return load_text(text)


def load_text(text: str) -> Mapping:
    """Loads a whole file of the tests."""
    return load_mapping(
        text,
        source="test.yaml",
        roots={"thing": Thing},
        signature=lambda program, name: SPECS if (program, name) == ("TST100MI", "Add") else None,
        lookups=LOOKUPS,
    )


def fields_of(mapping: Mapping, **values: Any) -> dict[str, str]:
    """Applies the one record to a Thing."""
    return mapping.apply("one", values={"thing": Thing(**values)}).fields


def load_orders() -> Mapping:
    """Loads the shipped file of the order flow."""
    return _load_shipped("orders_to_m3", {"order": Order, "delivery": Address, "line": LineItem, "run": OrderRunValues})


def load_customers() -> Mapping:
    """Loads the shipped file of the customer flow."""
    return _load_shipped("customers_to_m3", {"billing": Address, "shipping": Address, "run": CustomerRunValues})


def recorded_order(name: str, **changes: Any) -> Order:
    """Returns the order of a recorded delivery, with single entries changed."""
    body = json.loads(json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["body_raw"], parse_float=Decimal)
    return parse_order({**body, **changes})


def values_of(order: Order, run: OrderRunValues | None = None) -> dict[str, object]:
    """Returns the roots of the order flow."""
    given = run or OrderRunValues()
    return {
        "order": order,
        "delivery": order.delivery_address,
        "line": order.line_items[0],
        "run": given,
        "store": STORE.m3,
    }


def _load_shipped(flow: str, roots: dict[str, type]) -> Mapping:
    path = f"config/mappings/{flow}.yaml"
    return load_mapping(
        (ROOT / path).read_text("utf-8"),
        source=path,
        roots={**roots, "store": M3Config},
        signature=lambda program, name: spec.inputs if (spec := Catalogue.load().find(program, name)) else None,
        lookups=STORE.lookups,
    )
