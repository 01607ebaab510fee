"""A store whose payments go to the ledger."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.books.counting_house import CountingHouse


@pytest.fixture
def house(connector: Connector) -> CountingHouse:
    """A world with a ledger."""
    return CountingHouse(connector)
