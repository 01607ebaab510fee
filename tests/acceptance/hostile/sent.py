"""What is sent to the receiver and what must become of it; made by making.py, judged by judging.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from hypothesis import strategies as st


class Wanted(Enum):
    """What the receiver must do."""

    STORED = "200, one row"  # signed over exactly these bytes: whatever they are
    PING = "200, no row"
    REFUSED = "4xx or closed, no row"
    TAKEN = "202 with one row, or 400 or 413 without"  # a message of M3, whatever it holds


@dataclass(frozen=True, repr=False)
class Known:
    """Bodies as a shop sends them, and those of them that are orders. Too long to be shown."""

    bodies: tuple[bytes, ...]
    orders: tuple[bytes, ...]

    def any_body(self, draw: st.DrawFn) -> bytes:
        """Draws one of all bodies."""
        return self.bodies[draw(st.integers(0, len(self.bodies) - 1))]

    def any_order(self, draw: st.DrawFn) -> bytes:
        """Draws one of the orders."""
        return self.orders[draw(st.integers(0, len(self.orders) - 1))]


@dataclass(frozen=True)
class Sent:
    """Bytes for a socket.

    Attributes:
        kind: Its line in the table.
        wanted: What must become of it.
        request: Everything that is sent, head and body.
        body: The body as signed; its hash must be in the row.
        is_broken_off: The sender stops sending after it, so that nobody waits for the rest.
    """

    kind: str
    wanted: Wanted
    request: bytes = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    is_broken_off: bool = False
