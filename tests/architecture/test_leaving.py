"""What makes an exchange due is put together in few places: a flow that leaves one for another says what, not how."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = {
    "connector/ledger/leaving.py",  # what flows, polls and the command line leave
    "connector/flows/polling.py",  # rows of a list of the shop
    "connector/flows/event_intake.py",  # messages of M3
    "webhook_receiver/intake.py",  # deliveries of the shop
}


def test_nobody_else_puts_together_what_makes_an_exchange_due() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("connector", "workers", "webhook_receiver")
        for path in (ROOT / folder).rglob("*.py")
        if any(_makes_received(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    }

    assert found == PLACES


def _makes_received(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Received"
