"""Orders, refunds and customers of the shop, field names equal to the JSON keys; read by mapping, money and flows.

Shapes as recorded from WooCommerce 9.9.5 (reference/woocommerce/recorded and behaviour.md section 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeVar

from pydantic import ValidationError

from connector.errors import InvalidPayloadError
from connector.woocommerce.canonical import read_json
from connector.woocommerce.lines import (
    CouponLine,
    FeeLine,
    LineItem,
    LineTax,
    MetaData,
    MetaRows,
    Received,
    RefundSummary,
    ShippingLine,
    TaxLine,
    meta_value,
)
from connector.woocommerce.scalars import Id, LegibleText, Money, RequiredText, Rows, Text, UtcTime, UtcTimeOrNone

__all__ = [
    "Address",
    "CouponLine",
    "Customer",
    "FeeLine",
    "LineItem",
    "LineTax",
    "MetaData",
    "Order",
    "Refund",
    "RefundSummary",
    "ShippingLine",
    "TaxLine",
    "parse",
    "parse_customer",
    "parse_order",
    "parse_refund",
]

_MOST_PROBLEMS = 5


class Address(Received):
    """A billing or shipping address; shipping addresses have no e-mail. `country` is ISO 3166 alpha-2."""

    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address_1: Text = ""
    address_2: Text = ""
    city: Text = ""
    state: Text = ""
    postcode: Text = ""
    country: Text = ""
    email: Text = ""
    phone: Text = ""

    @property
    def is_empty(self) -> bool:
        """True if nothing could be delivered there; country, state and phone alone are presets of the shop."""
        named = (self.first_name, self.last_name, self.company)
        placed = (self.address_1, self.address_2, self.city, self.postcode)
        return not any(part.strip() for part in (*named, *placed))

    @property
    def named(self) -> Self:
        """The address without a company that has no letter or digit: people type "-" into a field they have to fill in."""
        is_name = any(letter.isalnum() for letter in self.company)
        return self if is_name or not self.company else self.model_copy(update={"company": ""})

    @property
    def has_street(self) -> bool:
        """True if it says where; a name alone, which a shop may ask for when somebody registers, does not."""
        return bool(f"{self.address_1}{self.address_2}".strip())


ERASED_KEY = "_anonymized"


class Order(Received):
    """One order. All amounts are in `currency`; line and shipping totals are net whatever the shop shows."""

    id: Id
    parent_id: Id = 0
    number: RequiredText
    status: RequiredText
    currency: RequiredText
    version: Text = ""
    created_via: Text = ""
    prices_include_tax: bool = False
    date_created_gmt: UtcTime
    date_modified_gmt: UtcTimeOrNone = None
    date_completed_gmt: UtcTimeOrNone = None
    date_paid_gmt: UtcTimeOrNone = None
    discount_total: Money
    discount_tax: Money
    shipping_total: Money
    shipping_tax: Money
    cart_tax: Money
    total: Money
    total_tax: Money
    customer_id: Id = 0
    customer_note: LegibleText = ""
    billing: Address
    shipping: Address
    payment_method: Text = ""
    payment_method_title: Text = ""
    transaction_id: Text = ""
    meta_data: MetaRows = ()
    line_items: Annotated[tuple[LineItem, ...], Rows]
    tax_lines: Annotated[tuple[TaxLine, ...], Rows]
    shipping_lines: Annotated[tuple[ShippingLine, ...], Rows]
    fee_lines: Annotated[tuple[FeeLine, ...], Rows]
    coupon_lines: Annotated[tuple[CouponLine, ...], Rows]
    refunds: Annotated[tuple[RefundSummary, ...], Rows] = ()

    @property
    def created_at(self) -> datetime:
        """When the order was made; never changes afterwards, so references may be built on it."""
        return self.date_created_gmt

    @property
    def tax_rates(self) -> Mapping[int, Decimal]:
        """Percent by rate id; a rate whose percent the shop does not know any more is left out."""
        return {line.rate_id: line.rate_percent for line in self.tax_lines if line.rate_percent is not None}

    @property
    def delivery_address(self) -> Address:
        """Where it goes: the shipping address, or the billing address if none was given."""
        return self.billing if self.shipping.is_empty else self.shipping

    @property
    def named(self) -> Self:
        """The order as it is carried: its addresses without companies that are none."""
        return self.model_copy(update={"billing": self.billing.named, "shipping": self.shipping.named})

    @property
    def is_erased(self) -> bool:
        """Whether the shop has taken a person's data off it.

        Source: WooCommerce, class-wc-privacy-erasers.php, remove_order_personal_data: names become "[deleted]", the e-mail address
        one of site.invalid, and the meta row _anonymized is "yes"; the buyer's note stays.
        """
        return bool(self.meta(ERASED_KEY) == "yes")

    def meta(self, key: str) -> Any:
        """Returns the value of the first meta row named `key`, or None."""
        return meta_value(self.meta_data, key)


class Refund(Received):
    """One refund: `amount` is positive, lines and quantities are negative; amount-only refunds have no lines."""

    id: Id
    parent_id: Id = 0
    amount: Money
    reason: Text = ""
    date_created_gmt: UtcTimeOrNone = None
    refunded_payment: bool = False
    meta_data: MetaRows = ()
    line_items: Annotated[tuple[LineItem, ...], Rows] = ()
    tax_lines: Annotated[tuple[TaxLine, ...], Rows] = ()
    shipping_lines: Annotated[tuple[ShippingLine, ...], Rows] = ()
    fee_lines: Annotated[tuple[FeeLine, ...], Rows] = ()


class Customer(Received):
    """One registered customer."""

    id: Id
    email: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    role: Text = ""
    username: Text = ""
    date_created_gmt: UtcTimeOrNone = None
    date_modified_gmt: UtcTimeOrNone = None
    is_paying_customer: bool = False
    billing: Address = Address()
    shipping: Address = Address()
    meta_data: MetaRows = ()

    @property
    def named(self) -> Self:
        """The account as it is carried: its addresses without companies that are none."""
        return self.model_copy(update={"billing": self.billing.named, "shipping": self.shipping.named})


def parse_order(body: bytes | Mapping[str, Any]) -> Order:
    """Reads an order from a delivery's raw bytes or from an object read by `read_json`.

    Raises:
        InvalidPayloadError: Names the fields that are wrong, never their values.
    """
    return parse(Order, body, noun="order")


def parse_refund(body: bytes | Mapping[str, Any]) -> Refund:
    """Reads a refund (one element of `/orders/<id>/refunds`).

    Raises:
        InvalidPayloadError: Names the fields that are wrong, never their values.
    """
    return parse(Refund, body, noun="refund")


def parse_customer(body: bytes | Mapping[str, Any]) -> Customer:
    """Reads a customer.

    Raises:
        InvalidPayloadError: Names the fields that are wrong, never their values.
    """
    return parse(Customer, body, noun="customer")


_Model = TypeVar("_Model", bound=Received)


def parse(model: type[_Model], body: bytes | Mapping[str, Any], *, noun: str) -> _Model:
    """Reads a resource of the shop as `model`; `noun` is what messages call it.

    Raises:
        InvalidPayloadError: Names the fields that are wrong, never their values.
    """
    try:
        content = read_json(body) if isinstance(body, bytes) else dict(body)
    except ValueError as error:
        raise _invalid(noun, f"the body is unreadable, {error}") from None
    if not isinstance(content, dict):
        raise _invalid(noun, "the body is no JSON object")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _invalid(noun, _wrong_fields(error)) from None


def _wrong_fields(error: ValidationError) -> str:
    """Lists field and complaint; the values stay out, for they may be a person's."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    shown = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        shown.append(f"and {len(problems) - _MOST_PROBLEMS} more")
    return "; ".join(shown)


def _invalid(noun: str, what: str) -> InvalidPayloadError:
    return InvalidPayloadError(
        f"The shop's {noun} cannot be read: {what}.",
        resolution=f"Open the {noun} in the shop and save it again; if it stays so, a plug-in changes the REST answer: "
        "switch off plug-ins that touch the named fields, then release the exchange.",
    )
