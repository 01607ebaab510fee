"""The control side of the shop: what buyers, the administration and the tester do; a blueprint made by `app`."""

from datetime import timedelta
from typing import Any, Literal

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.late import LateWork
from sandbox.shop.assortment import Assortment, make_products
from sandbox.shop.backup import make_backup, restore_backup
from sandbox.shop.book import make_book, page_of_products
from sandbox.shop.checkout import Cart, place_order
from sandbox.shop.control_customers import CustomerChange, change_customer
from sandbox.shop.dispatcher import Deliver, Dispatcher
from sandbox.shop.entities import Order
from sandbox.shop.errors import RestError
from sandbox.shop.faults import FaultPlan, Faults
from sandbox.shop.order_json import show_order
from sandbox.shop.order_status import add_note, change_status, delete_order, restore_order, trash_order
from sandbox.shop.orders import update_order
from sandbox.shop.product_json import show_product
from sandbox.shop.products import create_product, trash_product, update_product
from sandbox.shop.refunds import create_refund
from sandbox.shop.state import Shop
from sandbox.shop.stories import STORIES
from sandbox.shop.wire import JSONDict, encode


class SettingsChange(BaseModel):
    """The body of `POST /_control/settings`; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    allow_basic_over_http: bool | None = None
    trust_forwarded_proto: bool | None = None
    round_at_subtotal: bool | None = None
    prices_include_tax: bool | None = None
    orders_move_product_dates: bool | None = None
    dispatch: Literal["auto", "paused"] | None = None
    dispatch_delay_s: float | None = Field(None, ge=0)
    late_s: float | None = Field(None, ge=0)
    delivery_timeout_s: float | None = Field(None, gt=0)
    refused_of_accounts: list[str] | None = None
    home_url: str | None = None


class ClockChange(BaseModel):
    """The body of `POST /_control/clock`: seconds the shop's clock is ahead of the machine's."""

    model_config = ConfigDict(extra="forbid")
    offset_s: float


class OrderChange(BaseModel):
    """The body of `POST /_control/orders/<id>`: fields as in REST, or one action of the administration."""

    model_config = ConfigDict(extra="allow")
    deliver: Deliver = Deliver.NOW
    action: Literal["", "trash", "restore", "delete"] = ""
    note: str = ""
    refund: dict[str, Any] | None = None


def make_control(shop: Shop, *, dispatcher: Dispatcher, faults: Faults, late: LateWork) -> Blueprint:
    """Make the blueprint with `/_control/...` and `/_book`."""
    desk = _Desk(shop, dispatcher, faults, late)
    control = Blueprint("control", __name__)
    control.add_url_rule("/_control/reset", view_func=desk.reset, methods=["POST"])
    control.add_url_rule("/_control/kinds", view_func=desk.kinds)
    control.add_url_rule("/_control/orders", view_func=desk.create_order, methods=["POST"])
    control.add_url_rule("/_control/orders/<int:order_id>", view_func=desk.change_order, methods=["POST"])
    control.add_url_rule("/_control/customers", view_func=desk.put_customer, methods=["POST"])
    control.add_url_rule("/_control/products", view_func=desk.put_product, methods=["POST"])
    control.add_url_rule("/_control/faults", view_func=desk.set_faults, methods=["POST"])
    control.add_url_rule("/_control/faults", view_func=desk.show_faults, methods=["GET"])
    control.add_url_rule("/_control/late", view_func=desk.do_late_work, methods=["POST"])
    control.add_url_rule("/_control/settings", view_func=desk.change_settings, methods=["POST"])
    control.add_url_rule("/_control/clock", view_func=desk.set_clock, methods=["POST"])
    control.add_url_rule("/_control/backup", view_func=desk.back_up, methods=["POST"])
    control.add_url_rule("/_control/restore", view_func=desk.restore, methods=["POST"])
    control.add_url_rule("/_control/dispatch", view_func=desk.flush, methods=["POST"])
    control.add_url_rule("/_control/writes", view_func=desk.writes)
    control.add_url_rule("/_book", view_func=desk.book)
    control.register_error_handler(RestError, desk.refused)
    control.register_error_handler(ValidationError, _misread)
    control.before_app_request(desk.learn_home)
    return control


class _Desk:
    """Owns nothing but the four parts the control addresses work on, and the backups of the shop."""

    def __init__(self, shop: Shop, dispatcher: Dispatcher, faults: Faults, late: LateWork) -> None:
        self._shop, self._dispatcher, self._faults, self._late = shop, dispatcher, faults, late
        self._backups: dict[str, JSONDict] = {}

    def learn_home(self) -> None:
        """The shop's own address is the one it is called by: nobody else knows its port."""
        if not self._shop.settings.home_url:
            self._shop.settings.home_url = f"http://{request.host}"

    def reset(self) -> Response:
        """Put the shop back to its first day; webhooks are gone too."""
        seed = int(_body().get("seed", 1))
        self._dispatcher.clear()
        self._late.forget()
        with self._shop.lock:
            self._shop.clock = self._shop.own_clock
            self._shop.reset(seed)
            self._faults.reset(seed)
            self._backups.clear()
        return _json({"seed": seed})

    def kinds(self) -> Response:
        """List the kinds of orders the shop can tell."""
        return _json({name: story.__doc__ for name, story in STORIES.items()})

    def create_order(self) -> Response:
        """Place an order as a buyer would."""
        with self._shop.lock:
            order, deliver = _order_from(self._shop, _body(), dispatcher=self._dispatcher)
            self._dispatcher.queue_events(deliver)
            return _json(show_order(self._shop, order, base=self._shop.settings.home_url), 201)

    def change_order(self, order_id: int) -> Response:
        """Change an order as the administration would."""
        wanted = OrderChange.model_validate(_body())
        with self._shop.lock:
            order = self._shop.orders.get(order_id)
            if order is None:
                return _json({"error": f"There is no order {order_id}."}, 404)
            _change(self._shop, order, wanted)
            self._dispatcher.queue_events(wanted.deliver)
            return _json(show_order(self._shop, order, base=self._shop.settings.home_url))

    def put_product(self) -> Response:
        """Change or create a product, or make many."""
        body = _body()
        if "count" in body:
            return self._make_products(Assortment.model_validate(body))
        deliver = Deliver(body.pop("deliver", Deliver.NOW))
        with self._shop.lock:
            shown = _upsert(self._shop, body)
            self._dispatcher.queue_events(deliver)
            return _json(shown)

    def put_customer(self) -> Response:
        """Make, change, erase or delete an account."""
        wanted = CustomerChange.model_validate(_body())
        with self._shop.lock:
            shown = change_customer(self._shop, wanted)
            self._dispatcher.queue_events(wanted.deliver)
            return _json(shown)

    def _make_products(self, wanted: Assortment) -> Response:
        with self._shop.lock:
            made = make_products(self._shop, wanted)
            self._dispatcher.queue_events(wanted.deliver)
            return _json({"made": made})

    def set_faults(self) -> Response:
        """Put faults in force; an empty body ends them."""
        self._faults.set(FaultPlan.model_validate(_body()))
        return _json(self._faults.plan.model_dump(mode="json"))

    def show_faults(self) -> Response:
        """Show the plan in force and how often each fault was played."""
        return _json({"settings": self._faults.plan.model_dump(mode="json"), "injected": dict(self._faults.injected)})

    def do_late_work(self) -> Response:
        """Do at once what callers were told 504 about."""
        return _json({"done": self._late.do_all()})

    def change_settings(self) -> Response:
        """Change settings; what is left out stays."""
        wanted = SettingsChange.model_validate(_body())
        with self._shop.lock:
            for name, value in wanted.model_dump(exclude_none=True).items():
                setattr(self._shop.settings, name, value)
            return _json(vars(self._shop.settings))

    def set_clock(self) -> Response:
        """Move the shop's clock; its requests are signed by the machine's all the same."""
        offset = timedelta(seconds=ClockChange.model_validate(_body()).offset_s)
        with self._shop.lock:
            self._shop.clock = lambda: self._shop.own_clock() + offset
            return _json({"now": self._shop.clock().isoformat()})

    def back_up(self) -> Response:
        """Copy the shop's database; a copy of the same name (left out: none) is replaced."""
        with self._shop.lock:
            self._backups[str(_body().get("name", ""))] = make_backup(self._shop)
            return _json({"orders": len(self._shop.orders)})

    def restore(self) -> Response:
        """Put the shop back to the copy; what waits to be delivered is in the database too, and gone."""
        backup = self._backups.get(str(_body().get("name", "")))
        if backup is None:
            return _json({"error": "There is no backup; POST /_control/backup makes one."}, 409)
        self._dispatcher.clear()
        with self._shop.lock:
            restore_backup(self._shop, backup)
            return _json({"orders": len(self._shop.orders), "gone": len(self._shop.gone)})

    def writes(self) -> Response:
        """List what was written by REST, oldest first."""
        with self._shop.lock:
            return _json({"writes": self._shop.writes})

    def flush(self) -> Response:
        """Send all that waits, also what is paused or late, and wait for it."""
        is_empty = self._dispatcher.flush(timeout_s=float(_body().get("timeout_s", 30)))
        return _json({"empty": is_empty, "waiting": self._dispatcher.waiting()})

    def book(self) -> Response:
        """Show everything the shop holds, or with `part=products` a part of those."""
        asked = request.args
        with self._shop.lock:
            if asked.get("part") == "products":
                start, limit = asked.get("from", 0, type=int), asked.get("limit", 500, type=int)
                return _json(page_of_products(self._shop, start=start, limit=limit))
            return _json(make_book(self._shop, waiting=self._dispatcher.waiting()))

    def refused(self, error: RestError) -> Response:
        """Answer what the shop refused; its events, if any, are forgotten."""
        with self._shop.lock:
            self._shop.take_events()
        return _json(error.body(), 400)


def _misread(error: ValidationError) -> Response:
    problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return _json({"error": "The body cannot be read.", "problems": problems}, 400)


def _body() -> JSONDict:
    body = request.get_json(force=True, silent=True)
    return body if isinstance(body, dict) else {}


def _json(value: object, status: int = 200) -> Response:
    return Response(encode(value), status=status, content_type="application/json; charset=UTF-8")


def _order_from(shop: Shop, body: JSONDict, *, dispatcher: Dispatcher) -> tuple[Order, Deliver]:
    """Place an order from a kind or a cart; what is sent beside a kind overrules the story."""
    kind = body.pop("kind", None)
    if kind is None:
        cart = Cart.model_validate(body)
    elif kind in STORIES:
        story = STORIES[kind](shop)
        cart = Cart.model_validate({**story.model_dump(exclude_unset=True), **body})
    else:
        raise RestError("sandbox_unknown_kind", f"No kind {kind}; GET /_control/kinds lists them.")
    order = place_order(shop, cart)
    if cart.then:
        dispatcher.queue_events(cart.deliver)
        change_status(shop, order, cart.then)
        shop.emit("order.updated", order.id)
    return order, cart.deliver


def _change(shop: Shop, order: Order, wanted: OrderChange) -> None:
    """Do what the administration does to an order."""
    acts = {"trash": trash_order, "restore": restore_order, "delete": delete_order}
    if wanted.action:
        acts[wanted.action](shop, order)
    if wanted.note:
        add_note(shop, order, wanted.note)
    if wanted.refund is not None:
        refund = create_refund(shop, order, {"api_refund": False, **wanted.refund})
        refund.is_paid_back = bool(wanted.refund.get("paid_back"))  # as with a gateway that can
    if wanted.model_extra:
        update_order(shop, order, dict(wanted.model_extra))


def _upsert(shop: Shop, body: JSONDict) -> JSONDict:
    """Change the product with the SKU (or id) sent, or create it; `action: trash` puts it into the trash.

    With `parent_sku` a new one is a variation; with `twin` there is a new one in any case, also of a SKU that is there.
    """
    known = shop.products.get(int(body.pop("id", 0))) or shop.product_by_sku(str(body.get("sku", "")))
    action, parent = body.pop("action", ""), shop.product_by_sku(str(body.pop("parent_sku", "")))
    is_twin = bool(body.pop("twin", False))
    if known is None or is_twin:
        known = create_product(shop, body, parent=parent, may_share_sku=is_twin)
    elif action == "trash":
        trash_product(shop, known)
    else:
        update_product(shop, known, body)
    return show_product(shop, known, base=shop.settings.home_url)
