"""`connector sandbox run`: starts the sandbox shop and M3 as a process of their own."""

from __future__ import annotations

import typer

from connector.cli.programs import run_program

app = typer.Typer(
    no_args_is_help=True,
    help="Run a shop and an M3 that behave, and misbehave, like real ones.",
)


@app.callback()
def sandbox() -> None:
    """Run a shop and an M3 that behave, and misbehave, like real ones."""


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def run(context: typer.Context) -> None:
    """Run the sandbox; takes --shop-port, --m3-port, --seed and --quiet-start (see `run --help`)."""
    raise typer.Exit(run_program("sandbox", context.args))
