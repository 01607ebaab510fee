"""Finds shoppers whom M3 has as two customers; called by judge.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def doubled_customers(customers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a sentence for each shopper that two customers made by calls stand for.

    Two customers with one e-mail address are one shopper; with one search key they are, unless both have an address of
    their own (a shop that was restored gives a customer's id to somebody else).

    Args:
        customers: The `customers` of M3's book.
    """
    addresses = {one["cuno"]: _address(one) for one in customers}
    for numbers in _sharing(addresses):
        yield f"customers {', '.join(numbers)} have the same e-mail address"
    for numbers in _sharing({one["cuno"]: str(one["fields"].get("ALCU", "")) for one in customers}):
        if not all(addresses[number] for number in numbers):
            yield f"customers {', '.join(numbers)} have the same search key"


def _address(customer: Mapping[str, Any]) -> str:
    return str(customer["fields"].get("MAIL", "")).strip().casefold()


def _sharing(values: Mapping[str, str]) -> Iterator[list[str]]:
    """Yields the numbers that have a value, not empty, in common."""
    owners: dict[str, list[str]] = {}
    for number, value in values.items():
        if value:
            owners.setdefault(value, []).append(number)
    yield from (sorted(numbers) for numbers in owners.values() if len(numbers) > 1)
