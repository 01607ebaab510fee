"""`connector check` finds what would make every price wrong, before one is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.prices.shelf import Shelf


def _found(run_store: Run, name: str) -> dict[str, Any]:
    findings: dict[str, dict[str, Any]] = {one["name"]: one for one in run_store("check", "--json").data}
    return findings[name]


def test_prices_that_fit_the_shop_are_well(connector: Connector, run_store: Run) -> None:
    Shelf(connector)

    findings = {one["name"]: one["level"] for one in run_store("check", "--json").data}

    assert {findings[name] for name in ("price currency", "price tax", "price list")} == {"ok"}


@pytest.mark.parametrize(
    ("published", "name", "words"),
    [
        ({"currency": "USD"}, "price currency", "sells in EUR"),
        ({"shop_includes_tax": True}, "price tax", "entered without tax"),
        ({"price_list": "NONE"}, "prices", "no price list NONE"),
        ({"list_includes_tax": True}, "price tax rates", "names no tax rates"),
    ],
)
def test_what_would_make_prices_wrong_fails(
    connector: Connector, run_store: Run, published: dict[str, Any], name: str, words: str
) -> None:
    Shelf(connector, **published)

    found = _found(run_store, name)

    assert found["level"] == "fail"
    assert words in found["message"]
