"""The order the tests of this folder change."""

from __future__ import annotations

import pytest

from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.story import Story


@pytest.fixture
def desk(common: Story) -> Desk:
    """An order that M3 has."""
    return Desk(common)
