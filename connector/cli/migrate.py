"""`connector migrate`: brings the ledger's tables up to date; the release step of the Procfile."""

from __future__ import annotations

import typer

from connector.cli.opening import open_settings
from connector.cli.output import say
from connector.ledger.migrate import upgrade
from connector.ledger.schema import connect, current_revision
from connector.ledger.session import transaction

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the ledger's tables up to date; does nothing if they are."""
    settings = open_settings()
    engine = connect(settings.database_url)
    try:
        with transaction(engine) as connection:  # says in plain words if the database cannot be reached
            before = current_revision(connection)
        upgrade(settings.database_url)
        with transaction(engine) as connection:
            after = current_revision(connection)
    finally:
        engine.dispose()
    say(f"The ledger is at migration {after}" + (", as it was." if before == after else "."))
