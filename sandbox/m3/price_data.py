"""Prices and exchange rates as control takes them; `item_data`, the programs of OIS017 and `control_items` call it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

from sandbox.m3.changes import Operation, Record
from sandbox.m3.prices import BEGINNING, END_OF_TIME, LOCAL_CURRENCY, STANDARD_LIST, ListKey, Price, PriceList, Rate
from sandbox.m3.state import State

STANDARD_HEAD: ListKey = (STANDARD_LIST, LOCAL_CURRENCY, "", BEGINNING)

Itno = Annotated[str, StringConstraints(min_length=1, max_length=15)]
Day = Annotated[str, StringConstraints(pattern=r"\d{8}")]


def upper_too(*choices: str) -> AliasChoices:
    """Accept a field by these names, also in capitals as M3 writes them."""
    return AliasChoices(*choices, *(choice.upper() for choice in choices))


class PriceIn(BaseModel):
    """A price of a list as POST /_control/prices gives it."""

    model_config = ConfigDict(extra="forbid")
    prrf: Annotated[str, StringConstraints(min_length=1, max_length=10)] = Field(
        default=STANDARD_LIST, validation_alias=upper_too("prrf")
    )
    cucd: str = Field(default=LOCAL_CURRENCY, validation_alias=upper_too("cucd"))
    cuno: str = Field(default="", validation_alias=upper_too("cuno"))
    itno: Itno = Field(validation_alias=upper_too("itno"))
    fvdt: Day = Field(default=BEGINNING, validation_alias=upper_too("fvdt"))
    lvdt: Day = Field(default=END_OF_TIME, validation_alias=upper_too("lvdt"))
    sapr: Decimal = Field(default=Decimal(0), validation_alias=upper_too("sapr"))
    sacd: int = Field(default=1, validation_alias=upper_too("sacd"), ge=1)
    spun: str | None = Field(default=None, validation_alias=upper_too("spun"), max_length=3)
    tinc: bool | None = Field(default=None, validation_alias=upper_too("tinc"))
    delete: bool = False

    @property
    def head(self) -> ListKey:
        """The key of the list it stands in."""
        return self.prrf, self.cucd, self.cuno, self.fvdt


class RateIn(BaseModel):
    """An exchange rate as POST /_control/rates gives it."""

    model_config = ConfigDict(extra="forbid")
    cucd: str = Field(validation_alias=upper_too("cucd"))
    cutd: Day = Field(validation_alias=upper_too("cutd"))
    arat: Decimal = Field(default=Decimal(1), validation_alias=upper_too("arat"), gt=0)
    crtp: int = Field(default=1, validation_alias=upper_too("crtp"))
    dmcu: int = Field(default=1, validation_alias=upper_too("dmcu"))
    rafa: int = Field(default=1, validation_alias=upper_too("rafa"))
    delete: bool = False


def set_prices(state: State, given: Iterable[PriceIn]) -> int:
    """Set or delete prices; a list that does not exist is made; give how many prices changed."""
    count = 0
    for one in given:
        if one.delete:
            count += delete_price(state, one.head, one.itno)
            continue
        head = state.prices.lists.get(one.head)
        if head is None:
            head = PriceList(one.prrf, one.cucd, one.fvdt, one.lvdt, one.cuno, one.prrf)
            state.prices.put_list(head)
        head.lvdt = max(head.lvdt, one.lvdt)
        head.tinc = head.tinc if one.tinc is None else one.tinc
        item = state.items.get(one.itno)
        unit = (item.unit if item else "") if one.spun is None else one.spun
        set_price(state, one.head, Price(one.itno, one.sapr, one.sacd, unit, one.lvdt))
        count += 1
    return count


def set_price(state: State, head: ListKey, price: Price) -> None:
    """Write a price of a list, stamp it and tell of it."""
    if head not in state.prices.lists:
        prrf, cucd, cuno, fvdt = head
        state.prices.put_list(PriceList(prrf, cucd, fvdt, END_OF_TIME, cuno, prrf))
    is_new = state.prices.get((*head, price.itno)) is None
    state.prices.put(head, price, at_ms=state.now_ms())
    state.tell(Record.PRICE, Operation.CREATE if is_new else Operation.UPDATE, *head, price.itno)


def delete_price(state: State, head: ListKey, itno: str) -> bool:
    """Delete a price of a list; tells whether there was one."""
    if state.prices.get((*head, itno)) is None:
        return False
    state.tell(Record.PRICE, Operation.DELETE, *head, itno)
    return state.prices.delete((*head, itno))


def set_rates(state: State, given: Iterable[RateIn]) -> int:
    """Set exchange rates; give how many. With `delete` the currency loses those of that date and later."""
    count = 0
    for one in given:
        if one.delete:
            gone = [key for key in state.rates if key[:2] == (one.cucd, one.crtp) and key[2] >= one.cutd]
            for key in gone:
                del state.rates[key]
            count += len(gone)
            continue
        rate = Rate(one.cucd, one.crtp, one.cutd, one.arat, state.now_ms(), dmcu=one.dmcu, rafa=one.rafa)
        state.rates[one.cucd, one.crtp, one.cutd] = rate
        count += 1
    return count
