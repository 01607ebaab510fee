"""Make a large item master from a seed, with stock and prices; `control_items` calls it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sandbox.m3.entities import Alias, AlternateUnit, Balance, Item, ItemName
from sandbox.m3.item_data import ean13
from sandbox.m3.item_tables import COLOURS, SIZES
from sandbox.m3.price_data import STANDARD_HEAD
from sandbox.m3.prices import CAMPAIGN_LIST, END_OF_TIME, LOCAL_CURRENCY, STANDARD_LIST, Price, PriceList
from sandbox.m3.state import WAREHOUSES, State

INACTIVE = ("10", "80", "90")
FIRST_EAN = 1_000_000
OLDEST_DAYS = 400
CAMPAIGN_DAYS = 30
CAMPAIGN_FACTOR = Decimal("0.8")


class CatalogueIn(BaseModel):
    """Body of POST /_control/catalogue."""

    model_config = ConfigDict(extra="forbid")
    items: int = Field(default=20_000, ge=1, le=200_000)
    variants_share: float = Field(default=0.5, ge=0, le=1)
    inactive_share: float = Field(default=0.03, ge=0, le=1)
    campaign_share: float = Field(default=0.05, ge=0, le=1)
    odd: int = Field(default=0, ge=0, le=99)
    seed: int | None = None


@dataclass(frozen=True)
class Kind:
    """What a run of items has in common."""

    prefix: str
    names: dict[str, str]
    itgr: str
    itcl: str
    hierarchy: tuple[str, str, str]
    unit: str = "PCE"
    vat_code: int = 1


SIMPLE = (
    Kind(
        "P",
        {"GB": "Enamel pan", "DE": "Emailtopf", "HR": "Emajlirani lonac"},
        "KITCHEN",
        "HOUSE",
        ("HOME", "COOKING", "PANS"),
    ),
    Kind(
        "P",
        {"GB": "Claw hammer", "DE": "Klauenhammer", "HR": "Čekić"},
        "TOOLS",
        "WORK",
        ("WORKSHOP", "HANDTOOLS", "HAMMERS"),
    ),
    Kind(
        "P",
        {"GB": "Desk lamp", "DE": "Tischleuchte", "HR": "Stolna lampa"},
        "LIGHT",
        "HOUSE",
        ("HOME", "LAMPS", "DESKLAMPS"),
    ),
    Kind(
        "P",
        {"GB": "Notebook A5", "DE": "Notizbuch A5", "HR": "Bilježnica A5"},
        "PAPER",
        "HOUSE",
        ("HOME", "OFFICE", "NOTEBOOKS"),
        vat_code=2,
    ),
    Kind(
        "P",
        {"GB": "Basmati rice", "DE": "Basmatireis", "HR": "Basmati riža"},
        "FOOD",
        "GROC",
        ("HOME", "COOKING", "PANTRY"),
        unit="KG",
        vat_code=2,
    ),
)
STYLES = (
    Kind("TS", {"GB": "T-shirt", "DE": "T-Shirt", "HR": "Majica"}, "TSHIRT", "CLOTH", ("APPAREL", "TOPS", "TSHIRTS")),
    Kind(
        "HD", {"GB": "Hoodie", "DE": "Kapuzenpulli", "HR": "Hudica"}, "HOODIE", "CLOTH", ("APPAREL", "TOPS", "HOODIES")
    ),
    Kind("CP", {"GB": "Cap", "DE": "Kappe", "HR": "Kapa"}, "CAP", "CLOTH", ("APPAREL", "HEADWEAR", "CAPS")),
)
ODD_KINDS = ("no_name", "no_price", "negative", "absurd", "fraction", "no_group", "markup")


@dataclass
class _Made:
    """The items of one call, in the order they were made."""

    simple: list[Item] = field(default_factory=list)
    styles: list[Item] = field(default_factory=list)
    variants: list[Item] = field(default_factory=list)
    odd: dict[str, list[str]] = field(default_factory=dict)

    def all(self) -> list[Item]:
        return [*self.simple, *self.styles, *self.variants]


def make_catalogue(state: State, wanted: CatalogueIn, *, seed: int) -> dict[str, Any]:
    """Make the items, their stock and prices; the same seed makes the same ones again, numbers that exist are replaced.

    Nothing is told to listeners: a load is no change.
    """
    maker = _Maker(state, random.Random(seed), wanted)
    made = maker.make()
    for item in made.all():
        maker.date(item)
    state.items.load(made.all())
    now_ms = state.now_ms()
    for item in made.all():
        for whlo, balance in item.balances.items():
            if balance.on_hand or whlo == "001":
                state.balance_changes.stamp((item.itno, whlo), now_ms)
    priced = [item for item in made.all() if item.list_price]
    _load_prices(state, priced, now_ms)
    on_sale = [item for item in priced if maker.rng.random() < wanted.campaign_share]
    _load_campaign(state, on_sale, now_ms)
    return {
        "items": len(made.all()),
        "simple": len(made.simple),
        "styles": len(made.styles),
        "variants": len(made.variants),
        "inactive": sum(item.status != "20" for item in made.all()),
        "campaign": len(on_sale),
        "odd": made.odd,
    }


class _Maker:
    """Draws items one after the other."""

    def __init__(self, state: State, rng: random.Random, wanted: CatalogueIn) -> None:
        self.rng = rng
        self._state = state
        self._wanted = wanted
        self._count = 0
        self._today = state.now().date()

    def make(self) -> _Made:
        made = _Made()
        for oddity in ODD_KINDS:
            for number in range(1, self._wanted.odd + 1):
                item = self._odd(oddity, number)
                made.simple.append(item)
                made.odd.setdefault(oddity, []).append(item.itno)
        rows = round(self._wanted.items * self._wanted.variants_share)
        while rows - len(made.styles) - len(made.variants) >= 2:
            style, variants = self._style(len(made.styles) + 1)
            room = rows - len(made.styles) - len(made.variants) - 1
            made.styles.append(style)
            made.variants.extend(variants[:room])
        for number in range(1, self._wanted.items - len(made.all()) + 1):
            kind = SIMPLE[number % len(SIMPLE)]
            made.simple.append(self._simple(kind, f"{kind.prefix}-{number:05d}", number))
        return made

    def date(self, item: Item) -> None:
        """Stamp an item: today if it replaces one, else some day in the past."""
        days = 0 if item.itno in self._state.items else self.rng.randrange(1, OLDEST_DAYS)
        item.changed_on = (self._today - timedelta(days=days)).strftime("%Y%m%d")
        item.changed_ms = self._state.now_ms() - days * 86_400_000

    def _simple(self, kind: Kind, itno: str, number: int) -> Item:
        item = self._item(kind, itno, f" {number}")
        if kind.unit == "KG":
            item.balances["001"].on_hand = Decimal(self.rng.randrange(0, 40_000)) / 8
            item.units = {"BAG": AlternateUnit("BAG", Decimal(25))}
        else:
            self._stock(item)
            if number % 7 == 0:
                item.units = {"BOX": AlternateUnit("BOX", Decimal(12))}
        return item

    def _style(self, number: int) -> tuple[Item, list[Item]]:
        kind = STYLES[number % len(STYLES)]
        style = self._item(kind, f"{kind.prefix}-{number:05d}", f" {number}")
        style.fields |= {"STCD": "0"}
        style.aliases = ()
        colours = self.rng.sample(sorted(COLOURS), self.rng.randrange(2, len(COLOURS) + 1))
        sizes = list(SIZES)[: self.rng.randrange(2, len(SIZES) + 1)]
        variants = [self._variant(kind, style, colour, size) for colour in colours for size in sizes]
        return style, variants

    def _variant(self, kind: Kind, style: Item, colour: str, size: str) -> Item:
        suffix = f"{style.name.removeprefix(kind.names['GB'])} {COLOURS[colour].lower()} {size}"
        item = self._item(kind, f"{style.itno}-{colour}-{size}", suffix)
        item.list_price = style.list_price + (2 if size == "XL" else 0)
        item.fields |= {"HDPR": style.itno, "OPTX": colour, "OPTY": size}
        self._stock(item)
        return item

    def _odd(self, oddity: str, number: int) -> Item:
        item = self._simple(SIMPLE[0], f"ODD-{oddity.upper().replace('_', '')}-{number:02d}", number)
        item.status = "20"
        stock = {"negative": Decimal(-7), "absurd": Decimal(999_999_999), "fraction": Decimal("2.5")}
        if oddity in stock:
            item.balances["001"].on_hand = stock[oddity]
        elif oddity == "no_name":
            item.name, item.names = "", {}
            del item.fields["FUDS"]
        elif oddity == "no_price":
            item.list_price = Decimal(0)
        elif oddity == "no_group":
            item.fields["ITGR"] = ""
        else:
            item.name = item.fields["FUDS"] = 'Pan <b>28 cm</b> & "lid" – 1/2"'
        return item

    def _item(self, kind: Kind, itno: str, suffix: str) -> Item:
        self._count += 1
        weight = Decimal(self.rng.randrange(50, 5_000)) / 1000
        old = self._state.items.get(itno)
        return Item(
            itno=itno,
            name=kind.names["GB"] + suffix,
            status=self.rng.choice(INACTIVE) if self.rng.random() < self._wanted.inactive_share else "20",
            unit=kind.unit,
            vat_code=kind.vat_code,
            list_price=Decimal(self.rng.randrange(199, 19_999)) / 100,
            aliases=(Alias(2, "EA13", ean13(FIRST_EAN + self._count)),),
            balances=old.balances if old else {whlo: Balance() for whlo in WAREHOUSES},
            fields=self._fields(kind, kind.names["GB"] + suffix, weight),
            names=self._names(kind, suffix),
        )

    def _fields(self, kind: Kind, name: str, weight: Decimal) -> dict[str, str]:
        return {
            "FUDS": f"{name}, {self.rng.choice(('solid', 'light', 'classic', 'new'))} make",
            "ITGR": kind.itgr,
            "ITCL": kind.itcl,
            "HIE1": kind.hierarchy[0],
            "HIE2": kind.hierarchy[1],
            "HIE3": kind.hierarchy[2],
            "ITTY": "FG1",
            "BUAR": "100",
            "CFI1": self.rng.choice(("NORD", "SUD", "OST")),
            "NEWE": str(weight),
            "GRWE": str(weight + Decimal("0.05")),
            "VOL3": str(Decimal(self.rng.randrange(1, 900)) / 10_000),
        }

    def _names(self, kind: Kind, suffix: str) -> dict[str, ItemName]:
        lncds = ("DE", "HR") if self._count % 2 else ("DE",)
        return {lncd: ItemName(kind.names[lncd] + suffix) for lncd in lncds}

    def _stock(self, item: Item) -> None:
        is_out = self.rng.random() < 0.05
        item.balances["001"].on_hand = Decimal(0 if is_out else self.rng.randrange(1, 500))
        if self.rng.random() < 0.2:
            item.balances["003"].on_hand = Decimal(self.rng.randrange(1, 100))


def _load_prices(state: State, items: list[Item], now_ms: int) -> None:
    if STANDARD_HEAD not in state.prices.lists:
        prrf, cucd, cuno, fvdt = STANDARD_HEAD
        state.prices.put_list(PriceList(prrf, cucd, fvdt, END_OF_TIME, cuno, STANDARD_LIST))
    prices = [Price(item.itno, item.list_price, item.price_quantity, item.unit) for item in items]
    state.prices.load(STANDARD_HEAD, prices, at_ms=now_ms)


def _load_campaign(state: State, items: list[Item], now_ms: int) -> None:
    if not items:
        return
    today = state.now().date()
    first, last = today.strftime("%Y%m%d"), (today + timedelta(days=CAMPAIGN_DAYS)).strftime("%Y%m%d")
    head = PriceList(CAMPAIGN_LIST, LOCAL_CURRENCY, first, last, name="Campaign")
    state.prices.put_list(head)
    state.prices.load(head.key, list(_campaign_prices(items, last)), at_ms=now_ms)


def _campaign_prices(items: list[Item], last: str) -> Iterator[Price]:
    for item in items:
        reduced = (item.list_price * CAMPAIGN_FACTOR).quantize(Decimal("0.01"))
        yield Price(item.itno, reduced, item.price_quantity, item.unit, last)
