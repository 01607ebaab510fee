"""How a flow ends well. Everything else is an exception of connector/errors.py; workers/base.py turns both into fates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Done:
    """The fact is carried across, or there is nothing to do and `reason` says why.

    `fingerprint` is that of the fields the other side is now known to hold; None leaves the old one. `code` is the reason code the
    exchange is settled with.
    """

    reason: str = ""
    fingerprint: str | None = None
    code: str = ""
