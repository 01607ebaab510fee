"""One till over both sandboxes."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.money.till import Till


@pytest.fixture
def till(connector: Connector) -> Till:
    """A shop that sells in EUR, USD and JPY."""
    return Till(connector)
