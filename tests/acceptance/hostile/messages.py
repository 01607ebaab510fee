"""Messages and events of M3 as nobody should send them: cut, changed, packed, in envelopes of every kind. Used by making.py."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

from hypothesis import strategies as st

from tests.acceptance.hostile.bodies import JSON_VALUES, SCALARS
from tests.acceptance.hostile.sent import Sent, Wanted

SAMPLES = Path(__file__).parents[2] / "fixtures" / "ion"
DOCUMENTS = [path.read_bytes() for path in sorted(SAMPLES.glob("*.xml"))]
HEADER = "X-API-Key"
RIGHT_SHARE = 85  # percent
BOUNDARY = "hostile"
KINDS = ("whole", "cut off", "bytes changed", "noise", "document type", "packed", "nested deeply", "odd values", "bomb")
ADDRESSES = ("v3/multipartMessage", "v3/multipartMessage", "v2/multipartMessage", "service/v3/multipartMessage")
ODD = (
    b"",
    b" ",
    b"\xc2\xa0",
    b"-1",
    b"9" * 40,
    b"&amp;",
    b"&#0;",
    b"&#55296;",
    b"]]&gt;",
    "漢字".encode(),
    b"x" * 9000,
)
DOCTYPES = (
    b'<!DOCTYPE a [<!ENTITY b "c">]>',
    b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a">',
    b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:1/a"> %b;]>',
)


@st.composite
def messages(draw: st.DrawFn, *, store: str, api_key: str) -> Sent:
    """Draws one request to an address for M3, mostly with the right key.

    Args:
        draw: Given by Hypothesis.
        store: Whose.
        api_key: What its senders show.
    """
    is_right = draw(st.integers(0, 99)) < RIGHT_SHARE
    key = api_key if is_right else draw(st.sampled_from(["", api_key[:-1], api_key + "x", "null"]))
    if draw(st.integers(0, 3)) == 0:
        kind, path, content_type, body = "event of M3", f"/m3-events/{store}", "application/json", _event(draw)
    else:
        kind = draw(st.sampled_from(KINDS))
        document = _document(draw, kind)
        path, content_type, body = _enveloped(draw, document, store=store)
        kind = f"message of M3: {kind}"
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: test",
        "Connection: close",
        f"{HEADER}: {key}",
        f"Content-Type: {content_type}",
    )
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()
    if not is_right:
        return Sent("message of M3 without the right key", Wanted.REFUSED, head + body, is_broken_off=True)
    return Sent(kind, Wanted.TAKEN, head + body)


def _document(draw: st.DrawFn, kind: str) -> bytes:
    document = draw(st.sampled_from(DOCUMENTS))
    if kind == "cut off":
        return document[: draw(st.integers(0, len(document)))]
    if kind == "bytes changed":
        changed = bytearray(document)
        for place in draw(st.lists(st.integers(0, len(changed) - 1), min_size=1, max_size=6)):
            changed[place] = draw(st.integers(0, 255))
        return bytes(changed)
    if kind == "noise":
        return draw(st.binary(max_size=300))
    if kind == "document type":
        declaration, _, rest = document.partition(b"?>")
        return declaration + b"?>" + draw(st.sampled_from(DOCTYPES)) + rest.replace(b"<LogicalID>", b"<LogicalID>&b;")
    if kind == "packed":
        pack = draw(st.sampled_from([gzip.compress, zlib.compress, lambda text: zlib.compress(text)[2:-4]]))
        packed = pack(document)
        return packed[: draw(st.integers(0, len(packed)))] if draw(st.booleans()) else packed
    if kind == "nested deeply":
        return draw(st.sampled_from([b"<a>", b"<a b='c'>", b"<SyncItemMaster><DataArea>"])) * draw(
            st.sampled_from([50, 300, 20_000])
        )
    if kind == "odd values":
        return _with_odd_values(draw, document)
    return document if kind == "whole" else zlib.compress(b"<a>" + b" " * 60_000_000, 9)


def _with_odd_values(draw: st.DrawFn, document: bytes) -> bytes:
    for known in (b"TSHIRT-BLK-M", b"0010004567", b"7003", b"ACMEM3_TST", b"100_AAA", b"Replace", b"001"):
        if draw(st.booleans()):
            document = document.replace(known, draw(st.sampled_from(ODD)))
    return document


def _enveloped(draw: st.DrawFn, document: bytes, *, store: str) -> tuple[str, str, bytes]:
    """Returns address, content type and body."""
    fields = draw(
        st.dictionaries(
            st.sampled_from(["documentName", "messageId", "variationId", "documentId", "encoding", "Custom_a"]), SCALARS
        )
    )
    told = json.dumps({"documentName": "Sync.ItemMaster", **fields}).encode()
    if draw(st.integers(0, 5)) == 0:
        value = document.decode("utf-8", "replace")
        body = json.dumps({**fields, "document": {"value": value, "encoding": draw(SCALARS)}}).encode()
        return f"/ion/{store}/ims/v2/message", "application/json", body
    parts = [("ParameterRequest", told), ("MessagePayload", document)]
    if draw(st.integers(0, 9)) == 0:
        parts = draw(st.permutations([*parts, ("a" * draw(st.sampled_from([1, 3000])), draw(st.binary(max_size=50)))]))
    body = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content + b"\r\n"
        for name, content in parts
    )
    end = b"" if draw(st.integers(0, 19)) == 0 else f"--{BOUNDARY}--\r\n".encode()
    address = draw(st.sampled_from(ADDRESSES))
    return f"/ion/{store}/ims/{address}", f"multipart/form-data; boundary={BOUNDARY}", body + end


def _event(draw: st.DrawFn) -> bytes:
    table = draw(st.sampled_from(["MITBAL", "MITMAS", "OOHEAD", "OTHER", "", "M" * 400]))
    item = draw(st.one_of(JSON_VALUES, st.sampled_from(["A100", "A" * 400, "\u0000", "\ud800", ["A1", "A2"]])))
    content = draw(
        st.sampled_from([{"table": table, "ITNO": item}, {"table": {"ORNO": item}, "x": [{"itno": item}]}, item])
    )
    body = json.dumps(content).encode()
    return body if draw(st.integers(0, 9)) else body[: draw(st.integers(0, len(body)))]
