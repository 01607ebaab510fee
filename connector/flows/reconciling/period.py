"""The days a reconciliation is about: civil days in the division's zone, for M3 keeps dates and no times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both included."""

    first: date
    last: date
    zone: tzinfo

    @property
    def begins_at(self) -> datetime:
        """The first moment of it, in UTC."""
        return datetime.combine(self.first, time(), tzinfo=self.zone).astimezone(UTC)

    def day_of(self, moment: datetime) -> date:
        """Returns the day a moment belongs to."""
        return moment.astimezone(self.zone).date()

    def has_day(self, day: date | None) -> bool:
        """Tells whether it is one of the days; None is not."""
        return day is not None and self.first <= day <= self.last

    def holds(self, moment: datetime | None) -> bool:
        """Tells whether a moment lies in it; None does not."""
        return moment is not None and self.has_day(self.day_of(moment))

    def days(self) -> Iterator[date]:
        """Yields each day."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + number * DAY
