"""Keep no digest of a single field of somebody who was erased: a telephone number is soon guessed by its own."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"

NOBODYS = "('lines and amounts', 'time it was placed')"


def upgrade() -> None:
    """Takes them out of what is kept of discarded orders one of whose deliveries was forgotten; a purge removes whole rows."""
    for name in ("accepted", "shown"):
        op.execute(
            f"UPDATE discard k SET {name} = jsonb_set({name}, '{{parts}}', ("
            f" SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each({name} -> 'parts') WHERE key IN {NOBODYS}))"
            " FROM exchange e WHERE e.id = k.exchange_id AND e.flow = 'orders_to_m3'"
            f" AND jsonb_typeof({name} -> 'parts') = 'object' AND EXISTS (SELECT FROM delivery d"
            " WHERE d.exchange_id = e.id AND d.body IS NULL AND d.headers = '{}')"
        )
