"""What a flow is given: the store with its clients and mappings, and the journal of this run. Built by the runtime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from datetime import date, datetime

from connector.ion.rules import EventRules
from connector.ledger.claims import Claim
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import Received, stage_delivery
from connector.ledger.steps import Journal
from connector.m3.client import M3Client
from connector.m3.layout import Layout
from connector.m3.programs.gls200mi import VoucherRow
from connector.mapping.engine import Mapping
from connector.stores.config import StoreConfig
from connector.woocommerce.client import WooClient


@dataclass(frozen=True)
class StoreContext:
    """One store, ready to be worked for. `m3_scope` names tenant and company: keys are unique within it."""

    name: str
    config: StoreConfig
    m3_scope: str
    shop: WooClient
    m3: M3Client
    mappings: MappingType[str, Mapping]
    event_rules: Callable[[], EventRules]  # of config/ion, read anew when a file changes
    layout: Layout | None = None  # of invoice lines, where the store file names one
    remembered: dict[str, str] = field(default_factory=dict)  # what dates.py read from the ledger in this process
    vouchers: dict[date, tuple[datetime, list[VoucherRow]]] = field(
        default_factory=dict
    )  # what books/looking.py read last
    neighbours: Callable[[], Sequence[StoreContext]] = tuple  # other stores on the same warehouses of M3

    @property
    def settle_s(self) -> float:
        """How long after sending a write with a lost answer may still take effect: twice the gateway's cut."""
        return 2 * self.config.m3.gateway_cut_s


@dataclass
class Run:
    """One run of one exchange. `messages` are sent after the settlement is committed."""

    store: StoreContext
    journal: Journal
    messages: list[DueMessage] = field(default_factory=list)

    @property
    def claim(self) -> Claim:
        """The exchange as it was claimed."""
        return self.journal.claim

    def leave(self, received: Received) -> bool:
        """Stages an exchange for another flow; its message goes out after the commit. False: it brings nothing new."""
        recorded = stage_delivery(self.journal.connection, received)
        if recorded.due and recorded.exchange_id is not None and recorded.pool is not None:
            self.messages.append(DueMessage(recorded.exchange_id, recorded.pool, recorded.claim_no))
        return recorded.due
