"""OIS017MI and OIS320MI: price lists, their prices, what changed of them, the price of an order line; listed in `registry`."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.m3.money import CURRENCY_DECIMALS, line_amount, plain
from sandbox.m3.price_data import delete_price, set_price
from sandbox.m3.prices import LOCAL_CURRENCY, STANDARD_LIST, ListKey, Price, PriceList
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO

KEY_FIELDS = ("PRRF", "CUCD", "CUNO", "FVDT")


def lst_price_lists(run: Run) -> Iterable[Row]:
    """List price lists from a key on; NFTR says how many leading fields must be equal."""
    wanted = _key(run)
    equal = run.whole("NFTR")
    for head in run.state.prices.lists_since(wanted):
        if head.key[:equal] != wanted[:equal]:
            return
        yield list_row(head)


def get_price_list(run: Run) -> Iterable[Row]:
    """Read a price list."""
    return [list_row(_head(run))]


def lst_base_prices(run: Run) -> Iterable[Row]:
    """List the prices from a list on and past it, in the order of lists and items."""
    return (price_row(head, price) for head, price in run.state.prices.since(_key(run)))


def get_base_price(run: Run) -> Iterable[Row]:
    """Read the price of an item in a list."""
    return [price_row(_head(run), _price(run))]


def add_base_price(run: Run) -> Iterable[Row]:
    """Add a price to a list; an item has one price in a list."""
    head = _head(run)
    if run.state.prices.get((*head.key, run.text("ITNO"))) is not None:
        raise Refusal("XRE0104", "ITNO")
    return _write(run, head, Price(run.state.item(run.text("ITNO")).itno, Decimal(0), lvdt=head.lvdt))


def upd_base_price(run: Run) -> Iterable[Row]:
    """Change a price of a list; what is not sent stays."""
    return _write(run, _head(run), _price(run))


def del_base_price(run: Run) -> Iterable[Row]:
    """Take a price out of a list."""
    if not delete_price(run.state, _key(run), run.text("ITNO")):
        raise Refusal("XRE0103", "ITNO")
    return ()


def lst_new_prices(run: Run) -> Iterable[Row]:
    """List the prices stamped at LMTS or later, in the order of change."""
    return (price_row(head, price) for head, price in run.state.prices.changed_since(run.whole("LMTS")))


def get_price_line(run: Run) -> Iterable[Row]:
    """Find the price of an item for a customer on a day: the list named, or the customer's, else the sales price."""
    customer = run.state.customer(run.text("CUNO"))
    item = run.state.item(run.text("ITNO"))
    currency = run.text("CUCD", customer.fields["CUCD"])
    prrf = run.text("PRRF", customer.fields.get("PLTB") or STANDARD_LIST)
    day = run.text("ORDT", run.state.today())
    found = run.state.prices.valid(item.itno, prrf=prrf, cucd=currency, cuno=customer.cuno, day=day)
    sapr, sacd = (item.list_price, item.price_quantity) if currency == LOCAL_CURRENCY else (Decimal(0), 1)
    if found:
        sapr, sacd = found[1].sapr, found[1].sacd
    quantity = run.number("ORQA") or Decimal(1)
    if currency not in CURRENCY_DECIMALS:
        raise Refusal("XRE0103", "CUCD")
    amount = line_amount(sapr, quantity=quantity, price_quantity=sacd, currency=currency)
    return [
        {
            "WHLO": run.text("WHLO", customer.fields["WHLO"]),
            "SAPR": plain(sapr),
            "NETP": plain(sapr),
            "LNAM": str(amount),
            "SACD": str(sacd),
            "ORDT": day,
            "ORQA": plain(quantity),
            "PRRF": prrf if found else "",
            "CUCD": currency,
            "ALUN": run.text("ALUN", item.unit),
            "SPUN": found[1].spun if found and found[1].spun else item.unit,
            "ORTP": run.text("ORTP", customer.fields["ORTP"]),
            "TINC": "1" if found and found[0].tinc else "0",
        }
    ]


def list_row(head: PriceList) -> dict[str, str]:
    """Write the head of a list by M3's field names."""
    return {
        "CONO": CONO,
        "PRRF": head.prrf,
        "CUCD": head.cucd,
        "CUNO": head.cuno,
        "FVDT": head.fvdt,
        "LVDT": head.lvdt,
        "TX40": head.name,
        "TX15": head.name[:15],
        "CRTP": "1",
        "TINC": "1" if head.tinc else "0",
    }


def price_row(head: PriceList, price: Price) -> dict[str, str]:
    """Write a price by M3's field names."""
    return list_row(head) | {
        "LVDT": price.lvdt,
        "ITNO": price.itno,
        "SAPR": plain(price.sapr),
        "SACD": str(price.sacd),
        "SPUN": price.spun,
        "QTYL": "0",
    }


def _key(run: Run) -> ListKey:
    prrf, cucd, cuno, fvdt = (run.text(name) for name in KEY_FIELDS)
    return prrf, cucd, cuno, fvdt


def _head(run: Run) -> PriceList:
    head = run.state.prices.lists.get(_key(run))
    if head is None:
        raise Refusal("XRE0103", "PRRF")
    return head


def _price(run: Run) -> Price:
    found = run.state.prices.get((*_key(run), run.text("ITNO")))
    if found is None:
        raise Refusal("XRE0103", "ITNO")
    return found


def _write(run: Run, head: PriceList, old: Price) -> Iterable[Row]:
    sapr = run.number("SAPR")
    if sapr is not None and sapr < 0:
        raise Refusal("XNU0003", "SAPR")
    price = Price(
        old.itno,
        old.sapr if sapr is None else sapr,
        run.whole("SACD", old.sacd),
        run.text("SPUN", old.spun),
        run.text("LVDT", old.lvdt),
    )
    set_price(run.state, head.key, price)
    return ()
