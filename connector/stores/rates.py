"""Which exchange rates of M3 a store needs, and when they are read: `rates` of a store file. Read by config.py."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from connector.publishing.strict import Strict
from connector.publishing.times import Clock

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class RatesConfig(Strict):
    """Exchange rates are read once a day; without this part of the file nobody asks for any."""

    at: Clock = time(6, 0)  # by the clock of m3.timezone
    types: tuple[Annotated[int, Field(ge=1, le=99)], ...] = (1,)  # CRTP of CRS055
    currencies: tuple[Currency, ...] = Field(min_length=1)  # CUCD, those that are not the division's own
    oldest_days: int = Field(default=4, ge=0, le=31)  # a rate may be so old: none is set at a weekend
    # RAFA -> for how many units of the currency a rate of that factor is stated. The published signature does not say which
    # number means what; a rate with a factor that is not listed is refused where it is used, never guessed.
    factors: dict[Annotated[int, Field(ge=0, le=9)], Decimal] = Field(default={0: Decimal(1), 1: Decimal(1)})
