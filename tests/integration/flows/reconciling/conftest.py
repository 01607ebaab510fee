"""A store with a person at M3."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.books.counting_house import paying
from tests.integration.flows.reconciling.clerk import Clerk


@pytest.fixture(params=["common", "per_email"])
def clerk(connector: Connector, request: pytest.FixtureRequest) -> Clerk:
    """The shop's guests are one customer of M3, or each one of their own."""
    return _new(connector, guests=request.param)


@pytest.fixture
def shared(connector: Connector) -> Clerk:
    """The shop's guests are one customer of M3."""
    return _new(connector, guests="common")


@pytest.fixture
def payer(connector: Connector) -> Clerk:
    """A store whose payments go to the ledger."""
    clerk = Clerk(connector, guests="common")
    connector.configure(paying())
    return clerk


def _new(connector: Connector, *, guests: str) -> Clerk:
    clerk = Clerk(connector, guests=guests)
    clerk.start_anew()
    clerk.end_faults()
    connector.forget()
    return clerk
