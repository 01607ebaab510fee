"""The hand on the sandbox: reset, faults, master data, order progress, clock; demo, tests and checkers call it."""

from decimal import Decimal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from sandbox.m3.control_bodies import as_list, body, locked
from sandbox.m3.control_events import route_events
from sandbox.m3.control_items import route_items
from sandbox.m3.control_ledger import route_ledger
from sandbox.m3.control_set_up import route_set_up
from sandbox.m3.control_stock import route_stock_messages
from sandbox.m3.control_vouchers import route_vouchers
from sandbox.m3.faults import Settings
from sandbox.m3.master_data import CustomerIn, change_customer, upsert_customers
from sandbox.m3.programs.confirm import release, release_waiting
from sandbox.m3.progress import Parcels, advance, advance_all, close_rest
from sandbox.m3.refusals import Refusal
from sandbox.m3.site import Site
from sandbox.m3.tokens import ionapi_file

CUSTOMERS = TypeAdapter(list[CustomerIn])
FIELDS = TypeAdapter(dict[str, str])


class ResetIn(BaseModel):
    """Body of reset; without a seed the one of the start is used again."""

    model_config = ConfigDict(extra="forbid")
    seed: int | None = None


class ClockIn(BaseModel):
    """Body of clock: seconds the server's clock is ahead of the machine's."""

    model_config = ConfigDict(extra="forbid")
    offset_s: float


class LineIn(BaseModel):
    """A line to advance, and how much of it (basic units); without a quantity all that is open."""

    model_config = ConfigDict(extra="forbid")
    ponr: int
    quantity: Decimal | None = None


class AdvanceIn(BaseModel):
    """Body of advance; without a status it is one step, without lines all of them."""

    model_config = ConfigDict(extra="forbid")
    to: str = ""
    lines: list[LineIn] | None = None
    tracking: str | None = None
    packages: list[str] = []

    @property
    def chosen(self) -> dict[int, Decimal | None] | None:
        """Lines by number with the quantity wanted."""
        return None if self.lines is None else {line.ponr: line.quantity for line in self.lines}

    @property
    def parcels(self) -> Parcels:
        """How a delivery is labelled."""
        return Parcels(tracking=self.tracking, packages=tuple(self.packages))


class CloseIn(BaseModel):
    """Body of close: the lines of which nothing more will leave."""

    model_config = ConfigDict(extra="forbid")
    lines: list[int]


class AdvanceAllIn(BaseModel):
    """Body of advance for every order."""

    model_config = ConfigDict(extra="forbid")
    to: str = ""


def make_control(site: Site) -> Blueprint:
    """Build the routes under /_control."""
    control = Blueprint("control", __name__, url_prefix="/_control")
    control.register_error_handler(ValidationError, _bad_request)
    control.register_error_handler(ValueError, _bad_request)
    control.register_error_handler(Refusal, _not_found)
    _route_site(control, site)
    _route_customers(control, site)
    route_items(control, site)
    route_set_up(control, site)
    route_stock_messages(control, site)
    route_ledger(control, site)
    route_vouchers(control, site)
    route_events(control, site)
    _route_orders(control, site)
    return control


def _route_site(control: Blueprint, site: Site) -> None:
    @control.post("/reset")
    def reset() -> Response:
        given = ResetIn.model_validate(body() or {})
        site.reset(site.seed if given.seed is None else given.seed)
        return jsonify({"seed": site.seed})

    @control.post("/faults")
    def set_faults() -> Response:
        site.faults.replace(Settings.model_validate(body() or {}))
        return jsonify(site.faults.settings.model_dump(mode="json"))

    @control.get("/faults")
    def show_faults() -> Response:
        return jsonify({"settings": site.faults.settings.model_dump(mode="json"), "injected": site.faults.counts()})

    @control.post("/late")
    def do_late_work() -> Response:
        return jsonify({"done": site.late.do_all()})

    @control.post("/clock")
    def set_clock() -> Response:
        site.state.clock_offset_s = ClockIn.model_validate(body()).offset_s
        return jsonify({"now": site.state.now().isoformat()})

    @control.get("/writes")
    def writes() -> Response:
        return locked(site, lambda: {"writes": site.state.writes})

    @control.get("/ionapi")
    def ionapi() -> Response:
        return jsonify(ionapi_file(request.host_url.rstrip("/")))


def _route_customers(control: Blueprint, site: Site) -> None:
    @control.post("/customers")
    def customers() -> Response:
        given = CUSTOMERS.validate_python(as_list(body()))
        return locked(site, lambda: {"customers": upsert_customers(site.state, given)})

    @control.post("/customers/<cuno>")
    def customer(cuno: str) -> Response:
        given = FIELDS.validate_python(body())
        return locked(site, lambda: {"fields": change_customer(site.state, cuno, given)})


def _route_orders(control: Blueprint, site: Site) -> None:
    @control.post("/orders/<orno>/advance")
    def advance_order(orno: str) -> Response:
        given = AdvanceIn.model_validate(body() or {})
        return locked(site, lambda: {"orno": orno, "stat": _advance(site, orno, given)})

    @control.post("/orders/advance")
    def advance_orders() -> Response:
        to = AdvanceAllIn.model_validate(body() or {}).to
        return locked(site, lambda: {"ornos": advance_all(site.state, to=to)})

    @control.post("/orders/<orno>/close")
    def close_lines(orno: str) -> Response:
        given = CloseIn.model_validate(body())
        return locked(site, lambda: {"orno": orno, "stat": close_rest(site.state, orno, lines=given.lines)})

    @control.post("/batch_orders/<temporary_orno>/release")
    def release_batch_order(temporary_orno: str) -> Response:
        return locked(site, lambda: {"orno": release(site.state, temporary_orno).orno})

    @control.post("/batch_orders/release")
    def release_all_waiting() -> Response:
        return locked(site, lambda: {"ornos": [order.orno for order in release_waiting(site.state)]})


def _advance(site: Site, orno: str, given: AdvanceIn) -> str:
    return advance(site.state, orno, to=given.to, lines=given.chosen, parcels=given.parcels)


def _bad_request(error: Exception) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), 400


def _not_found(error: Refusal) -> tuple[Response, int]:
    return jsonify({"error": error.message, "code": error.code}), 409 if error.code == "WST0301" else 404
