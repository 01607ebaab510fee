"""Site time of the sandbox shop (UTC+1) and the date filters of its lists; called by rendering and by the lists."""

import re
from datetime import UTC, datetime, timedelta, timezone

SITE_TIME = timezone(timedelta(hours=1))
"""The recorded shop stood at UTC+1; a fixed offset keeps runs repeatable all year."""

_STAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?")


def now_utc() -> datetime:
    """Return the present time in whole seconds, aware UTC."""
    return datetime.now(UTC).replace(microsecond=0)


def site(moment: datetime | None) -> str | None:
    """Format a moment as site time without offset, as `date_created` has it."""
    return moment.astimezone(SITE_TIME).strftime("%Y-%m-%dT%H:%M:%S") if moment else None


def gmt(moment: datetime | None) -> str | None:
    """Format a moment as UTC without `Z`, as `date_created_gmt` has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if moment else None


def is_stamp(text: str) -> bool:
    """Say whether WordPress would take the text for a date."""
    return parse_stamp(text) is not None


def parse_stamp(text: str) -> datetime | None:
    """Read a date of a query; aware if it carries `Z` or an offset, naive otherwise, None if it is no date."""
    if not _STAMP.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper().replace(" ", "T"))
    except ValueError:
        return None


def is_after(moment: datetime, bound: str, *, dates_are_gmt: bool) -> bool:
    """Say whether a moment lies after the bound of `after` or `modified_after` (exclusive, whole seconds)."""
    return _column(moment, dates_are_gmt) > _bound(bound)


def is_before(moment: datetime, bound: str, *, dates_are_gmt: bool) -> bool:
    """Say whether a moment lies before the bound of `before` or `modified_before` (exclusive)."""
    return _column(moment, dates_are_gmt) < _bound(bound)


def _column(moment: datetime, dates_are_gmt: bool) -> datetime:
    zone = UTC if dates_are_gmt else SITE_TIME
    return moment.astimezone(zone).replace(tzinfo=None)


def _bound(text: str) -> datetime:
    """Turn a stamp into the naive time WooCommerce compares with.

    A stamp with `Z` or offset is turned into *site* time first, even if the GMT column is compared: that is the
    recorded fault that makes `...Z` with `dates_are_gmt=true` an hour late.
    """
    stamp = parse_stamp(text)
    if stamp is None:
        raise ValueError("the stamp was not validated before it was used")
    if stamp.tzinfo is not None:
        stamp = stamp.astimezone(SITE_TIME).replace(tzinfo=None)
    return stamp.replace(microsecond=0)
