"""Checks which installation M3 says writes for a store. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.ledger.session import Ledger, transaction
from connector.ledger.tenure import Tenure, read_tenure
from connector.m3.client import M3Client
from connector.m3.programs.cusextmi import holder
from connector.m3.programs.cusextmi import read_tenure as tenure_row
from connector.m3.rejections import is_not_found
from connector.stores.config import StoreConfig


def check_tenure(area: Area, m3: M3Client, config: StoreConfig, *, ledger: Ledger) -> Iterator[Finding]:
    """Yields whether this installation may write the store's orders."""
    if not config.m3.tenure:
        yield area.warn(
            "tenure",
            "Nothing keeps a second installation, or a copy of this ledger, from posting the same orders (m3.tenure is false).",
            remedy="Let the service account use CUSEXTMI in M3 and take m3.tenure out of the store file.",
        )
        return
    with transaction(ledger) as connection:
        ours = read_tenure(connection, area.name)
    try:
        answer = m3.read([tenure_row(area.name)])[0]
        yield _nobody(area) if is_not_found(answer.error) else _named(area, holder(answer), ours)
    except ConnectorError as error:
        yield area.fail(
            "tenure",
            f"M3 did not say which installation writes for the store: {error.message}",
            remedy="Let the service account use CUSEXTMI in M3 (MNS150, SES400), or set m3.tenure: false in the store file.",
        )


def _nobody(area: Area) -> Finding:
    return area.ok("tenure", "no installation writes for the store yet; the first order makes it this one")


def _named(area: Area, named: str, ours: Tenure) -> Finding:
    if named.startswith(f"{ours.installation}."):
        return area.ok("tenure", "this installation writes the store's orders")
    return area.fail(
        "tenure",
        f"Another installation ({named}) writes the store's orders into M3; here they wait.",
        remedy=f"If that one shall go on, pause the store here. If it is gone for good: connector store take-over {area.name}",
    )
