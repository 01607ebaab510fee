"""Checks who may deliver messages of M3 for a store. Called by connector/cli/check.py."""

from __future__ import annotations

from connector.cli.checks.finding import Area, Finding
from connector.ion.access import IonSecrets

WAYS = {"basic": "Basic", "api_key": "an API key", "oauth": "OAuth 1.0a"}


def check_messages(area: Area, secrets: IonSecrets | None) -> Finding:
    """Tells how ION and M3 may get in; that nobody may is no fault, for the polls find everything."""
    ways = [said for name, said in WAYS.items() if secrets is not None and getattr(secrets, name)]
    if ways:
        return area.ok("messages of M3", f"may be delivered with {' or '.join(ways)}")
    return area.ok(
        "messages of M3",
        f"nobody may deliver them; the polls alone find what changes (connector store add {area.name} --ion-basic ...)",
    )
