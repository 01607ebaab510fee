"""Items and stock counts as control takes them; `master_data` fills the shelf with it, `control_items` calls it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from sandbox.m3.changes import Operation, Record
from sandbox.m3.entities import Alias, AlternateUnit, Balance, Item, ItemName
from sandbox.m3.price_data import STANDARD_HEAD, Itno, delete_price, set_price, upper_too
from sandbox.m3.prices import Price
from sandbox.m3.refusals import Refusal
from sandbox.m3.signatures import load_catalogue
from sandbox.m3.state import WAREHOUSES, State

ATTRIBUTES = frozenset(("CONO", "ITNO", "STAT", "ITDS", "UNMS", "VTCS", "PDCC", "CHNO"))
"""Fields of MMS200MI/UpdItmBasic that have an attribute in `Item`, or are no data; the others are kept by their names."""

OPTIONS = frozenset(("OPTX", "OPTY"))
"""Colour and size of a variant (MMS200MI/LstStyle)."""

NEW_STOCK = Decimal(100_000)


@cache
def further_fields() -> frozenset[str]:
    """Name the fields of the item master that are kept and answered by M3's names."""
    return frozenset(load_catalogue().find("MMS200MI", "UpdItmBasic").inputs) - ATTRIBUTES | OPTIONS


class UnitIn(BaseModel):
    """An alternate unit as control takes it."""

    model_config = ConfigDict(extra="forbid")
    unit: str
    factor: Decimal
    multiply: bool = True


class AliasIn(BaseModel):
    """An alias number as control takes it."""

    model_config = ConfigDict(extra="forbid")
    alwt: int
    alwq: str = ""
    popn: str


class NameIn(BaseModel):
    """The names of an item in one language as control takes them."""

    model_config = ConfigDict(extra="forbid")
    itds: str = Field(validation_alias=upper_too("itds"))
    fuds: str = Field(default="", validation_alias=upper_too("fuds"))


class ItemIn(BaseModel):
    """An item as POST /_control/items and items.json give it; what is not given keeps its value, or gets the default."""

    model_config = ConfigDict(extra="forbid")
    itno: Itno = Field(validation_alias=upper_too("itno"))
    name: str | None = Field(default=None, validation_alias=upper_too("name", "itds"))
    status: str = Field(default="20", validation_alias=upper_too("status", "stat"))
    unit: str = Field(default="PCE", validation_alias=upper_too("unit", "unms"))
    vat_code: int = Field(default=1, validation_alias=upper_too("vat_code", "vtcs"), ge=0, le=2)
    price_decimals: int = Field(default=2, validation_alias=upper_too("price_decimals", "pdcc"), ge=0, le=6)
    list_price: Decimal = Field(default=Decimal(0), validation_alias=upper_too("list_price", "sapr"))
    price_quantity: int = Field(default=1, validation_alias=upper_too("price_quantity", "sacd"), ge=1)
    takes_discounts: bool = True
    on_hand: Decimal = Field(default=NEW_STOCK, validation_alias=upper_too("on_hand", "stqt"))
    units: tuple[UnitIn, ...] = ()
    aliases: tuple[AliasIn, ...] = ()
    names: dict[Annotated[str, StringConstraints(min_length=2, max_length=2)], NameIn] = Field(default_factory=dict)
    fields: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_fields(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        further = {name: str(given[name]) for name in given if name in further_fields()}
        rest = {name: value for name, value in given.items() if name not in further}
        return rest | {"fields": {**rest.get("fields", {}), **further}} if further else rest


class StockIn(BaseModel):
    """A count or a movement as POST /_control/stock gives it; one of `on_hand` and `add`."""

    model_config = ConfigDict(extra="forbid")
    itno: Itno = Field(validation_alias=upper_too("itno"))
    whlo: str = Field(default="001", validation_alias=upper_too("whlo"))
    on_hand: Decimal | None = Field(default=None, validation_alias=upper_too("on_hand", "stqt"))
    add: Decimal | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "StockIn":
        if (self.on_hand is None) == (self.add is None):
            raise ValueError("give on_hand (a count) or add (a difference)")
        if self.whlo not in WAREHOUSES:
            raise ValueError(f"warehouse {self.whlo} does not exist, there are {', '.join(WAREHOUSES)}")
        return self


ALL_FIELDS = frozenset(ItemIn.model_fields)


def upsert_items(state: State, items: Iterable[ItemIn]) -> int:
    """Add items, or change what is given of those that exist; stock already allocated or reserved is kept."""
    count = 0
    for given in items:
        old = state.items.get(given.itno)
        chosen: AbstractSet[str] = ALL_FIELDS if old is None else given.model_fields_set
        item = old or Item(given.itno, given.itno, balances={whlo: Balance() for whlo in WAREHOUSES})
        _set_fields(item, given, chosen)
        state.touch_item(item, Operation.UPDATE if old else Operation.CREATE)
        if "on_hand" in chosen:
            _count(state, item, given.on_hand, is_new=old is None)
        has_price = item.list_price or state.prices.get((*STANDARD_HEAD, item.itno)) is not None
        if has_price and chosen & {"list_price", "price_quantity"}:
            set_price(state, STANDARD_HEAD, Price(item.itno, item.list_price, item.price_quantity, item.unit))
        count += 1
    return count


def _set_fields(item: Item, given: ItemIn, chosen: AbstractSet[str]) -> None:
    if given.name is not None:
        item.name = given.name
    for attribute in (
        "status",
        "unit",
        "vat_code",
        "price_decimals",
        "list_price",
        "price_quantity",
        "takes_discounts",
    ):
        if attribute in chosen:
            setattr(item, attribute, getattr(given, attribute))
    if "units" in chosen:
        item.units = {unit.unit: AlternateUnit(unit.unit, unit.factor, unit.multiply) for unit in given.units}
    if "aliases" in chosen:
        item.aliases = tuple(Alias(alias.alwt, alias.alwq, alias.popn) for alias in given.aliases)
    item.names |= {lncd: ItemName(name.itds, name.fuds) for lncd, name in given.names.items()}
    item.fields |= given.fields


def _count(state: State, item: Item, on_hand: Decimal, *, is_new: bool) -> None:
    difference = on_hand - item.balances["001"].on_hand
    if difference or is_new:
        state.move_stock(item.itno, "001", on_hand=difference)
    if is_new:
        state.moved_balances.discard((item.itno, "001"))


def set_stock(state: State, given: Iterable[StockIn]) -> int:
    """Count or move stock; give how many balances changed.

    Raises:
        Refusal: there is no such item.
    """
    count = 0
    for one in given:
        balance = state.item(one.itno).balances[one.whlo]
        difference = one.add if one.on_hand is None else one.on_hand - balance.on_hand
        state.move_stock(one.itno, one.whlo, on_hand=difference or Decimal(0))
        count += 1
    return count


def delete_item(state: State, itno: str) -> None:
    """Delete an item with its stock and prices.

    Raises:
        Refusal: there is no such item, or an open order needs it.
    """
    item = state.item(itno)
    if any(balance.reserved or balance.allocated for balance in item.balances.values()):
        raise Refusal("WST0301", "ITNO", message=f"Item {itno} has open orders")
    state.tell(Record.ITEM, Operation.DELETE, itno)
    for whlo in item.balances:
        state.balance_changes.forget((itno, whlo))
        state.moved_balances.discard((itno, whlo))
    for head, _ in list(state.prices.of_item(itno)):
        delete_price(state, head.key, itno)
    state.items.delete(itno)


def ean13(number: int) -> str:
    """Make an EAN-13 number of the sandbox's own range."""
    digits = f"385{number:09d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"
