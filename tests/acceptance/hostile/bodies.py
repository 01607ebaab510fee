"""Bodies of every kind a sender may come up with: cut, mutated, huge, deep, wrongly encoded. Used by making.py."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.acceptance.hostile.absurd import absurd_orders
from tests.acceptance.hostile.sent import Known

KEPT_BYTES = 5 * 1024 * 1024
FEW_IDS = st.integers(1, 400)  # so that many bodies speak of the same orders
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["\ud800", "\x00", "NaN"]),
)
JSON_VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
WRONG_VALUES = st.one_of(
    JSON_VALUES, st.sampled_from([10**30, -1, 1e308, [[]], {}, "", "0", {"0": {}}, [None], "9" * 5000, True])
)

Body = Callable[[st.DrawFn, Known], bytes]


def _whole(draw: st.DrawFn, known: Known) -> bytes:
    return known.any_body(draw)


def _cut(draw: st.DrawFn, known: Known) -> bytes:
    body = known.any_body(draw)
    return body[: draw(st.integers(0, len(body)))]


def _flipped(draw: st.DrawFn, known: Known) -> bytes:
    body = bytearray(known.any_body(draw))
    for place in draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=8)):
        body[place] = draw(st.integers(0, 255))
    return bytes(body)


def _noise(draw: st.DrawFn, _known: Known) -> bytes:
    return draw(st.binary(max_size=300))


def _any_json(draw: st.DrawFn, _known: Known) -> bytes:
    return json.dumps(draw(JSON_VALUES)).encode()


def _deep(draw: st.DrawFn, _known: Known) -> bytes:
    opening = draw(st.sampled_from([b"[", b'{"a":', b'{"id":1,"a":[', b'[{"id":']))
    return opening * draw(st.sampled_from([50, 900, 1100, 20_000, 200_000]))


def _encoded(draw: st.DrawFn, known: Known) -> bytes:
    text = known.any_body(draw).decode("utf-8", "replace") + draw(st.sampled_from(["", "é", "€", "漢字"]))
    encoding = draw(st.sampled_from(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp037", "utf-7"]))
    return text.encode(encoding, "replace")


def _nul(draw: st.DrawFn, known: Known) -> bytes:
    order = _object(draw, known)
    order[draw(st.sampled_from(["status", "number", "currency", "\x00", "customer_note"]))] = "a\x00b"
    body = json.dumps(order).encode()
    return body + b"\x00" if draw(st.booleans()) else body


def _half_characters(draw: st.DrawFn, known: Known) -> bytes:
    order = _object(draw, known)
    order["billing"] = {"first_name": "\ud83d", "last_name": "\udca9", "email": "\udfff@example.com"}
    return json.dumps(order).encode()


def _giant_number(draw: st.DrawFn, known: Known) -> bytes:
    number = draw(
        st.sampled_from(["9" * 1_000_000, "-" + "1" * 5000, "1e999999999", "0." + "3" * 100_000, "1E-400000", "-0"])
    )
    field = draw(st.sampled_from(["id", "total", "customer_id", "meta_data"]))
    return _with_raw(draw, known, field, number)


def _no_number(draw: st.DrawFn, known: Known) -> bytes:
    field = draw(st.sampled_from(["id", "total", "line_items", "date_modified_gmt"]))
    return _with_raw(
        draw, known, field, draw(st.sampled_from(["NaN", "Infinity", "-Infinity", "nan", "undefined", "0x10"]))
    )


def _doubled_keys(draw: st.DrawFn, known: Known) -> bytes:
    body = json.dumps(_object(draw, known)).encode()
    return b'{"id":%d,"id":null,"total":"1",' % draw(FEW_IDS) + body[1:-1] + b',"id":%d}' % draw(FEW_IDS)


def _wrong_type(draw: st.DrawFn, known: Known) -> bytes:
    order = _object(draw, known)
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = order
        while True:
            key = draw(st.sampled_from(_keys(holder)))
            if not (isinstance(holder[key], dict | list) and holder[key] and draw(st.booleans())):
                break
            holder = holder[key]
        holder[key] = copy.deepcopy(draw(WRONG_VALUES))
    return json.dumps(order).encode()


def _absurd(draw: st.DrawFn, known: Known) -> bytes:
    return draw(absurd_orders(known))


def _huge(draw: st.DrawFn, known: Known) -> bytes:
    size = draw(st.sampled_from([KEPT_BYTES - 1, KEPT_BYTES, KEPT_BYTES + 1, 6 * 1024 * 1024, 9 * 1024 * 1024]))
    start = json.dumps(_object(draw, known)).encode()[:-1] + b',"x":"'
    return start + b"y" * (size - len(start) - 2) + b'"}'


def _bomb(draw: st.DrawFn, known: Known) -> bytes:
    return gzip.compress(known.any_body(draw) + b" " * 20_000_000, compresslevel=1)


def _error_object(draw: st.DrawFn, _known: Known) -> bytes:
    code = draw(st.sampled_from(["woocommerce_rest_shop_order_invalid_id", "\x1b[31m", "", "a" * 3000]))
    return json.dumps({"code": code, "message": "Invalid ID.", "data": {"status": 404}}).encode()


def _form(draw: st.DrawFn, _known: Known) -> bytes:
    return draw(st.sampled_from([b"webhook_id=7", b"", b"a=b&a=c", b"webhook_id=" + b"9" * 400]))


ABSURD = "valid and absurd"
BODIES: dict[str, tuple[int, Body]] = {
    "recorded": (8, _whole),
    "cut off": (8, _cut),
    "bytes changed": (10, _flipped),
    "noise": (6, _noise),
    "any JSON": (10, _any_json),
    "nested deeply": (2, _deep),
    "another encoding": (6, _encoded),
    "NUL": (5, _nul),
    "half a character": (4, _half_characters),
    "giant number": (2, _giant_number),
    "NaN, Infinity": (4, _no_number),
    "keys twice": (5, _doubled_keys),
    "another type": (14, _wrong_type),
    ABSURD: (10, _absurd),
    "error object, form, empty": (4, lambda draw, known: draw(st.sampled_from([_error_object, _form]))(draw, known)),
    "compressed bomb": (1, _bomb),
}
"""Kind -> share and how it is made."""

HUGE = ("over 5 MB", _huge)
"""Rare, since each takes as long as a hundred others."""


def _object(draw: st.DrawFn, known: Known) -> dict[str, Any]:
    content = json.loads(known.any_body(draw))
    return {**content, "id": draw(FEW_IDS)} if isinstance(content, dict) else {"id": draw(FEW_IDS)}


def _with_raw(draw: st.DrawFn, known: Known, field: str, raw: str) -> bytes:
    order = {**_object(draw, known), field: "@@"}
    return json.dumps(order).encode().replace(b'"@@"', raw.encode(), 1)


def _keys(holder: Any) -> list[Any]:
    return list(holder) if isinstance(holder, dict) else list(range(len(holder)))
