"""The `connector` command: the table of its commands, loaded one by one, and how their errors are shown.

Each command is a module of this package. Only the one asked for is loaded, so that help and short commands are fast.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from connector.cli.output import fail, out
from connector.errors import ConnectorError

PACKAGE = "woocommerce-m3-connector"
COMPLETION = ("install_completion", "show_completion")
"""Options typer gives to each command that is loaded by itself; the shell's completion is one of the whole program."""


@dataclass(frozen=True)
class _Entry:
    module: str
    help: str


COMMANDS = {
    "up": _Entry("up", "Run receiver, pools, beat and Flower here, with embedded servers where none are named."),
    "demo": _Entry("demo", "Run the story of a shop and an M3 with faults on this machine."),
    "migrate": _Entry("migrate", "Bring the ledger's tables up to date."),
    "keys": _Entry("keys", "Make secret keys and re-seal what is stored."),
    "store": _Entry("store", "Add, list, check, pause and resume stores."),
    "check": _Entry("check", "Ping everything the connector talks to and say what to fix."),
    "bods": _Entry("bods", "Try out what a message of M3 makes due; forget versions of its documents."),
    "webhooks": _Entry("webhooks", "Install the shop's webhooks and see whether they are active."),
    "status": _Entry("status", "Show what runs, what waits and why."),
    "exchanges": _Entry("exchanges", "List exchanges, tell the whole story of one, carry one once more."),
    "dead-letters": _Entry("dead_letters", "List, release or discard what waits for a person."),
    "items": _Entry("items", "Say which M3 item a shop SKU is; list items that cannot be carried."),
    "customers": _Entry("customers", "List which accounts are customers of M3; tell how one stands; unbind one."),
    "sync": _Entry("sync", "Carry given facts across now, or show what would be sent."),
    "mapping": _Entry("mapping", "Show how values are laid out for M3."),
    "reconcile": _Entry(
        "reconcile", "Compare M3 with the shop: orders, money, catalogue, prices, stock; say why they differ."
    ),
    "rates": _Entry("rates", "List the exchange rates of M3 that are kept; read them now."),
    "audit": _Entry("audit", "Export the audit trail, verify it, or remove what is oldest."),
    "purge": _Entry("purge", "Remove what is old and no longer needed, or show how much that is."),
    "sandbox": _Entry("sandbox", "Run a shop and an M3 that behave, and misbehave, like real ones."),
}


class LazyGroup(TyperGroup):
    """Lists commands from the table and loads the one that is run."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Returns the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns what help needs to know of a command: its name and its line."""
        entry = COMMANDS.get(cmd_name)
        return None if entry is None else TyperCommand(cmd_name, help=entry.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Returns the command to run, loaded."""
        self.commands = {name: self.get_command(ctx, name) for name in COMMANDS}  # what a typing error is compared with
        name, _, rest = super().resolve_command(ctx, args)
        return name, load_command(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; an expected error is shown as what happened and what to do, without a traceback."""
        try:
            return super().invoke(ctx)
        except ConnectorError as error:
            fail(error)
            raise typer.Exit(1) from None


def load_command(name: str) -> Any:
    """Imports a command's module and returns its command; a module with one function is that command itself."""
    entry = COMMANDS[name]
    module = importlib.import_module(f"connector.cli.{entry.module}")
    command = typer.main.get_command(module.app)
    command.name = name
    command.params = [one for one in command.params if one.name not in COMPLETION]
    return command


def _print_version(is_asked: bool) -> None:
    if is_asked:
        out().print(f"connector {version_of(PACKAGE)}")
        raise typer.Exit()


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its traceback shows local variables, and those may be secrets
)


@app.callback()
def connector(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Carries orders, refunds, payments and customers from WooCommerce into Infor M3; items, prices and stock back."""
