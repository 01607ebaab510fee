"""`connector keys`: makes secret keys, and re-seals what is stored with the newest one."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import Connection

from connector.cli.opening import open_cipher, open_engine, open_settings, person
from connector.cli.output import print_json, say
from connector.errors import ConfigurationError
from connector.ledger import stores, tokens
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.vault.cipher import Cipher, generate_key

app = typer.Typer(no_args_is_help=True, help="Make secret keys and re-seal what is stored.")


@app.command()
def generate() -> None:
    """Print a new key for CONNECTOR_SECRET_KEYS."""
    typer.echo(generate_key())


@app.command()
def rotate(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Seal every stored credential and token with the first key; afterwards the older keys can go.

    First put the new key before the old ones in CONNECTOR_SECRET_KEYS and restart every process.
    """
    settings = open_settings()
    cipher = open_cipher(settings)
    with open_engine(settings) as engine, transaction(engine) as connection:
        credentials, access = _reseal(connection, cipher)
        note_decision(
            connection, "keys_rotated", store=None, key="", who=person(),
            why=f"{credentials} credentials, {access} tokens",
        )  # fmt: skip
    if as_json:
        print_json({"credentials": credentials, "tokens": access})
        return
    say(f"Sealed anew with the first key: {credentials} credentials and {access} access tokens.")
    if len(settings.secret_keys) > 1:
        say("The other keys in CONNECTOR_SECRET_KEYS are no longer needed; remove them and restart every process.")


def _reseal(connection: Connection, cipher: Cipher) -> tuple[int, int]:
    """All or nothing: one secret that no key opens stops it, and nothing is changed."""
    sealed = stores.all_sealed(connection)
    rotated = {}
    for (store, name), secret in sealed.items():
        try:
            rotated[store, name] = cipher.rotate(secret)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{name} of store {store} cannot be opened: none of the keys in CONNECTOR_SECRET_KEYS sealed it. "
                "Nothing was changed.",
                resolution=error.resolution,
            ) from None
    stores.replace_sealed(connection, rotated)
    access = {client: cipher.rotate(token) for client, token in tokens.all_sealed(connection).items()}
    tokens.replace_sealed(connection, access)
    return len(rotated), len(access)
