"""MMS200MI, MMS025MI, MMS015MI: items, aliases, units and balances; listed in `registry`."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sandbox.m3.entities import Alias, AlternateUnit, Balance, Item
from sandbox.m3.money import plain
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO, WAREHOUSES

BASIC_UNIT_USE = 1
"""AUTP: the kind of use the alternate units are listed for."""


def get_item(run: Run) -> Iterable[Row]:
    """Read the item master: Get, GetItmBasic, GetItmPrice differ in their signatures only."""
    return [item_row(run.state.item(run.text("ITNO")))]


def item_row(item: Item) -> dict[str, str]:
    """Write an item by M3's field names."""
    return {
        "STAT": item.status,
        "ITNO": item.itno,
        "ITDS": item.name[:30],
        "FUDS": item.name[:60],
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
        "LMDT": datetime.fromtimestamp(item.changed_ms / 1000, UTC).strftime("%Y%m%d"),
    }


def get_item_warehouse(run: Run) -> Iterable[Row]:
    """Read the item in a warehouse."""
    item, whlo, _ = _balance(run)
    return [{"CONO": CONO, "WHLO": whlo, "WHNM": WAREHOUSES[whlo], **item_row(item)}]


def get_balance(run: Run) -> Iterable[Row]:
    """Read the stock of an item in a warehouse."""
    item, whlo, balance = _balance(run)
    return [balance_row(item, whlo, balance)]


def lst_sum_balance(run: Run) -> Iterable[Row]:
    """List the stock of a warehouse from an item number on."""
    for itno in sorted(run.state.items):
        if itno >= run.text("POPN") and run.text("WHLO") in WAREHOUSES:
            item = run.state.items[itno]
            yield balance_row(item, run.text("WHLO"), item.balances[run.text("WHLO")]) | {"POPN": itno}


def balance_row(item: Item, whlo: str, balance: Balance) -> dict[str, str]:
    """Write a balance by M3's field names."""
    return {
        "CONO": CONO,
        "WHLO": whlo,
        "ITNO": item.itno,
        "ITDS": item.name[:60],
        "STAT": item.status,
        "UNMS": item.unit,
        "STQT": plain(balance.on_hand),
        "ALQT": plain(balance.allocated),
        "REQT": plain(balance.reserved),
        "AVAL": plain(balance.on_hand),
        "AV01": plain(balance.allocatable_net),
        "AV02": plain(balance.available),
    }


def get_item_of_alias(run: Run) -> Iterable[Row]:
    """Find the item of an alias number."""
    for item in run.state.items.values():
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
    return [_unit_row(item, unit)]


def lst_units(run: Run) -> Iterable[Row]:
    """List alternate units in item order, from the item and unit asked for on."""
    start = (run.text("ITNO"), run.text("ALUN"))
    for itno in sorted(run.state.items):
        item = run.state.items[itno]
        for unit in sorted(item.units):
            if (itno, unit) >= start:
                yield _unit_row(item, item.units[unit])


def _balance(run: Run) -> tuple[Item, str, Balance]:
    item = run.state.item(run.text("ITNO"))
    whlo = run.text("WHLO")
    if whlo not in WAREHOUSES:
        raise Refusal("WWH0103", "WHLO", value=whlo)
    return item, whlo, item.balances[whlo]


def _alias_row(item: Item, alias: Alias) -> dict[str, str]:
    return {"CONO": CONO, "ITNO": item.itno, "ALWT": str(alias.alwt), "ALWQ": alias.alwq, "POPN": alias.popn}


def _unit_row(item: Item, unit: AlternateUnit) -> dict[str, str]:
    return {
        "ITNO": item.itno,
        "AUTP": str(BASIC_UNIT_USE),
        "ALUN": unit.unit,
        "COFA": plain(unit.factor),
        "DMCF": "1" if unit.multiply else "2",
    }
