"""`connector reconcile kept`: what the daily comparisons with M3's books found. Loaded by connector/cli/reconcile.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta, timezone

from connector.cli.opening import open_ledger_only, require_if_named
from connector.cli.output import print_json, print_table, say
from connector.cli.rows import why_cell
from connector.ledger.cursors import now
from connector.ledger.reconciliations import Reconciled, list_kept
from connector.ledger.session import OpenLedger, transaction

LAST_ZONE = timezone(timedelta(hours=-12))


def show_kept(store: str | None, *, days: int, as_json: bool) -> bool:
    """Prints the last days of one store, or of all; tells whether everything was explained.

    Raises:
        PermanentError: There is no such store.
    """
    with open_ledger_only() as engine:
        require_if_named(engine, store)
        with transaction(engine) as connection:
            found = list_kept(connection, store, since=_earliest_today(connection) - timedelta(days=days))
    if as_json:
        print_json(found)
    elif found:
        _print(found)
    else:
        say("Nothing was compared yet. `reconcile` of the store file says when that is done each day.")
    return not any(one.unexplained for one in found)


def _earliest_today(connection: OpenLedger) -> date:
    """Returns today where it began last: days are those of each store's division, whose zone the ledger does not know."""
    return now(connection).astimezone(LAST_ZONE).date()


def _print(found: Sequence[Reconciled]) -> None:
    print_table(
        ("Store", "Day", "Compared (UTC)", "Facts", "Equal", "Explained", "Unexplained"),
        ((one.store, one.day, one.compared_at, one.facts, one.equal, one.facts - one.equal - one.unexplained or "",
          one.unexplained or "")
         for one in found),
    )  # fmt: skip
    rows = [row for one in found for row in one.rows if not row["is_explained"]]
    if rows:
        say("")
        print_table(
            ("Day", "What", "Shop", "M3", "Figure", "In the shop", "In M3", "Cur.", "Why"),
            ((row["day"], row["fact"], row["order_number"], row["m3_number"], row["what"], row["shop"], row["m3"],
              row["currency"], why_cell(row["reason"], row["words"], row["remedy"]))
             for row in rows),
            title="What nothing explains",
        )  # fmt: skip
