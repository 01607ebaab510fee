"""MMS200MI, MMS025MI, MMS015MI: items, aliases and units, one by one; listed in `registry`."""

from collections.abc import Iterable

from sandbox.m3.entities import Alias, AlternateUnit, Item
from sandbox.m3.item_data import delete_item, further_fields
from sandbox.m3.item_tables import ITEM_GROUPS, PRODUCT_GROUPS
from sandbox.m3.money import plain
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO

BASIC_UNIT_USE = 1
"""AUTP: the kind of use the alternate units are listed for."""
ITEM_STATUSES = ("10", "20", "50", "80", "90")


def get_item(run: Run) -> Iterable[Row]:
    """Read the item master: Get, GetItmBasic, GetItmPrice differ in their signatures only."""
    return [item_row(run.state.item(run.text("ITNO")), run.text("LNCD"))]


def item_row(item: Item, lncd: str = "") -> dict[str, str]:
    """Write an item by M3's field names, named in a language where it has a name in it."""
    name = item.names.get(lncd)
    itds = name.itds if name else item.name
    return {
        "STAT": item.status,
        "ITNO": item.itno,
        "UNMS": item.unit,
        "PPUN": item.unit,
        "SPUN": item.unit,
        "ALUN": item.unit,
        "VTCS": str(item.vat_code),
        "VTCP": str(item.vat_code),
        "PDCC": str(item.price_decimals),
        "DCCD": "0",
        "SAPR": plain(item.list_price),
        "SAPB": plain(item.list_price),
        "SACD": str(item.price_quantity),
        "CUCS": "EUR",
        "SALE": "1",
        "STCD": "1",
        "ALUC": str(int(bool(item.units))),
        **item.fields,
        "ITDS": itds[:60],
        "FUDS": ((name.fuds if name else item.fields.get("FUDS")) or itds)[:120],
        "DS02": ITEM_GROUPS.get(item.fields.get("ITGR", ""), "")[:15],
        "DS03": PRODUCT_GROUPS.get(item.fields.get("ITCL", ""), "")[:15],
        "LMDT": item.changed_on,
    }


def lst_item_by_item(run: Run) -> Iterable[Row]:
    """List items in number order from one on."""
    return (item_row(item, run.text("LNCD")) for item in run.state.items.from_number(run.text("ITNO")))


def lst_item_by_change_date(run: Run) -> Iterable[Row]:
    """List items by date of change, then number; without a last date up to today and beyond."""
    changed = run.state.items.changed_between(run.text("FLMD"), run.text("TLMD", "99999999"))
    return (item_row(item, run.text("LNCD")) for item in changed)


def update_item(run: Run) -> Iterable[Row]:
    """Change the fields that are sent."""
    item = run.state.item(run.text("ITNO"))
    status = run.text("STAT", item.status)
    if status not in ITEM_STATUSES:
        raise Refusal("WST0301", "STAT", value=status)
    vat_code = run.whole("VTCS", item.vat_code)
    if vat_code not in (0, 1, 2):
        raise Refusal("XRE0103", "VTCS")
    item.status, item.vat_code = status, vat_code
    item.price_decimals = run.whole("PDCC", item.price_decimals)
    item.name = run.text("ITDS", item.name)
    item.unit = run.text("UNMS", item.unit)
    item.fields |= {name: value for name, value in run.record.items() if name in further_fields()}
    run.state.touch_item(item)
    return ()


def del_item(run: Run) -> Iterable[Row]:
    """Delete an item no open order needs."""
    delete_item(run.state, run.text("ITNO"))
    return ()


def get_item_of_alias(run: Run) -> Iterable[Row]:
    """Find the item of an alias number."""
    for item in run.state.items.of_alias(run.whole("ALWT"), run.text("POPN")):
        for alias in item.aliases:
            if (alias.alwt, alias.popn) == (run.whole("ALWT"), run.text("POPN")) and alias.alwq == run.text(
                "ALWQ", alias.alwq
            ):
                return [_alias_row(item, alias)]
    raise Refusal("WPO0403", "POPN", value=run.text("POPN"))


def get_alias(run: Run) -> Iterable[Row]:
    """Find the alias number of an item."""
    item = run.state.item(run.text("ITNO"))
    for alias in item.aliases:
        if (alias.alwt, alias.alwq) == (run.whole("ALWT"), run.text("ALWQ")):
            return [_alias_row(item, alias)]
    raise Refusal("WPO0403", "ITNO")


def lst_alias(run: Run) -> Iterable[Row]:
    """List the aliases of an item from a category on."""
    item = run.state.item(run.text("ITNO"))
    for alias in sorted(item.aliases, key=lambda alias: alias.alwt):
        if alias.alwt >= run.whole("ALWT"):
            yield _alias_row(item, alias)


def get_unit(run: Run) -> Iterable[Row]:
    """Read an alternate unit."""
    item = run.state.item(run.text("ITNO"))
    unit = item.units.get(run.text("ALUN"))
    if unit is None or run.whole("AUTP") != BASIC_UNIT_USE:
        raise Refusal("XRE0103", "ALUN")
    return [unit_row(item, unit)]


def lst_units(run: Run) -> Iterable[Row]:
    """List alternate units in item order, from the item and unit asked for on."""
    start = (run.text("ITNO"), run.text("ALUN"))
    for item in run.state.items.with_units(run.text("ITNO")):
        for unit in sorted(item.units):
            if (item.itno, unit) >= start:
                yield unit_row(item, item.units[unit])


def lst_item_units(run: Run) -> Iterable[Row]:
    """List the alternate units of the items between two numbers."""
    for item in run.state.items.with_units(run.text("FITN")):
        if item.itno > run.text("TITN"):
            return
        for unit in sorted(item.units):
            yield item_row(item, run.text("LNCD")) | unit_row(item, item.units[unit])


def unit_row(item: Item, unit: AlternateUnit) -> dict[str, str]:
    """Write an alternate unit by M3's field names."""
    return {
        "ITNO": item.itno,
        "AUTP": str(BASIC_UNIT_USE),
        "ALUN": unit.unit,
        "COFA": plain(unit.factor),
        "DMCF": "1" if unit.multiply else "2",
    }


def _alias_row(item: Item, alias: Alias) -> dict[str, str]:
    return {"CONO": CONO, "ITNO": item.itno, "ALWT": str(alias.alwt), "ALWQ": alias.alwq, "POPN": alias.popn}
