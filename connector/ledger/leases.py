"""How long an exchange belongs to the worker that claimed it. Used by the claim, the journal and the heartbeat.

A lease is renewed by every commit of its run and, beside it, by the heartbeat thread of its process.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from connector.errors import NotYetError
from connector.ledger.session import transaction

LEASE_S = 45
FRESH_LEASE_S = 20
"""A write is not sent if the lease was last renewed longer ago than this."""


@dataclass
class Lease:
    """Shared between a run and the process's heartbeat thread. Monotonic seconds of this process."""

    renewed_at_s: float = field(default_factory=time.monotonic)
    is_lost: bool = False

    def require_fresh(self) -> None:
        """Lets a write pass only while the lease is surely ours.

        Raises:
            NotYetError: The last renewal is too old; the write was not sent.
        """
        if self.is_lost or time.monotonic() - self.renewed_at_s >= FRESH_LEASE_S:
            raise NotYetError(
                "The lease of this run was not renewed in time, so nothing was sent.",
                resolution="Nothing to do: the exchange is run again.",
            )


_RENEW = text("""
UPDATE exchange SET lease_until = ledger_now() + make_interval(secs => :lease_s)
WHERE id = :id AND claim_no = :claim_no AND state = 'running'
""")


def renew(engine: Engine, exchange_id: int, *, claim_no: int) -> bool:
    """Lengthens the lease of a claim in a transaction of its own, beside the run's; False means that it is no longer ours."""
    values = {"id": exchange_id, "claim_no": claim_no, "lease_s": LEASE_S}
    with transaction(engine) as connection:
        return connection.execute(_RENEW, values).rowcount == 1
