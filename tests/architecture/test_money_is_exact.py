"""No amount ever is a float: walked through the code, and shown at the JSON boundary."""

from __future__ import annotations

import ast
from decimal import Decimal
from pathlib import Path

import pytest

from connector.woocommerce.canonical import read_json
from connector.woocommerce.models import Order

ROOT = Path(__file__).parents[2] / "connector"
MONEY = (
    *sorted((ROOT / "money").rglob("*.py")),
    *sorted((ROOT / "accounting").rglob("*.py")),
    *sorted((ROOT / "flows" / "books").rglob("*.py")),
    *sorted((ROOT / "m3" / "programs").rglob("*.py")),
    *(ROOT / path for path in ("m3/values.py", "flows/payments_to_m3.py", "flows/orders/plan.py")),
    *(ROOT / path for path in ("flows/orders/proving.py", "woocommerce/models.py", "woocommerce/lines.py")),
)
TIMES = ("_s", "_S")
"""Endings of names that hold seconds; those may be fractions."""


@pytest.mark.parametrize("path", MONEY, ids=lambda path: str(path.relative_to(ROOT)))
def test_money_path_has_no_float(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seconds = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign) and _times(node)
    }
    found = [
        f"line {node.lineno}"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float) and id(node) not in seconds)
        or (isinstance(node, ast.Name) and node.id == "float")
    ]

    assert found == []


def _times(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(one, ast.Name) and one.id.endswith(TIMES) for one in targets)


def test_json_of_the_shop_is_read_without_a_float() -> None:
    read = read_json(b'{"amount": 0.1, "rate": 8.875, "many": [1.10]}')

    assert read == {"amount": Decimal("0.1"), "rate": Decimal("8.875"), "many": [Decimal("1.10")]}


def test_no_field_of_an_order_is_a_float() -> None:
    kinds = {name: str(field.annotation) for name, field in Order.model_fields.items()}

    assert [name for name, kind in kinds.items() if "float" in kind] == []
