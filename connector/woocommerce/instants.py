"""Reads and writes the shop's time stamps; used by the models, the webhook reader and the client's polls."""

from __future__ import annotations

from datetime import UTC, datetime


def read_instant(value: object) -> datetime:
    """Reads a `_gmt` stamp: UTC in whole seconds without a Z.

    Raises:
        ValueError: It is no time stamp.
    """
    if not isinstance(value, str):
        raise ValueError("no time; expected YYYY-MM-DDTHH:MM:SS in UTC")
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("no time; expected YYYY-MM-DDTHH:MM:SS in UTC") from None


def write_instant(moment: datetime) -> str:
    """Writes `moment` (aware) as the lists want it together with `dates_are_gmt=true`: UTC and **no** Z.

    With both a Z and `dates_are_gmt` the shop shifts the bound by its own zone and changes are missed.
    Source: behaviour.md section 3, observed on WooCommerce 9.9.5.
    """
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()
