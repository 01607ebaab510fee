"""Creates, changes and shows customers; called by `api_customers`, `stories` and `delivery`."""

import hashlib

from sandbox.shop import dates
from sandbox.shop.entities import Customer, Meta
from sandbox.shop.errors import RestError, invalid_params
from sandbox.shop.metadata import write_meta
from sandbox.shop.order_json import self_link, show_meta
from sandbox.shop.schema import is_email
from sandbox.shop.state import Shop
from sandbox.shop.wire import JSONDict

_SHIPPING = (
    *("first_name", "last_name", "company", "address_1", "address_2"),
    *("city", "postcode", "country", "state", "phone"),
)
_BILLING = (*_SHIPPING[:-1], "email", "phone")


def create_customer(shop: Shop, body: JSONDict) -> Customer:
    """Register a customer.

    Raises:
        RestError: 400 for a bad or a taken e-mail address.
    """
    email = str(body.get("email", ""))
    _check_email(shop, email, own_id=0)
    now = shop.clock()
    customer = Customer(0, email, _username(shop, body, email), "", "", now, now)
    customer.id = shop.next("user")
    customer.meta = [Meta(shop.next("meta"), "default_password_nag", "1")]
    _apply(shop, customer, body)
    shop.customers[customer.id] = customer
    shop.emit("customer.created", customer.id)
    shop.emit("customer.updated", customer.id)
    return customer


def update_customer(shop: Shop, customer: Customer, body: JSONDict) -> None:
    """Change a customer.

    Raises:
        RestError: 400 for a bad or a taken e-mail address.
    """
    if "email" in body:
        _check_email(shop, str(body["email"]), own_id=customer.id)
        customer.email = str(body["email"])
    _apply(shop, customer, body)
    customer.modified = shop.clock()
    shop.emit("customer.updated", customer.id)


def check_fields(shop: Shop, body: JSONDict) -> None:
    """Refuse what REST refuses of an account, also in a batch: the address on its bill, and what a plug-in looks at.

    Raises:
        RestError: 400; nothing is changed.
    """
    billing = dict(body.get("billing") or {})
    if billing.get("email") and not is_email(str(billing["email"])):
        raise RestError("customer_invalid_billing_email", "Invalid billing email address")
    sent = {f"billing.{name}" for name in billing} | {f"meta.{row.get('key')}" for row in body.get("meta_data", [])}
    if refused := sorted(sent & set(shop.settings.refused_of_accounts)):
        raise invalid_params({name: ("rest_invalid_param", f"{name} is not valid here.", None) for name in refused})


def delete_customer(shop: Shop, customer: Customer) -> None:
    """Delete a customer; the orders stay, as those of a guest."""
    del shop.customers[customer.id]
    for order in shop.orders.values():
        if order.customer_id == customer.id:
            order.customer_id = 0
    shop.emit("customer.deleted", customer.id)


def erase_customer(shop: Shop, customer: Customer) -> None:
    """Empty every address field, as WooCommerce's part of WordPress' eraser does; the user stays."""
    customer.billing = dict.fromkeys(customer.billing, "")
    customer.shipping = dict.fromkeys(customer.shipping, "")
    customer.modified = shop.clock()
    shop.emit("customer.updated", customer.id)


def _check_email(shop: Shop, email: str, *, own_id: int) -> None:
    if not is_email(email):
        raise RestError("customer_invalid_email", "Invalid email address")
    if any(c.email.lower() == email.lower() and c.id != own_id for c in shop.customers.values()):
        message = f"An account is already registered with {email}. Please log in or use a different email address."
        raise RestError("registration-error-email-exists", message)


def _username(shop: Shop, body: JSONDict, email: str) -> str:
    wanted = str(body.get("username") or email.split("@")[0])
    taken = {c.username for c in shop.customers.values()}
    return next(name for n in range(1000) if (name := wanted + (f"-{n + 1}" if n else "")) not in taken)


def _apply(shop: Shop, customer: Customer, body: JSONDict) -> None:
    customer.first_name = str(body.get("first_name", customer.first_name))
    customer.last_name = str(body.get("last_name", customer.last_name))
    customer.billing.update({k: str(v or "") for k, v in dict(body.get("billing") or {}).items()})
    customer.shipping.update({k: str(v or "") for k, v in dict(body.get("shipping") or {}).items()})
    write_meta(customer.meta, body.get("meta_data", []), next_id=lambda: shop.next("meta"))


def show_customer(customer: Customer, *, base: str) -> JSONDict:
    """Write a customer with its keys in the recorded order."""
    digest = hashlib.sha256(customer.email.strip().lower().encode()).hexdigest()
    root = f"{base}/wp-json/wc/v3/customers"
    return {
        "id": customer.id,
        "date_created": dates.site(customer.created),
        "date_created_gmt": dates.gmt(customer.created),
        "date_modified": dates.site(customer.modified),
        "date_modified_gmt": dates.gmt(customer.modified),
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "role": "customer",
        "username": customer.username,
        "billing": {name: customer.billing.get(name, "") for name in _BILLING},
        "shipping": {name: customer.shipping.get(name, "") for name in _SHIPPING},
        "is_paying_customer": customer.is_paying,
        "avatar_url": f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g",
        "meta_data": show_meta(customer.meta),
        "_links": {"self": self_link(f"{root}/{customer.id}"), "collection": [{"href": root}]},
    }
