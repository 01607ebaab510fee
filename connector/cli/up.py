"""`connector up`: runs the whole connector on this machine in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.running import DEFAULT_HOME
from connector.logs import configure_logs
from connector.settings import environment
from connector.up import run_all
from connector.vault.keyfile import ensure_key_file

app = typer.Typer()


@app.command()
def up(
    procfile: Annotated[Path, typer.Option(help="The list of processes.")] = Path("Procfile"),
) -> None:
    """Run everything until Ctrl-C, with embedded servers for DATABASE_URL and REDIS_URL where these are not set."""
    variables = environment()
    configure_logs(variables.get("CONNECTOR_LOG_LEVEL") or "INFO")
    home = Path(variables.get("CONNECTOR_HOME") or DEFAULT_HOME)
    if not variables.get("CONNECTOR_SECRET_KEYS") and not variables.get("CONNECTOR_SECRET_KEYS_FILE"):
        variables["CONNECTOR_SECRET_KEYS_FILE"] = str(ensure_key_file(home).resolve())
    raise typer.Exit(run_all(procfile, variables, home=home))
