"""OIS100MI and OIS275MI: the lines of a batch order; listed in `registry`."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from sandbox.m3.entities import Item, Line, OrderBody
from sandbox.m3.money import CURRENCY_DECIMALS, decimals_of, line_amount, net_price, plain
from sandbox.m3.programs.batch_head import open_batch_order
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import NEGATIVE_ORDER_TYPES, WAREHOUSES

MAX_PRICE_DECIMALS = 6
COLUMNS_OF_THEIR_OWN = frozenset(
    ("ORNO", "CONO", "PONR", "POSX", "ITNO", "ITDS", "ORQT", "ORQA", "ALUN", "SAPR", "SACD", "SPUN", "WHLO", "DWDT")
)
"""Fields of a line that have an attribute in `Line`; the others are kept as they were sent."""


def add_batch_line(run: Run) -> Iterable[Row]:
    """Add a line to a batch order; a line that is refused leaves the order as it was."""
    batch = open_batch_order(run)
    item = sellable_item(run)
    if run.settings.refuse_duplicate_lines:
        _refuse_duplicate(run, batch.body)
    line = build_line(run, batch.body, item=item, ponr=max(batch.body.lines, default=0) + 1)
    batch.body.lines[line.ponr] = line
    return [{"PONR": str(line.ponr), "POSX": "0", "ATNR": "0"}]


def sellable_item(run: Run) -> Item:
    """Find the item; it must be released for sale (status 20 up to 80)."""
    item = run.state.item(run.text("ITNO"))
    if not "20" <= item.status < "80":
        raise Refusal("WST0301", "ITNO", value=item.status)
    return item


def build_line(run: Run, body: OrderBody, *, item: Item, ponr: int) -> Line:
    """Check the fields of a line and compute its amount."""
    whlo = run.text("WHLO", body.head.get("WHLO", "001"))
    if whlo not in WAREHOUSES:
        raise Refusal("WWH0103", "WHLO", value=whlo)
    dwdt = run.date_from_today("DWDT") or body.head["RLDT"]
    run.whole("CUPO")
    quantity = _quantity(run, body)
    unit, factor = _unit(run, item, "ALUN", default=item.unit)
    price_unit, price_factor = _unit(run, item, "SPUN", default=unit)
    price, price_quantity = _price(run, body, item)
    _check_discounts(run)
    net = net_price(price, run.record, item=item)
    basic_quantity = quantity * factor
    amount = line_amount(
        net,
        quantity=basic_quantity / price_factor,
        price_quantity=price_quantity,
        currency=body.head["CUCD"],
    )
    return Line(
        ponr=ponr,
        itno=item.itno,
        name=run.text("ITDS", item.name),
        quantity=quantity,
        unit=unit,
        basic_quantity=basic_quantity,
        price=price,
        price_quantity=price_quantity,
        price_unit=price_unit,
        net_price=net,
        amount=amount,
        vat_code=item.vat_code,
        whlo=whlo,
        dwdt=dwdt,
        sent={field: value for field, value in run.record.items() if field not in COLUMNS_OF_THEIR_OWN},
    )


def chg_batch_line(run: Run) -> Iterable[Row]:
    """Change a line: what is not sent stays. The price quantity has no field here and stays as it was."""
    body = open_batch_order(run).body
    line = find_line(run, body)
    item = sellable_item(run)
    if item.itno != line.itno:
        raise Refusal("WIT0101", "ITNO", value=item.itno)
    kept = line_row(line) | {"ORQT": plain(line.quantity)}
    changed = replace(run, record={**kept, **run.record})
    renewed = build_line(changed, body, item=item, ponr=line.ponr)
    body.lines[line.ponr] = replace(renewed, charges=line.charges, texts=line.texts)
    return ()


def del_batch_line(run: Run) -> Iterable[Row]:
    """Delete a line."""
    batch = open_batch_order(run)
    del batch.body.lines[find_line(run, batch.body).ponr]
    return ()


def find_line(run: Run, body: OrderBody) -> Line:
    """Find the line PONR names."""
    line = body.lines.get(run.whole("PONR"))
    if line is None or run.whole("POSX"):
        raise Refusal("XRE0103", "PONR")
    return line


def get_batch_line(run: Run) -> Iterable[Row]:
    """Read one line."""
    return [line_row(find_line(run, run.state.batch_order(run.text("ORNO")).body))]


def lst_batch_line(run: Run) -> Iterable[Row]:
    """List the lines in line order."""
    body = run.state.batch_order(run.text("ORNO")).body
    return (line_row(body.lines[ponr]) for ponr in sorted(body.lines))


def line_row(line: Line) -> dict[str, str]:
    """Write a line by M3's field names."""
    return {
        **line.sent,
        "PONR": str(line.ponr),
        "POSX": "0",
        "ITNO": line.itno,
        "ITDS": line.name,
        "ORQT": plain(line.basic_quantity),
        "ORQA": plain(line.quantity),
        "ALUN": line.unit,
        "SPUN": line.price_unit,
        "SAPR": plain(line.price),
        "SACD": str(line.price_quantity),
        "WHLO": line.whlo,
        "DWDT": line.dwdt,
        "DWDZ": line.dwdt,
    }


def _quantity(run: Run, body: OrderBody) -> Decimal:
    quantity = run.number("ORQT")
    quantity = Decimal(1) if quantity is None else quantity
    if quantity == 0:
        raise Refusal("CPF9898", "ORQT", message="The quantity must not be zero")
    is_negative_type = body.head.get("ORTP") in NEGATIVE_ORDER_TYPES
    if quantity < 0 and not is_negative_type:
        raise Refusal("XNU0003", "ORQT")
    if quantity > 0 and is_negative_type:
        raise Refusal("CPF9898", "ORQT", message="This order type takes negative quantities only")
    return quantity


def _unit(run: Run, item: Item, field: str, *, default: str) -> tuple[str, Decimal]:
    unit = run.text(field, default)
    factor = item.basic_units(unit)
    if factor is None:
        raise Refusal("XRE0103", field)
    return unit, factor


def _price(run: Run, body: OrderBody, item: Item) -> tuple[Decimal, int]:
    price_quantity = run.whole("SACD", item.price_quantity)
    if price_quantity < 1:
        raise Refusal("XNU0003", "SACD")
    price = run.number("SAPR")
    if not price:
        # Without a price M3 fetches its own, also where the caller meant a line for nothing.
        return item.list_price, price_quantity
    if price < 0:
        raise Refusal("XNU0003", "SAPR")
    allowed = min(item.price_decimals, CURRENCY_DECIMALS[body.head["CUCD"]], MAX_PRICE_DECIMALS)
    if decimals_of(price) > allowed:
        raise Refusal("CPF9898", "SAPR", message=f"The sales price may have at most {allowed} decimals")
    return price, price_quantity


def _check_discounts(run: Run) -> None:
    for position in "123456":
        run.number(f"DIA{position}")
        percent = run.number(f"DIP{position}")
        if percent is not None and percent > 100:
            raise Refusal("CPF9898", f"DIP{position}", message="A discount percentage is at most 100")


def _refuse_duplicate(run: Run, body: OrderBody) -> None:
    dwdt = run.text("DWDT", body.head["RLDT"])
    if any(line.itno == run.text("ITNO") and line.dwdt == dwdt for line in body.lines.values()):
        raise Refusal("XRE0104", "ITNO")
