"""Reads what the ledger keeps as JSON (plans, places, messages of our own) field by field. Called by the flows that kept it.

In a rolling restart a worker meets what a newer version has kept: what it has no field for is left alone (docs/architecture.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol


class _Fields(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def known(kind: type[_Fields], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is kept of the fields a dataclass has."""
    return {one.name: kept[one.name] for one in fields(kind) if one.name in kept}
