"""The story of one order, for the tests of the flows."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.story import Story


@pytest.fixture
def story(connector: Connector) -> Story:
    """A world whose buyers become customers of their own."""
    return Story(connector)


@pytest.fixture
def common(connector: Connector) -> Story:
    """A world in which all guests of an area are one customer of M3."""
    return Story(connector, guests="common")
