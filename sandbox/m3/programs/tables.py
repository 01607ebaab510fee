"""OIS010MI, OIS030MI, MMS005MI, CRS055MI and the charge lists: small tables of the company; listed in `registry`.

What a person changed in OIS010, MMS005 and CRS055 (`state.set_up`) goes over what the site began with; only these lists show it.
"""

from collections.abc import Iterable

from sandbox.m3.entities import ChargeType
from sandbox.m3.money import CURRENCY_DECIMALS
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO, DIVI, FACILITIES, NEGATIVE_ORDER_TYPES, ORDER_TYPES, WAREHOUSES


def lst_order_types(run: Run) -> Iterable[Row]:
    """List order types from one on."""
    for ortp, name in ORDER_TYPES.items():
        if ortp >= run.text("ORTP"):
            yield {
                "CONO": CONO,
                "ORTP": ortp,
                "ORTK": "1" if ortp in NEGATIVE_ORDER_TYPES else "0",
                "TX40": name,
                "TX15": name[:15],
                "OT11": "1" if ortp in NEGATIVE_ORDER_TYPES else "0",
                "OT66": "2" if run.settings.refuse_duplicate_lines else "0",
            } | run.state.set_up.get(("order_types", ortp), {})


def lst_order_charges(run: Run) -> Iterable[Row]:
    """List charge ids from one on: VAT code and currency decide which an order may use. Line charges are in CRS275."""
    for crid in sorted(run.state.charge_types):
        charge = run.state.charge_types[crid]
        if crid >= run.text("CRID") and not charge.is_line_charge:
            yield _charge_row(charge)


def lst_customer_charges(run: Run) -> Iterable[Row]:
    """List the charges M3 adds to orders by itself, from one customer on."""
    for cuno, charges in sorted(run.state.customer_charges.items()):
        if cuno >= run.text("CUNO"):
            yield from ({"CUNO": cuno, **_charge_row(run.state.charge_types[crid])} for crid in charges)


def lst_order_type_charges(run: Run) -> Iterable[Row]:
    """List the charges M3 adds to orders of a type by itself, from one type on."""
    for ortp, charges in sorted(run.state.order_type_charges.items()):
        if ortp >= run.text("ORTP"):
            yield from ({"ORTP": ortp, **_charge_row(run.state.charge_types[crid])} for crid in charges)


def _charge_row(charge: ChargeType) -> Row:
    return {
        "CONO": CONO,
        "CRID": charge.crid,
        "CRTY": "0",
        "HACD": charge.debit_frequency,
        "CRD0": charge.name[:30],
        "VTCD": str(charge.vat_code),
        "CUCD": charge.currency,
    }


def get_warehouse(run: Run) -> Iterable[Row]:
    """Read a warehouse."""
    if run.text("WHLO") not in WAREHOUSES:
        raise Refusal("WWH0103", "WHLO", value=run.text("WHLO"))
    return [_warehouse_row(run, run.text("WHLO"))]


def lst_warehouses(run: Run) -> Iterable[Row]:
    """List warehouses between two."""
    for whlo in WAREHOUSES:
        if run.text("FWHL") <= whlo <= run.text("TWHL", "zzz"):
            yield _warehouse_row(run, whlo)


def get_currency(run: Run) -> Iterable[Row]:
    """Read the decimals of a currency."""
    cucd = run.text("CUCD")
    if cucd not in CURRENCY_DECIMALS:
        raise Refusal("XRE0103", "CUCD")
    decimals = str(CURRENCY_DECIMALS[cucd])
    row = {"CONO": CONO, "DIVI": DIVI, "CUCD": cucd, "TX40": cucd, "TX15": cucd, "DCCD": decimals, "NPRD": decimals}
    return [row | run.state.set_up.get(("currencies", cucd), {})]


def _warehouse_row(run: Run, whlo: str) -> dict[str, str]:
    row = {
        "CONO": CONO,
        "DIVI": DIVI,
        "FACI": FACILITIES[0],
        "WHLO": whlo,
        "WHNM": WAREHOUSES[whlo],
        "CSCD": "HR",
        "TIZO": "CET",
    }
    return row | run.state.set_up.get(("warehouses", whlo), {})
