"""`connector bods`: tries out what a BOD of M3 makes due, and forgets versions after M3 was refreshed."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.opening import person, the_store
from connector.cli.output import print_json, say, warn
from connector.cli.working import open_runtime
from connector.errors import ConfigurationError
from connector.ion.access import IonSecrets
from connector.ion.posting import Answered, Sender, post_bod
from connector.ledger.messages import Taken, find_message
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.ledger.watermarks import forget_watermarks
from connector.runtime import Runtime

ACCEPTED = 202
FROM = "lid://connector.bods.send"

app = typer.Typer(no_args_is_help=True, help="Try out what a BOD of M3 makes due; forget versions of documents.")

Store = Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def send(
    file: Annotated[Path, typer.Argument(help="The BOD: an XML file, also compressed.")],
    store: Store = None,
    url: Annotated[
        str | None, typer.Option(help="Address of the receiver; the one of this machine if left out.")
    ] = None,
    v2: Annotated[bool, typer.Option("--v2", help="As version 2 of the protocol, not 3.")] = False,
    message_id: Annotated[str | None, typer.Option(help="Message id; a new one if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Deliver a BOD to a running receiver as ION would, and tell what it made due. Status 1 if it was not well."""
    document = _read(file)
    with open_runtime() as runtime:
        row = the_store(runtime.engine, store)
        sender = _sender(runtime, row.name, url)
        chosen = message_id or uuid.uuid4().hex
        parameters = {"documentName": "File.BOD", "messageId": chosen, "fromLogicalId": FROM, "encoding": "NONE"}
        answered = post_bod(sender, document, parameters=parameters, v2=v2)
        with transaction(runtime.engine) as connection:
            taken = find_message(connection, row.name, message_id=chosen) if answered.status == ACCEPTED else None
    if as_json:
        print_json({"status": answered.status, "answer": answered.body, "message_id": chosen, "taken": taken})
    else:
        _tell(answered, taken)
    raise typer.Exit(0 if taken is not None and taken.exchange_id is None else 1)


@app.command()
def forget(
    noun: Annotated[str, typer.Argument(help="The kind of document, such as ItemMaster.")],
    document: Annotated[str | None, typer.Option(help="Only this document id; all of the noun if left out.")] = None,
    store: Store = None,
) -> None:
    """Forget which versions were taken, so that older numbers count again: after M3 was refreshed or copied."""
    with open_runtime() as runtime:
        name = the_store(runtime.engine, store).name
        with transaction(runtime.engine) as connection:
            forgotten = forget_watermarks(connection, name, noun=noun, document_id=document)
            note_decision(connection, "versions_forgotten", store=name, key=f"{noun} {document or '*'}", who=person())
    say(f"Forgotten of {noun}: {forgotten}. The next version of each document counts, whatever its number.")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read ({error.strerror}).", resolution="Correct the path or its rights."
        ) from None


def _sender(runtime: Runtime, store: str, url: str | None) -> Sender:
    secrets = runtime.ion_secrets(store) or IonSecrets(None, None, None)
    if not secrets.are_there:
        raise ConfigurationError(
            f"Nobody may deliver messages of M3 for the store {store}: it has no credentials for that.",
            resolution=f"Add one: connector store add {store} --ion-basic user:password (or --ion-api-key, --ion-oauth).",
        )
    address = url or f"http://127.0.0.1:{runtime.settings.port}"
    return Sender(address, store, secrets, runtime.settings.ion_api_key_header)


def _tell(answered: Answered, taken: Taken | None) -> None:
    say(f"The receiver answered {answered.status}: {answered.body.get('message', 'without a word')}.")
    if answered.status != ACCEPTED:
        return
    if taken is None:
        warn("The ledger of this installation does not know the message: the receiver belongs to another one.")
        return
    say(f"Delivery {taken.delivery_id}, {taken.document}. {taken.note}")
    if taken.exchange_id is not None:
        warn(f"A person has to look: exchange {taken.exchange_id}. {taken.resolution or ''}")
