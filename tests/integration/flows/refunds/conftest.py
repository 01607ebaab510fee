"""One refund desk for the tests of this folder: both sandboxes, one order at a time."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.reconciling.clerk import Clerk
from tests.integration.flows.refunds.desk import Desk


@pytest.fixture
def desk(connector: Connector) -> Desk:
    desk = Desk(connector, guests="common")
    desk.start_anew()
    desk.end_faults()
    connector.forget()
    return desk


@pytest.fixture
def clerk(connector: Connector) -> Clerk:
    clerk = Clerk(connector, guests="common")
    clerk.start_anew()
    clerk.end_faults()
    connector.forget()
    return clerk
