"""The story of a shop's stock, and of a warehouse whose orders are invoices."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.stock.stock_story import StockStory
from tests.integration.flows.stock.warehouse import Warehouse


@pytest.fixture
def story(connector: Connector) -> StockStory:
    """A store that shows the stock of its own warehouse, nothing kept back."""
    return StockStory(connector)


@pytest.fixture
def house(connector: Connector) -> Warehouse:
    """A store that books the units of its direct invoices out of M3's stock."""
    return Warehouse(connector)
