"""Reads the Retry-After header of a 429 or 503; used by both clients."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 3600.0


def retry_after_s(header: str | None, *, default_s: float = 5.0) -> float:
    """Returns how long to wait, between 0 and an hour.

    Args:
        header: Seconds or an HTTP date (RFC 9110, 10.2.3); None or unreadable gives `default_s`.
        default_s: Used where the other side names no time.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_S)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return default_s
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_S)
