"""The hand on the small tables of the sandbox M3: charges, order types, warehouses, currencies as a person sets them up."""

from dataclasses import replace

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter

from sandbox.m3.control_bodies import body, locked
from sandbox.m3.site import Site

FIELDS = TypeAdapter(dict[str, str])
TABLES = ("order_types", "warehouses", "currencies")


class ChargeIn(BaseModel):
    """Body of charges: how a charge of OIS030 is set up, or the customer or order type to whose orders M3 adds it.

    A charge that is new is `like` another one.
    """

    model_config = ConfigDict(extra="forbid")
    crid: str
    like: str | None = None
    debit_frequency: str | None = None
    vat_code: int | None = None
    customer: str | None = None
    order_type: str | None = None


def route_set_up(control: Blueprint, site: Site) -> None:
    """Add the routes."""

    @control.post("/charges")
    def charges() -> Response:
        given = ChargeIn.model_validate(body())
        return locked(site, lambda: _set_charge(site, given))

    @control.post("/set_up/<table>/<key>")
    def set_up(table: str, key: str) -> Response:
        if table not in TABLES:
            raise ValueError(f"{table} is none of {', '.join(TABLES)}")
        given = FIELDS.validate_python(body())
        return locked(site, lambda: _set_up(site, table, key, given))


def _set_up(site: Site, table: str, key: str, given: dict[str, str]) -> dict[str, object]:
    fields = site.state.set_up.setdefault((table, key), {})
    fields |= given
    return {"fields": fields}


def _set_charge(site: Site, given: ChargeIn) -> dict[str, object]:
    charge = site.state.charge_types[given.like or given.crid]
    site.state.charge_types[given.crid] = replace(
        charge,
        crid=given.crid,
        debit_frequency=charge.debit_frequency if given.debit_frequency is None else given.debit_frequency,
        vat_code=charge.vat_code if given.vat_code is None else given.vat_code,
    )
    if given.customer is not None:
        site.state.customer_charges.setdefault(given.customer, []).append(given.crid)
    if given.order_type is not None:
        site.state.order_type_charges.setdefault(given.order_type, []).append(given.crid)
    return {"crid": given.crid}
