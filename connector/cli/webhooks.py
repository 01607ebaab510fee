"""`connector webhooks`: installs the shop's webhooks, once each, and tells whether they are active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from connector.cli.checks.shop import needed_topics
from connector.cli.opening import person, the_store
from connector.cli.output import print_json, print_table, say, warn
from connector.cli.working import open_runtime
from connector.errors import ConfigurationError
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.ledger.stores import sealed_credentials
from connector.runtime import Runtime
from connector.vault.credentials import open_credentials
from connector.woocommerce.client import WooClient

PATH = "/webhooks/woocommerce/"
ACTIVE = "active"

app = typer.Typer(no_args_is_help=True, help="Install the shop's webhooks and see whether they are active.")

Name = Annotated[str, typer.Argument(help="The store.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def install(
    name: Name,
    url: Annotated[str, typer.Option(help="Address of the receiver as the shop reaches it: https://receiver.example.")],
    as_json: Json = False,
) -> None:
    """Make the webhooks the connector needs; those already there are activated and get the present secret."""
    with open_runtime() as runtime:
        the_store(runtime.engine, name)
        address = delivery_url(url, name)
        store = runtime.store(name)
        secret = _secret(runtime, name)
        topics = needed_topics(store.config)
        done = install_webhooks(store.shop, store=name, address=address, secret=secret, topics=topics)
        with transaction(runtime.engine) as connection:
            for topic, what, number in done:
                note_decision(connection, f"webhook_{what}", store=name, key=f"{topic} {number}", who=person())
    if as_json:
        print_json([{"topic": topic, "result": what, "id": number} for topic, what, number in done])
        return
    for topic, what, number in done:
        say(f"{topic}: {what} (webhook {number})")
    say(
        f"The shop sends to {address}. Check from outside that this address answers; `connector webhooks status {name}`."
    )


@app.command()
def status(
    name: Annotated[str | None, typer.Argument(help="The store; may be left out if there is only one.")] = None,
    as_json: Json = False,
) -> None:
    """Show the webhooks of a shop; status 1 if a needed one is missing or stopped."""
    with open_runtime() as runtime:
        store = the_store(runtime.engine, name).name
        context = runtime.store(store)
        rows = context.shop.list_webhooks()
    listed = [_row(row) for row in rows]
    missing = [
        topic
        for topic in needed_topics(context.config)
        if not any(row["topic"] == topic and row["status"] == ACTIVE and _is_ours(row, store) for row in listed)
    ]
    if as_json:
        print_json({"store": store, "webhooks": listed, "missing": missing})
    else:
        print_table(("ID", "Topic", "Status", "Sends to"), (tuple(row.values()) for row in listed))
        if missing:
            warn(f"Not active for {', '.join(missing)}. Run `connector webhooks install {store} --url ...`.")
    raise typer.Exit(1 if missing else 0)


def delivery_url(base: str, store: str) -> str:
    """Returns where the shop must send: the receiver's address and the path of the store.

    Raises:
        ConfigurationError: It is no web address, or not the final one.
    """
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ConfigurationError(
            "--url is no plain web address.", resolution="Write it as https://receiver.example, without user and query."
        )
    address = base.rstrip("/").removesuffix(f"{PATH}{store}")
    return f"{address}{PATH}{store}"


def install_webhooks(
    shop: WooClient, *, store: str, address: str, secret: str, topics: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Makes sure that each needed topic has exactly one active webhook to `address` with our secret.

    A second call makes nothing twice: the shop is asked first, and it never shows a secret, so this is set anew.

    Returns:
        Topic, what was done (created, updated, stopped), and the webhook's number.
    """
    existing: dict[str, list[dict[str, Any]]] = {}
    for row in shop.list_webhooks():
        if row.get("delivery_url") == address:
            existing.setdefault(str(row.get("topic")), []).append(row)
    done = []
    for topic in topics:
        found = existing.get(topic, [])
        if not found:
            made = shop.create_webhook(
                name=f"M3 connector {store}: {topic}", topic=topic, delivery_url=address, secret=secret
            )
            done.append((topic, "created", int(made["id"])))
            continue
        kept, *surplus = found
        shop.update_webhook(int(kept["id"]), {"status": ACTIVE, "secret": secret})
        done.append((topic, "updated", int(kept["id"])))
        for row in surplus:  # a second one would only deliver everything twice
            if row.get("status") == ACTIVE:
                shop.update_webhook(int(row["id"]), {"status": "disabled"})
                done.append((topic, "stopped", int(row["id"])))
    return done


def _secret(runtime: Runtime, store: str) -> str:
    with transaction(runtime.engine) as connection:
        sealed = sealed_credentials(connection, store)
    return open_credentials(runtime.cipher, sealed).webhook_secret


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row.get("id"), "topic": row.get("topic"), "status": row.get("status"), "url": row.get("delivery_url")}


def _is_ours(row: dict[str, Any], store: str) -> bool:
    return str(row["url"]).endswith(f"{PATH}{store}")
