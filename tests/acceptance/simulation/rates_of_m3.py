"""Exchange rates as people enter them in M3, one a day, and what they make of amounts. Used by rates.py, rest.py and the books.

The rate of a day is the same whenever it is entered, so that what is posted tells of which day its rate was.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from tests.acceptance.simulation.invoices_history import PREPAYMENT, Sums
from tests.acceptance.simulation.virtual_time import START
from tests.acceptance.simulation.world import M3, World

ZONE = ZoneInfo("Europe/Zagreb")
LOCAL, FOREIGN = "EUR", "USD"
CENT = Decimal("0.01")
FIRST_RATE, STEP = Decimal("0.8"), Decimal("0.0125")
"""So far apart that no order is worth the same on two days."""


def rate_of(day: date) -> Decimal:
    """Returns what a dollar is worth on a day."""
    return FIRST_RATE + STEP * (day - START.astimezone(ZONE).date()).days


def day_of(moment: datetime) -> date:
    """Returns the day of the division at a moment."""
    return moment.astimezone(ZONE).date()


def days_of(world: World, further: int = 0) -> list[date]:
    """Returns the days there were so far, and further ones."""
    first = day_of(START)
    count = (day_of(world.clock.now()) - first).days + 1 + further
    return [first + timedelta(days=number) for number in range(count)]


def enter_rates(world: World, days: Iterable[date]) -> None:
    """Does what a person does in CRS058."""
    rows = [{"cucd": FOREIGN, "cutd": f"{day:%Y%m%d}", "arat": str(rate_of(day))} for day in days]
    world.control(M3, "rates", content=rows)


def is_worth(posted: Sums, stated: Sums, currency: str, *, at: datetime) -> bool:
    """Tells whether a voucher is what the shop states, by the rate of a moment's day: the whole to the cent, its parts as the
    cents of it fall.
    """
    if currency == LOCAL:
        return posted == stated
    rate = rate_of(day_of(at))
    expected = {account: (amount * rate).quantize(CENT, ROUND_HALF_UP) for account, amount in stated.items()}
    is_near = all(abs(posted.get(account, Decimal(0)) - amount) <= CENT for account, amount in expected.items())
    return posted.keys() == expected.keys() and posted[PREPAYMENT] == expected[PREPAYMENT] and is_near
