"""Reads from M3 what items cost: the versions of the store's price lists, then the prices of named items in bulk.

Called by looking.py and pull.py. Prices are read by their whole key, so no row of another item or list can come between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connector.errors import ConnectorError, InvalidPayloadError, M3RejectedError, MappingError
from connector.flows.context import StoreContext
from connector.flows.orders.units import factor_of
from connector.flows.prices.deciding import Rules
from connector.flows.prices.item_prices import ItemPrices, ListPrice, Units
from connector.flows.prices.troubles import Trouble, Wrong
from connector.m3.calls import Answer
from connector.m3.programs import crs055mi, mms015mi, mms200mi, ois017mi, ois320mi
from connector.m3.programs.mms015mi import PRICE, QUANTITY
from connector.m3.programs.ois017mi import BasePrice, ListHead
from connector.m3.rejections import is_not_found
from connector.publishing.prices import PricesPublishing

PER_PAGE = 100
BASIC = Decimal(1)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of one of the store's lists that is not over yet."""

    head: ListHead
    includes_tax: bool
    is_sale: bool


@dataclass(frozen=True, slots=True)
class Lists:
    """The store's price lists as they are today, and how their prices are shown in the shop."""

    versions: tuple[Version, ...]
    rules: Rules
    today: date


@dataclass
class _Found:
    """What was read of one item so far."""

    prices: list[tuple[Version, BasePrice]] = field(default_factory=list)
    units: Units | None = None
    wrong: Wrong | None = None

    def unit_of(self, price: BasePrice) -> str:
        """The unit a price is for: the one stated with it, else the item's."""
        return price.unit or (self.units.price if self.units else "")

    @property
    def needs_item(self) -> bool:
        """Whether the item's own units have to be asked for."""
        return self.units is None and bool(self.prices)

    @property
    def other_units(self) -> set[str]:
        """The units of its prices that are not its basic one."""
        return {self.unit_of(price) for _, price in self.prices} - {self.units.basic if self.units else ""}


def read_lists(store: StoreContext, config: PricesPublishing, *, today: date) -> Lists:
    """Reads which versions of the store's lists are valid today or will be.

    Args:
        store: The store.
        config: `publish.prices` of its file.
        today: In the division's zone.

    Raises:
        MappingError: M3 has no version of the price list that is valid today or will be.
        ConnectorError: M3 cannot be asked now, or does not have the currency.
    """
    heads = [(head, False) for head in _heads(store, config.price_list, config, today)]
    if not heads:
        raise _no_list(config)
    if config.campaign_list:
        heads += [(head, True) for head in _heads(store, config.campaign_list, config, today)]
    taxed = _tax_inclusion(store, [head for head, _ in heads], config)
    versions = tuple(
        Version(head, includes_tax, is_sale) for (head, is_sale), includes_tax in zip(heads, taxed, strict=True)
    )
    zone = ZoneInfo(config.timezone or store.config.m3.timezone)
    return Lists(versions, Rules(config, decimals=_decimals(store, config), zone=zone), today)


def _no_list(config: PricesPublishing) -> MappingError:
    return MappingError(
        f"M3 has no price list {config.price_list} in {config.currency} for everybody (without a customer) that is not over.",
        rule="publish.prices",
        field="price_list",
        resolution="Look in OIS017; correct publish.prices.price_list or currency of the store file, or its last day in M3.",
    )


def _heads(store: StoreContext, code: str, config: PricesPublishing, today: date) -> list[ListHead]:
    """All versions of a list that are not over, read on from the last one where a page was full."""
    found: dict[date, ListHead] = {}
    first: date | None = None
    while True:
        answer = store.m3.read(
            [ois017mi.list_heads(code, currency=config.currency, first=first)], max_records=PER_PAGE
        )[0]
        if is_not_found(answer.error):
            break
        page = list(ois017mi.read_heads(answer))
        found.update((head.valid_from, head) for head in page)
        if not answer.is_cut or len(page) < PER_PAGE or page[-1].valid_from == first:
            break
        first = page[-1].valid_from
    return [head for head in found.values() if head.valid_to is None or head.valid_to >= today]


def _tax_inclusion(store: StoreContext, heads: Sequence[ListHead], config: PricesPublishing) -> list[bool]:
    """Whether the prices of each version include VAT: as configured, else as the first row of each says."""
    if config.list_includes_tax is not None or not heads:
        return [bool(config.list_includes_tax)] * len(heads)
    answers = store.m3.read([ois320mi.list_list_prices(head) for head in heads], max_records=1)
    return [not is_not_found(one.error) and ois320mi.read_includes_tax(one) for one in answers]


def _decimals(store: StoreContext, config: PricesPublishing) -> int:
    """The decimals of the shop's prices: as configured, else those of the currency, asked for once a process."""
    if config.decimals is not None:
        return config.decimals
    key = f"prices:decimals:{config.currency}"
    if key not in store.remembered:
        answer = store.m3.read([crs055mi.get_currency(config.currency)])[0]
        store.remembered[key] = str(crs055mi.read_currency(answer).decimals)
    return int(store.remembered[key])


def read_prices(
    store: StoreContext, lists: Lists, item_numbers: Iterable[str], *, units: Mapping[str, Units]
) -> dict[str, ItemPrices]:
    """Reads what items cost, by item number: one bulk request per 80 items and version, one more for the unit the shop sells in
    where that is not the basic one.

    Args:
        store: The store.
        lists: What `read_lists` gave.
        item_numbers: M3 item numbers.
        units: Those known from earlier; M3 is asked for the others.

    Raises:
        ConnectorError: M3 cannot be asked now.
    """
    found = {item: _Found(units=units.get(item)) for item in item_numbers}
    asked = [(item, version) for version in lists.versions for item in found]
    answers = store.m3.read([ois017mi.get_base_price(item, head=version.head) for item, version in asked])
    for (item, version), answer in zip(asked, answers, strict=True):
        _add_price(found[item], item, version, answer)
    _read_own_units(store, found)
    factors = _read_factors(store, found)
    sold = _read_sold_units(store, found)
    return {item: _item_prices(item, one, factors, sold.get(item, BASIC)) for item, one in found.items()}


def _add_price(found: _Found, item: str, version: Version, answer: Answer) -> None:
    if is_not_found(answer.error) or (answer.error is None and not answer.records):
        return
    try:
        found.prices.append((version, ois017mi.read_base_price(answer)))
    except (InvalidPayloadError, M3RejectedError) as error:
        found.wrong = _unreadable(item, version.head.code, error)


def _read_own_units(store: StoreContext, found: dict[str, _Found]) -> None:
    """Asks for the units of the items of which they are not known."""
    asked = [item for item, one in found.items() if one.needs_item]
    for item, answer in zip(asked, store.m3.read([mms200mi.get_item_basic(item) for item in asked]), strict=True):
        try:
            own = mms200mi.read_item_basic(answer)
        except (InvalidPayloadError, M3RejectedError) as error:
            found[item].wrong = _unreadable(item, "the item master", error)
        else:
            found[item].units = Units(own.unit, own.price_unit)


def _read_factors(store: StoreContext, found: dict[str, _Found]) -> dict[tuple[str, str], Decimal]:
    """Returns how many basic units the price units of items hold, where the two differ; what MMS015 says of prices counts
    before what it says of quantities.
    """
    differing = [(item, unit) for item, one in found.items() for unit in sorted(one.other_units) if one.wrong is None]
    asked = [(item, unit, kind) for kind in (QUANTITY, PRICE) for item, unit in differing]
    answers = store.m3.read([mms015mi.get(item, unit=unit, kind=kind) for item, unit, kind in asked])
    factors: dict[tuple[str, str], Decimal] = {}
    for (item, unit, _), answer in zip(asked, answers, strict=True):
        if is_not_found(answer.error):
            continue
        try:
            alternate = mms015mi.read_unit(answer)
        except (InvalidPayloadError, M3RejectedError) as error:
            found[item].wrong = _unreadable(item, f"its unit {unit} (MMS015)", error)
            continue
        if alternate.factor > 0:
            factors[item, unit] = 1 / alternate.factor if alternate.is_divisor else alternate.factor
    return factors


def _read_sold_units(store: StoreContext, found: dict[str, _Found]) -> dict[str, Decimal]:
    """Returns how many basic units the unit of the shop holds, of the items that have it."""
    unit = store.config.unit_sold
    asked = [item for item, one in found.items() if unit and one.prices and one.wrong is None]
    factors: dict[str, Decimal] = {}
    for item, answer in zip(asked, store.m3.read([mms015mi.get(item, unit=unit or "") for item in asked]), strict=True):
        if is_not_found(answer.error):
            continue
        try:
            factors[item] = factor_of(item, mms015mi.read_unit(answer))
        except (InvalidPayloadError, M3RejectedError, MappingError) as error:
            found[item].wrong = _unreadable(item, f"its unit {unit} (MMS015)", error)
    return factors


def _item_prices(item: str, found: _Found, factors: Mapping[tuple[str, str], Decimal], sold: Decimal) -> ItemPrices:
    if found.wrong is not None:
        return ItemPrices(item, units=found.units, wrong=found.wrong)
    rows: dict[bool, list[ListPrice]] = {False: [], True: []}
    for version, price in found.prices:
        unit = found.unit_of(price)
        factor = BASIC if found.units and unit == found.units.basic else factors.get((item, unit))
        if factor is None:
            return ItemPrices(item, units=found.units, wrong=_no_unit(item, unit, version.head.code))
        rows[version.is_sale].append(_list_price(version, price, factor / sold))
    has_scale = any(price.has_scale for _, price in found.prices)
    return ItemPrices(item, tuple(rows[False]), tuple(rows[True]), units=found.units, has_scale=has_scale)


def _list_price(version: Version, price: BasePrice, factor: Decimal) -> ListPrice:
    """The price of one unit of the shop, of which `factor` are in the unit the price is for. It ends with its own last day or that
    of the list, whichever is first.
    """
    ends = [day for day in (version.head.valid_to, price.valid_to) if day is not None]
    return ListPrice(
        valid_from=version.head.valid_from,
        valid_to=min(ends, default=None),
        price=price.price / price.quantity / factor,
        includes_tax=version.includes_tax,
    )


def _unreadable(item: str, where: str, error: ConnectorError) -> Wrong:
    return Wrong(
        Trouble.UNREADABLE,
        f"What M3 says of item {item} in {where} cannot be used: {error.message}",
        error.resolution or "Look at the item and its price in M3 (MMS001, OIS017).",
    )


def _no_unit(item: str, unit: str, code: str) -> Wrong:
    return Wrong(
        Trouble.NO_UNIT,
        f"The price of item {item} in list {code} is for the unit {unit}, which the item does not know.",
        f"Add {unit} as alternate unit for prices in MMS015, or state the price in the item's basic unit in OIS017.",
    )
