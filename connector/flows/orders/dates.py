"""Today on the M3 server and the decimals of a currency: read from M3 rarely and remembered in the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from connector.flows.context import Run
from connector.ledger.cursors import move_cursor, read_cursor
from connector.m3.programs import crs055mi, mms200mi

CLOCK = "m3_clock"
REMEMBERED_FOR = timedelta(hours=6)


@dataclass(frozen=True)
class CurrencyDecimals:
    """Decimals of amounts (DCCD) and of prices (NPRD) in a currency."""

    amounts: int
    prices: int


def server_date(run: Run) -> date:
    """Returns today's date on the M3 server, from its distance to the ledger's clock as last read (at most 6 h ago).

    Source: GetServerTime, which exists in every program.
    """
    kept = _recall(run, CLOCK)
    if kept is None:
        run.journal.pause()
        time = mms200mi.read_server_time(run.store.m3.read([mms200mi.get_server_time()])[0])
        local = datetime.strptime(f"{time.date:%Y%m%d}{time.time.zfill(6)}", "%Y%m%d%H%M%S")  # noqa: DTZ007
        kept = {"ahead_s": round((local - run.claim.now.replace(tzinfo=None)).total_seconds())}
        _remember(run, CLOCK, kept)
    return (run.claim.now + timedelta(seconds=kept["ahead_s"])).date()


def currency_decimals(run: Run, currency: str) -> CurrencyDecimals:
    """Returns the decimals of a currency as M3 has them.

    Source: CRS055MI/GetBasicData.

    Raises:
        M3RejectedError: M3 does not know the currency.
    """
    name = f"currency:{currency}"
    kept = _recall(run, name)
    if kept is None:
        run.journal.pause()
        found = crs055mi.read_currency(run.store.m3.read([crs055mi.get_currency(currency)])[0])
        kept = {"amounts": found.decimals, "prices": found.price_decimals}
        _remember(run, name, kept)
    return CurrencyDecimals(kept["amounts"], kept["prices"])


def _recall(run: Run, name: str) -> dict[str, int] | None:
    text = run.store.remembered.get(name) or read_cursor(run.journal.connection, run.store.name, name=name)
    kept = json.loads(text) if text else None
    if text is None or kept is None or run.claim.now - datetime.fromisoformat(kept["at"]) > REMEMBERED_FOR:
        run.store.remembered.pop(name, None)
        return None
    run.store.remembered[name] = text
    return {key: value for key, value in kept.items() if key != "at"}


def _remember(run: Run, name: str, values: dict[str, int]) -> None:
    text = json.dumps({**values, "at": run.claim.now.isoformat()})
    move_cursor(run.journal.connection, run.store.name, name=name, value=text)
