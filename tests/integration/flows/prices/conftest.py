"""A store that publishes prices."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.prices.shelf import Shelf


@pytest.fixture
def shelf(connector: Connector) -> Shelf:
    """A store whose sale prices are the shop's own."""
    return Shelf(connector)


@pytest.fixture
def campaign(connector: Connector) -> Shelf:
    """A store whose sale prices come from a campaign list."""
    return Shelf(connector, campaign_list="WEB-SALE")
