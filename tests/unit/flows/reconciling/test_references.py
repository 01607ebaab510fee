"""What a YREF of M3 says of the shop."""

from __future__ import annotations

import pytest

from connector.flows.reconciling.references import Reference, read_reference


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("w1-54-1795311984", Reference("w1", False, 54, 1795311984)),
        ("w1-R71-1795311984", Reference("w1", True, 71, 1795311984)),
        ("w1-guest", None),
        ("Mrs Novak", None),
        ("W1-54-1795311984", None),
        ("w1-054-1795311984", None),
        ("", None),
    ],
)
def test_references_of_a_connector_are_read_and_no_others(text: str, said: Reference | None) -> None:
    assert read_reference(text) == said
