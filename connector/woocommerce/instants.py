"""Reads and writes the shop's time stamps; used by the models, the webhook reader and the client's polls."""

from __future__ import annotations

from datetime import UTC, datetime

YEARS = range(1970, 3000)
"""Others are no time of a shop; and near year 1 or 9999 a time zone may lead out of what a date can be."""


def read_instant(value: object) -> datetime:
    """Reads a `_gmt` stamp: UTC in whole seconds without a Z.

    Raises:
        ValueError: It is no time stamp.
    """
    if not isinstance(value, str):
        raise ValueError("no time; expected YYYY-MM-DDTHH:MM:SS in UTC")
    try:
        parsed = datetime.fromisoformat(value)
        instant = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("no time; expected YYYY-MM-DDTHH:MM:SS in UTC") from None
    if instant.year not in YEARS:
        raise ValueError(f"no time of a shop; expected a year from {YEARS[0]} to {YEARS[-1]}")
    return instant


def write_instant(moment: datetime) -> str:
    """Writes `moment` (aware) as the lists want it together with `dates_are_gmt=true`: UTC and **no** Z.

    With both a Z and `dates_are_gmt` the shop shifts the bound by its own zone and changes are missed.
    Source: behaviour.md section 3, observed on WooCommerce 9.9.5.
    """
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()
