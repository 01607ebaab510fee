"""The story of a shop's stock."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.stock.stock_story import StockStory


@pytest.fixture
def story(connector: Connector) -> StockStory:
    """A store that shows the stock of its own warehouse, nothing kept back."""
    return StockStory(connector)
