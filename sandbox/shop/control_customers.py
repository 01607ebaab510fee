"""What the administration does to accounts: make, change, erase, delete; `control` answers with it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandbox.shop.customers import create_customer, delete_customer, erase_customer, show_customer, update_customer
from sandbox.shop.dispatcher import Deliver
from sandbox.shop.errors import RestError
from sandbox.shop.state import Shop
from sandbox.shop.wire import JSONDict


class CustomerChange(BaseModel):
    """The body of `POST /_control/customers`: fields as in REST; without an id it is a new one."""

    model_config = ConfigDict(extra="allow")
    id: int = 0
    deliver: Deliver = Deliver.NOW
    action: Literal["", "erase", "delete"] = ""


def change_customer(shop: Shop, wanted: CustomerChange) -> JSONDict:
    """Make or change an account, empty it as WordPress' eraser does, or delete it.

    Raises:
        RestError: there is no such account, or what REST would refuse.
    """
    content = dict(wanted.model_extra or {})
    if not wanted.id:
        return show_customer(create_customer(shop, content), base=shop.settings.home_url)
    customer = shop.customers.get(wanted.id)
    if customer is None:
        raise RestError("woocommerce_rest_invalid_id", "Invalid resource ID.")
    if wanted.action == "delete":
        delete_customer(shop, customer)
    elif wanted.action == "erase":
        erase_customer(shop, customer)
    else:
        update_customer(shop, customer, content)
    return show_customer(customer, base=shop.settings.home_url)
