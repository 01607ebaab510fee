"""A store that publishes items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.flows.catalogue.assortment import Assortment

STYLES: dict[str, Any] = {"variations": {"by": "style"}, "categories": ["HIE1", "HIE2", "HIE3"]}


@pytest.fixture
def assortment(connector: Connector) -> Assortment:
    """A store that publishes every item, variations by style, categories by hierarchy."""
    return Assortment(connector, **STYLES)
