"""One message on its way out of M3, BOD or table event; `announcer` makes it, `outbox` keeps it, `courier` sends it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    """What is sent: `name` is the document (`Sync.ItemMaster`) or the table (`MITBAL`)."""

    name: str
    message_id: str
    parameters: dict[str, Any] | None
    """The ParameterRequest of a BOD; None for a table event."""
    payload: bytes
    tries: int = 0
    first_sent_s: float = 0.0

    @property
    def is_bod(self) -> bool:
        """Tell a BOD from a table event."""
        return self.parameters is not None
