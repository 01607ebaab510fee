"""The world of a story, with one installation at its beginning."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.stories.world import World
from tests.harness import Connector


@pytest.fixture
def world(connector: Connector) -> Iterator[World]:
    """A world whose guests become customers of their own."""
    yield World(connector)


@pytest.fixture
def common(connector: Connector) -> World:
    """A world in which all guests of an area are one customer of M3."""
    return World(connector, guests="common")
