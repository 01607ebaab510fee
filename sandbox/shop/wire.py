"""How the shop puts values on the wire: JSON as PHP writes it, amounts, cut-down fields; called by all rendering."""

import json
import re
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, TypeAlias

JSONDict: TypeAlias = dict[str, Any]

CENT = Decimal("0.01")
_SIX = Decimal("0.000001")
_ADDED_LAST = ("stock_status", "has_options", "post_password", "global_unique_id", "_links")


def encode(value: object) -> bytes:
    """Encode as PHP's json_encode does: ASCII, compact, every slash escaped."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("/", "\\/").encode("ascii")


def fixed(amount: Decimal, places: int = 2) -> str:
    """Format an amount with a fixed number of decimals (rounded half up, as `wc_format_decimal` does)."""
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def plain(amount: Decimal) -> str:
    """Format an amount without trailing zeros, as WooCommerce stores `taxes[].total`."""
    text = f"{amount:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def number(amount: Decimal) -> int | float:
    """Turn a value into the JSON number PHP writes: no decimals if it is whole, else the shortest float."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def unit_price(total: Decimal, quantity: int) -> int | float:
    """Divide as PHP does, in binary floats: the dust in `line_items[].price` is part of what a client sees."""
    if not quantity:
        return 0
    price = float(total) / quantity
    return int(price) if price.is_integer() else price


def six(amount: Decimal) -> Decimal:
    """Round a tax to the six decimals WooCommerce keeps."""
    return amount.quantize(_SIX, ROUND_HALF_UP)


def cents_half_up(amount: Decimal) -> Decimal:
    """Round to cents, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def cents_half_down(amount: Decimal) -> Decimal:
    """Round to cents, halves towards zero (taxes of a shop whose prices include tax)."""
    return amount.quantize(CENT, ROUND_HALF_DOWN)


def floor_int(value: Decimal) -> int:
    """Cut to a whole number of cents, as the percent coupon does per line."""
    return int(value.to_integral_value(ROUND_DOWN))


def clean_decimal(text: str) -> str:
    """Read a price as `wc_format_decimal` does: every character but digits, the last dot and minus is dropped.

    Source: observed; `12,50` becomes `1250`, `1e3` becomes `13`, `abc` becomes empty.
    """
    return re.sub(r"\.(?![^.]+$)|[^0-9.\-]", "", text)


def to_decimal(value: object) -> Decimal:
    """Read an amount sent by a client; what is no number counts as zero, as in PHP."""
    try:
        return Decimal(clean_decimal(str(value)) or "0")
    except InvalidOperation:
        return Decimal(0)


def to_int(value: object) -> int:
    """Read a whole number as PHP's intval does: leading digits, else 0."""
    if isinstance(value, (int, float)):
        return int(value)
    found = re.match(r"\s*[-+]?\d+", str(value))
    return int(found.group()) if found else 0


def html_name(text: str) -> str:
    """Encode a product name as WordPress stores it: bare ampersands become entities, tags survive."""
    return re.sub(r"&(?!#?\w+;)", "&amp;", text)


def pick_fields(resource: JSONDict, wanted: list[str], *, keep_links: bool, as_asked: bool = False) -> JSONDict:
    """Cut a resource down to `_fields`; an answer with a single resource keeps `_links`, a list does not.

    Args:
        wanted: names, dots for nested ones.
        as_asked: products put most fields into the order they were asked in.
    """
    if keep_links and "_links" in resource:
        wanted = [*wanted, "_links"]
    if as_asked:
        first = [name for name in wanted if name in resource and name not in _ADDED_LAST]
        resource = {**{name: resource[name] for name in first}, **resource}
    heads = {name.partition(".")[0] for name in wanted}
    return {key: _pick(key, value, wanted) for key, value in resource.items() if key in heads}


def _pick(key: str, value: Any, wanted: list[str]) -> Any:
    below = [name[len(key) + 1 :] for name in wanted if name.startswith(key + ".")]
    if key in wanted or not below or not isinstance(value, dict):
        return value
    heads = {name.partition(".")[0] for name in below}
    return {k: _pick(k, v, below) for k, v in value.items() if k in heads}
