"""When the shop is compared with M3's books each day: `reconcile` of a store file. Read by config.py."""

from __future__ import annotations

from datetime import time

from pydantic import Field

from connector.publishing.strict import Strict
from connector.publishing.times import Clock


class ReconcileConfig(Strict):
    """Orders, refunds and postings are compared once a day; without this part of the file only by hand."""

    at: Clock = time(5, 0)  # by the clock of m3.timezone
    days: int = Field(default=7, ge=1, le=60)  # whole days before this one, each compared anew
