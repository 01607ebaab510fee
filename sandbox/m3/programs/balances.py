"""MMS200MI, OIS100MI, MMS060MI, MMS310MI: stock, what changed of it, and corrections; listed in `registry`."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.m3.entities import Balance, Item
from sandbox.m3.money import plain
from sandbox.m3.programs.items import item_row
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO, FACILITIES, LOCATION, WAREHOUSES

SIX_DECIMALS = Decimal("0.000001")
COUNT_FIELDS = ("STQI", "STAG", "CAWI", "STDI", "TIHH", "TIMM", "TISS", "PRDT", "TRPR", "BREF", "BRE2", "BREM")
"""What MMS310MI/Get gives back of the last count."""


def get_item_warehouse(run: Run) -> Iterable[Row]:
    """Read the item in a warehouse."""
    item, whlo, _ = _balance(run)
    return [_item_warehouse_row(item, whlo)]


def lst_item_warehouse_by_warehouse(run: Run) -> Iterable[Row]:
    """List the items of the warehouses, by warehouse and item, from both on."""
    for whlo in WAREHOUSES:
        if whlo >= run.text("WHLO"):
            start = run.text("ITNO") if whlo == run.text("WHLO") else ""
            for item in run.state.items.from_number(start):
                yield _item_warehouse_row(item, whlo)


def lst_item_warehouse_by_item(run: Run) -> Iterable[Row]:
    """List the warehouses of the items, by item and warehouse, from both on."""
    start = (run.text("ITNO"), run.text("WHLO"))
    for item in run.state.items.from_number(run.text("ITNO")):
        for whlo in WAREHOUSES:
            if (item.itno, whlo) >= start:
                yield _item_warehouse_row(item, whlo)


def get_balance(run: Run) -> Iterable[Row]:
    """Read the stock of an item in a warehouse."""
    item, whlo, balance = _balance(run)
    return [balance_row(item, whlo, balance)]


def get_sum_balance(run: Run) -> Iterable[Row]:
    """Read the same by item number or alias (POPN)."""
    item, whlo, balance = _balance(run, number="POPN")
    return [balance_row(item, whlo, balance) | {"POPN": run.text("POPN")}]


def lst_sum_balance(run: Run) -> Iterable[Row]:
    """List the stock of a warehouse from an item number on."""
    whlo = run.text("WHLO")
    if whlo in WAREHOUSES:
        for item in run.state.items.from_number(run.text("POPN")):
            yield balance_row(item, whlo, item.balances[whlo]) | {"POPN": item.itno}


def lst_new_balances(run: Run) -> Iterable[Row]:
    """List what was stamped at LMTS or later, all items and warehouses, in the order of change."""
    for itno, whlo in run.state.balance_changes.since(run.whole("LMTS")):
        yield _available_row(whlo, run.state.items[itno])


def lst_warehouse_balance(run: Run) -> Iterable[Row]:
    """List the stock of an item in every warehouse."""
    item = run.state.item(run.text("ITNO"))
    return (_available_row(whlo, item) for whlo in sorted(item.balances))


def lst_new_item_balance(run: Run) -> Iterable[Row]:
    """List the locations of an item whose stock was stamped at LMTS or later."""
    item = run.state.item(run.text("ITNO"))
    for whlo in sorted(item.balances):
        if run.state.balance_changes.stamp_of((item.itno, whlo)) >= run.whole("LMTS"):
            quantity = six_decimals(item.balances[whlo].on_hand)
            yield {"ITNO": item.itno, "WHLO": whlo, "WHSL": LOCATION, "STAS": "2", "STQT": quantity, "STQM": quantity}


def balance_row(item: Item, whlo: str, balance: Balance) -> dict[str, str]:
    """Write a balance by M3's field names."""
    return {
        "CONO": CONO,
        "FACI": FACILITIES[0],
        "WHLO": whlo,
        "WHNM": WAREHOUSES[whlo],
        "ITNO": item.itno,
        "ITDS": item.name[:60],
        "STAT": item.status,
        "UNMS": item.unit,
        "STQT": six_decimals(balance.on_hand),
        "ALQT": six_decimals(balance.allocated),
        "REQT": six_decimals(balance.reserved),
        "AVAL": six_decimals(balance.on_hand),
        "AV01": six_decimals(balance.allocatable_net),
        "AV02": six_decimals(balance.available),
    }


def get_count(run: Run) -> Iterable[Row]:
    """Read the stock of a location with the last count."""
    item, whlo, balance = _balance(run)
    check_location(run)
    return [_count_row(run, item, whlo, balance)]


def list_counts(run: Run) -> Iterable[Row]:
    """List the locations of a warehouse from an item on."""
    whlo = run.text("WHLO")
    if whlo in WAREHOUSES:
        for item in run.state.items.from_number(run.text("ITNO")):
            yield _count_row(run, item, whlo, item.balances[whlo])


def update_count(run: Run) -> Iterable[Row]:
    """Take a physical count: what is on hand becomes STQI, however often it is sent."""
    item, whlo, balance = _balance(run)
    check_location(run)
    counted = run.number("STQI")
    if counted is None:
        raise Refusal("CPF9898", "STQI", message="The counted quantity must be entered")
    if counted < 0:
        raise Refusal("XNU0003", "STQI")
    run.state.counts[item.itno, whlo] = {
        "STDI": run.state.today(),
        **{name: run.text(name) for name in COUNT_FIELDS if run.text(name)},
    }
    run.state.move_stock(item.itno, whlo, on_hand=counted - balance.on_hand)
    return ()


def six_decimals(value: Decimal) -> str:
    """Write a quantity as M3 sends it."""
    return format(value.quantize(SIX_DECIMALS), "f")


def _balance(run: Run, *, number: str = "ITNO") -> tuple[Item, str, Balance]:
    item = run.state.item(run.text(number))
    whlo = warehouse_of(run)
    return item, whlo, item.balances[whlo]


def warehouse_of(run: Run) -> str:
    """Give the warehouse asked for or refuse."""
    whlo = run.text("WHLO")
    if whlo not in WAREHOUSES:
        raise Refusal("WWH0103", "WHLO", value=whlo)
    return whlo


def check_location(run: Run) -> None:
    """Refuse any location but the one there is."""
    if run.text("WHSL", LOCATION) != LOCATION:
        raise Refusal("XRE0103", "WHSL")


def _item_warehouse_row(item: Item, whlo: str) -> dict[str, str]:
    return item_row(item) | {
        "CONO": CONO,
        "FACI": FACILITIES[0],
        "WHLO": whlo,
        "WHNM": WAREHOUSES[whlo],
        "WHSL": LOCATION,
    }


def _available_row(whlo: str, item: Item) -> dict[str, str]:
    balance = item.balances[whlo]
    return {
        "WHLO": whlo,
        "ITNO": item.itno,
        "AV01": six_decimals(balance.allocatable_net),
        "AV02": six_decimals(balance.available),
        "LMDT": item.changed_on,
    }


def _count_row(run: Run, item: Item, whlo: str, balance: Balance) -> dict[str, str]:
    return {
        **item_row(item),
        "CONO": CONO,
        "WHLO": whlo,
        "WHNM": WAREHOUSES[whlo],
        "WHSL": LOCATION,
        "REPN": "0",
        "STAS": "2",
        # Eleven characters are too few for six decimals.
        "STQT": plain(balance.on_hand),
        "ALQT": plain(balance.allocated),
        **run.state.counts.get((item.itno, whlo), {}),
    }
