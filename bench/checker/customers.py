"""Finds shoppers whom M3 has as two customers; called by judge.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def doubled_customers(customers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields a sentence for each e-mail address or search key that two customers made by calls share.

    Args:
        customers: The `customers` of M3's book.
    """
    yield from _doubled("e-mail address", {one["cuno"]: _address(one) for one in customers})
    yield from _doubled("search key", {one["cuno"]: str(one["fields"].get("ALCU", "")) for one in customers})


def _address(customer: Mapping[str, Any]) -> str:
    return str(customer["fields"].get("MAIL", "")).strip().casefold()


def _doubled(what: str, values: Mapping[str, str]) -> Iterator[str]:
    owners: dict[str, list[str]] = {}
    for number, value in values.items():
        if value:
            owners.setdefault(value, []).append(number)
    for numbers in owners.values():
        if len(numbers) > 1:
            yield f"customers {', '.join(sorted(numbers))} have the same {what}"
