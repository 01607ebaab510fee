"""At which rates payments and repayments were posted, where the books are kept in another currency. Called by dues.py.

M3 may state another rate of a day later. What was posted is due at the rate it was posted at, which its document keeps; what is not
posted, or was by a former version that kept none, at the rate that is known now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from connector.flows.books.converting import IntoBooks, kept_rate
from connector.flows.context import StoreContext
from connector.ledger.posted import kept_of_batches
from connector.ledger.session import Ledger, transaction
from connector.money.journal import Journal


@dataclass(frozen=True)
class Conversions:
    """The rates of a store, and those its postings were made at, as far as they were asked for."""

    ledger: Ledger
    store: StoreContext
    _kept: dict[tuple[str, str], IntoBooks] = field(default_factory=dict)

    def learn(self, flow: str, keys: Iterable[str]) -> None:
        """Reads how some facts of a flow were posted, by their business keys."""
        if not self.store.config.books.convert_to:
            return
        with transaction(self.ledger) as connection:
            sheets = kept_of_batches(connection, self.store.name, flow=flow, keys=list(keys), part="sheet")
        self._kept.update(
            {(flow, key): IntoBooks.from_json(sheet["into"]) for key, sheet in sheets.items() if sheet.get("into")}
        )

    def convert(self, journal: Journal, *, flow: str, key: str, decimals: int, day: date) -> Journal:
        """Returns the journal of a fact in the currency of the books, which has `decimals`.

        Raises:
            NotYetError, MappingError: It was not posted, and no rate of the day may be used.
        """
        into = self._kept.get((flow, key))
        if into is not None and (into.source, into.target) == (journal.currency, self.store.config.books.convert_to):
            return into(journal)
        with transaction(self.ledger) as connection:
            return kept_rate(connection, self.store, journal.currency, decimals=decimals, day=day)(journal)
