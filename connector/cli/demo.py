"""`connector demo`: runs the demo as a process of its own."""

from __future__ import annotations

import typer

from connector.cli.programs import run_program

app = typer.Typer()


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def demo(context: typer.Context) -> None:
    """Run a story of a shop and an M3 with faults; with --once it ends and its status tells if the books agree."""
    raise typer.Exit(run_program("demo", context.args))
