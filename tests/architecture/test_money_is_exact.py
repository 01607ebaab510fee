"""No amount ever is a float: the whole product is walked, and every place where JSON is read or written is known."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.m3.envelope import read_envelope
from connector.woocommerce.canonical import read_json
from connector.woocommerce.models import Order, Refund, parse_order
from tests.unit.money.material import RECORDED, recorded_order_numbers

ROOT = Path(__file__).parents[2]
PRODUCT = ("connector", "workers", "webhook_receiver")
FILES = sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))

TIMES = re.compile(r"(_s|_S|seconds|deadline|until|since|pause|_at|_due|ends|renew_from|now|monotonic|sleep)$")
"""How names end that hold seconds, or a moment on a clock; those may be fractions."""

NO_AMOUNTS = {
    "connector/flows/polling.py": "the share of orders that may be gone at once",
    "connector/ledger/dispatch.py": "seconds, by pool",
    "connector/ledger/overview.py": "seconds, by pool",
    "connector/ledger/patience.py": "moments, by connection",
    "connector/m3/token.py": "the share of a token's life at which it is renewed",
    "connector/mapping/engine.py": "refuses to read one otherwise than by its text",
    "connector/mapping/loader.py": "how alike two names are",
    "connector/runtime.py": "moments until which something is remembered",
    "connector/woocommerce/canonical.py": "the shop's own double: for hashes, and on the way back to it",
    "connector/woocommerce/scalars.py": "refuses amounts that are one; percentages by their shortest text",
    "webhook_receiver/metrics.py": "seconds, by pool",
    "webhook_receiver/wsgi.py": "seconds, by pool",
    "workers/fates.py": "seconds of a wait",
}
"""Files with floats under other names, and what those are."""

READS_NO_AMOUNTS = {
    "connector/flows/catalogue/facts.py": "names of groups",
    "connector/flows/customers/values.py": "a shopper",
    "connector/flows/customers/leaving.py": "an address of our own making",
    "connector/flows/orders/dates.py": "decimals of currencies, days",
    "connector/flows/prices/pull.py": "moments",
    "connector/flows/stock/correcting.py": "our own; quantities are texts",
    "connector/ion/events.py": "names and keys",
    "connector/ion/ims.py": "names and keys",
    "connector/ion/posting.py": "an answer's reason",
    "connector/m3/catalogue.py": "signatures",
    "connector/m3/ionapi.py": "addresses and keys",
    "connector/m3/make_catalogue.py": "signatures",
    "connector/m3/token.py": "a token",
    "connector/woocommerce/canonical.py": "keys, types and hashes; amounts are read by read_json",
    "workers/notify.py": "the text of an alert",
}
"""Files that read JSON with the parser's own numbers, and what they take from it."""

WRITES_TEXTS = {
    "connector/flows/books/leaving.py": "model_dump_json",
    "connector/flows/orders/plan.py": "model_dump_json",
    "connector/flows/refunds/plan.py": "model_dump_json",
    "connector/flows/refunds/reading.py": "model_dump_json",
}
"""Files that read back what a model has just written, amounts as texts (see below)."""


@dataclass(frozen=True)
class Place:
    """A node of a file, with what stands around it."""

    node: ast.AST
    around: tuple[ast.AST, ...]  # from the inside out

    @property
    def line(self) -> int:
        """Where it is."""
        return int(getattr(self.node, "lineno", 0))


def by_path(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def places(path: Path) -> Iterator[Place]:
    def walk(node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Place]:
        yield Place(node, around)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, (node, *around))

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), ())


def is_float(node: ast.AST) -> bool:
    is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
    return is_literal or (isinstance(node, ast.Name) and node.id == "float")


def is_of_time(place: Place) -> bool:
    """Tells whether the nearest name around a float says that it is one of seconds."""
    for node in place.around:
        names = names_of(node)
        if names:
            return all(TIMES.search(name) for name in names)
    return False


def names_of(node: ast.AST) -> list[str]:
    """Returns what a node calls the value in it; nothing for a node that gives no name."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [name_of(target) for target in targets]
    if isinstance(node, ast.arg | ast.keyword):
        return [] if node.arg == "default" else [node.arg or ""]
    if isinstance(node, ast.arguments):  # a default: which parameter it belongs to is not asked
        return [one.arg for one in (*node.args, *node.kwonlyargs) if is_plainly_float(one)]
    if isinstance(node, ast.Call) and name_of(node.func) == "sleep":
        return ["sleep"]
    return [node.name] if isinstance(node, ast.FunctionDef) else []


def is_plainly_float(argument: ast.arg) -> bool:
    return argument.annotation is not None and any(is_float(node) for node in ast.walk(argument.annotation))


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def floats_in(path: Path) -> list[str]:
    return [f"line {one.line}" for one in places(path) if is_float(one.node) and not is_of_time(one)]


@pytest.mark.parametrize("path", FILES, ids=by_path)
def test_no_file_has_a_float_but_for_times(path: Path) -> None:
    if by_path(path) not in NO_AMOUNTS:
        assert floats_in(path) == []


@pytest.mark.parametrize("name", NO_AMOUNTS)
def test_every_exception_is_still_needed(name: str) -> None:
    assert floats_in(ROOT / name)


@pytest.mark.parametrize(
    "source", ["price = 0.1", "total: float", "def vat(rate: float): ...", "sum(float(x) for x in y)"]
)
def test_the_walk_finds_a_float(source: str, tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text(source, encoding="utf-8")

    assert floats_in(path)


def readers_in(path: Path) -> list[str]:
    """Returns where JSON is read into the parser's own numbers."""
    return [f"line {one.line}" for one in places(path) if isinstance(one.node, ast.Call) and reads_loosely(one.node)]


def reads_loosely(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    module, name = name_of(call.func.value), call.func.attr
    if module in ("json", "orjson") and name in ("load", "loads"):
        return not any(one.arg == "parse_float" for one in call.keywords)
    return name == "json" and not call.args and not call.keywords


@pytest.mark.parametrize("path", FILES, ids=by_path)
def test_json_is_read_into_decimals_wherever_it_may_hold_amounts(path: Path) -> None:
    if by_path(path) in READS_NO_AMOUNTS:
        return
    readers = readers_in(path)
    if by_path(path) in WRITES_TEXTS:
        assert readers and WRITES_TEXTS[by_path(path)] in path.read_text(encoding="utf-8")
        return
    assert readers == []


@pytest.mark.parametrize("name", READS_NO_AMOUNTS)
def test_every_loose_reader_is_still_there(name: str) -> None:
    assert readers_in(ROOT / name)


def test_json_of_the_shop_is_read_without_a_float() -> None:
    read = read_json(b'{"amount": 0.1, "rate": 8.875, "many": [1.10]}')

    assert read == {"amount": Decimal("0.1"), "rate": Decimal("8.875"), "many": [Decimal("1.10")]}
    assert no_float_in(read)


def test_answers_of_m3_are_read_without_a_float() -> None:
    body = b'{"results": [{"transaction": "GetOrderValue", "records": [{"TOPY": 0.1, "VTAM": "37.95", "ORVA": 1e3}]}]}'

    (item,) = read_envelope(200, body, ["GetOrderValue"])

    assert item.records == ({"TOPY": "0.1", "VTAM": "37.95", "ORVA": "1e3"},)


@pytest.mark.parametrize("model", [Order, Refund])
def test_no_field_of_what_the_shop_sends_is_a_float(model: type[Order] | type[Refund]) -> None:
    kinds = {name: str(field.annotation) for name, field in model.model_fields.items()}

    assert [name for name, kind in kinds.items() if "float" in kind] == []


@pytest.mark.parametrize("number", recorded_order_numbers())
def test_what_a_model_writes_holds_amounts_as_texts(number: int) -> None:
    (path,) = RECORDED.glob(f"{number:02d}-*.json")
    order = parse_order(json.loads(path.read_text(encoding="utf-8"))["body_raw"].encode())

    assert no_float_in(json.loads(order.model_dump_json()))


def no_float_in(value: Any) -> bool:
    if isinstance(value, dict):
        return all(no_float_in(one) for one in value.values())
    if isinstance(value, list):
        return all(no_float_in(one) for one in value)
    return not isinstance(value, float)
