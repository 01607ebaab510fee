"""What is told to whom, and how badly it travels: the body of POST /_control/events; `control_events` reads it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
DocumentName = Literal[
    "Sync.ItemMaster",
    "Sync.InventoryCount",
    "Sync.PriceList",
    "Sync.SalesOrder",
    "Sync.Shipment",
    "Sync.Invoice",
    "Sync.CustomerPartyMaster",
]
TableName = Literal["MITMAS", "MITBAL", "OPRBAS", "OOHEAD", "OCUSMA"]
ALL_DOCUMENTS: tuple[DocumentName, ...] = (
    "Sync.ItemMaster",
    "Sync.InventoryCount",
    "Sync.PriceList",
    "Sync.SalesOrder",
    "Sync.Shipment",
    "Sync.Invoice",
    "Sync.CustomerPartyMaster",
)
ALL_TABLES: tuple[TableName, ...] = ("MITMAS", "MITBAL", "OPRBAS", "OOHEAD", "OCUSMA")


class EventSettings(BaseModel):
    """Where events go and what happens to them on the way; without an address there are none."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    bod_url: str = ""
    event_url: str = ""
    basic: tuple[str, str] | None = None
    api_key: tuple[str, str] | None = None
    documents: tuple[DocumentName, ...] = ALL_DOCUMENTS
    tables: tuple[TableName, ...] = ALL_TABLES
    double: Share = 0
    reorder: Share = 0
    lose: Share = 0
    delay_s: tuple[float, float] = (0, 0)
    batch_ms: int = Field(default=0, ge=0)
    timeout_s: float = Field(default=10, gt=0)
    parallel: int = Field(default=1, ge=1, le=16)
    thread: bool = True
    seed: int | None = None

    @model_validator(mode="after")
    def _check(self) -> "EventSettings":
        if not 0 <= self.delay_s[0] <= self.delay_s[1]:
            raise ValueError("delay_s is [shortest, longest], both not below 0")
        if self.basic and self.api_key:
            raise ValueError("give basic or api_key, not both")
        return self

    @property
    def is_on(self) -> bool:
        """Tell whether anything is sent at all."""
        return bool(self.bod_url or self.event_url)
