"""A receiver for messages of M3 over a real ledger and Valkey, and messages as ION sends them."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, Row, text
from werkzeug.test import TestResponse

from connector.ledger.dispatch import due_by_pool
from connector.ledger.inbox import Recorded, record_delivery
from connector.ledger.session import transaction
from connector.ledger.stores import save_store
from connector.runtime import Runtime
from connector.settings import read_settings
from connector.vault.cipher import Cipher, generate_key
from connector.vault.credentials import CredentialName, seal_credentials
from tests.harness import ROOT, store_file
from webhook_receiver.app import create_app
from webhook_receiver.ion_wiring import ion_parts
from webhook_receiver.routes import Parts

STORE, OTHER = "shop1", "shop2"
BASIC, API_KEY, OAUTH = "ion:pass-word-1", "api-key-12345", "oauth-key:oauth-secret"
TENANT = "ACMEM3_TST"
M3_SCOPE = "SANDBOX_TST/1"
SAMPLES = ROOT / "tests" / "fixtures" / "ion"
IONAPI = {
    "ti": "SANDBOX_TST",
    "cn": "test",
    "ci": "SANDBOX_TST~test",
    "cs": "secret",
    "iu": "https://m3.example",
    "pu": "https://m3.example/as/",
    "ot": "token.oauth2",
    "saak": "SANDBOX_TST#user",
    "sask": "password",
}


def sample(number: int) -> bytes:
    """Returns one of the sample documents."""
    (path,) = SAMPLES.glob(f"{number:02}-*.xml")
    return path.read_bytes()


def basic(user_and_password: str = BASIC) -> str:
    """Returns the Authorization header of Basic."""
    return "Basic " + base64.b64encode(user_and_password.encode()).decode()


def multipart(*parts: tuple[str, bytes, str]) -> tuple[bytes, str]:
    """Returns a body of parts (name, content, content type) and its content type."""
    boundary = "----ion-4f1c8a07e2d94b6f"
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content, kind in parts
    )
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def message(document: bytes, **parameters: Any) -> tuple[bytes, str]:
    """Returns a message of version 3; a message id of its own unless one is given."""
    fields = {"documentName": "Sync.Test", "messageId": uuid.uuid4().hex, "encoding": "NONE", **parameters}
    told = json.dumps({name: value for name, value in fields.items() if value is not None}).encode()
    return multipart(
        ("ParameterRequest", told, "application/json"), ("MessagePayload", document, "application/octet-stream")
    )


class IonReceiver:
    """The app, its ledger, and what was offered for sending."""

    def __init__(self, engine: Engine, runtime: Runtime) -> None:
        self.engine = engine
        self.runtime = runtime
        self.offered: list[Recorded] = []

        def offer(recorded: Recorded) -> bool:
            self.offered.append(recorded)
            return True

        parts = Parts(
            secret=lambda _: None,
            record=lambda received: record_delivery(engine, received),
            offer=offer,
            flow_for_topic=lambda _: None,
            check_ledger=self._due,
            check_broker=lambda: None,
        )
        self.app: Flask = create_app(parts, due_by_pool=self._due, ion=ion_parts(runtime, offer))
        self.client = self.app.test_client()

    def deliver(self, document: bytes, *, path: str = "v3/multipartMessage", **parameters: Any) -> TestResponse:
        """Sends a document in an envelope with these parameters."""
        body, content_type = message(document, **parameters)
        return self.post(f"ims/{path}", body, content_type)

    def post(self, path: str, body: bytes, content_type: str, *, store: str = STORE, **headers: str) -> TestResponse:
        """Posts a body to an address of the store."""
        named = {"Authorization": basic(), "X-TenantId": TENANT, "Content-Type": content_type}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/ion/{store}/{path}", data=body, headers=named)

    def event(self, content: Any, *, query: str = "", store: str = STORE) -> TestResponse:
        """Sends an event of M3's own subscriber."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.client.post(f"/m3-events/{store}{query}", data=body, headers={"Authorization": basic()})

    def rows(self, statement: str, **values: Any) -> list[Row[Any]]:
        """Returns what the ledger holds."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def due(self) -> set[tuple[str, str]]:
        """Returns what is due: flow and item number, or flow and order of the shop."""
        offers = self.rows("SELECT flow, item_number FROM offer WHERE wanted_rev > done_rev")
        orders = self.rows(
            "SELECT flow, business_key FROM exchange WHERE business_key <> 'all' AND flow <> 'm3_events'"
        )
        return {(row[0], row[1]) for row in [*offers, *orders]}

    def revisions(self) -> int:
        """Returns how often anything was made due."""
        return int(self.rows("SELECT coalesce(sum(wanted_rev), 0) FROM offer")[0][0])

    def notes(self) -> list[str]:
        """Returns what the ledger says of each message, in the order they came."""
        return [
            row.note for row in self.rows("SELECT note FROM delivery WHERE source IN ('ion', 'm3_event') ORDER BY id")
        ]

    def dead_letters(self) -> list[Row[Any]]:
        """Returns what waits for a person."""
        return self.rows(
            "SELECT id, business_key, state, reason, resolution FROM exchange WHERE flow = 'm3_events' ORDER BY id"
        )

    def bind_order(self, *, shop_key: str, number: str, store: str = STORE, m3_scope: str = M3_SCOPE) -> None:
        """Binds an order of the shop to one of M3."""
        with transaction(self.engine) as connection:
            connection.execute(
                text(
                    "INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key)"
                    " VALUES ('order', :store, :shop_key, :m3_scope, :number)"
                ),
                {"store": store, "shop_key": shop_key, "m3_scope": m3_scope, "number": number},
            )

    def _due(self) -> dict[str, tuple[int, float]]:
        with transaction(self.engine) as connection:
            return due_by_pool(connection)


@contextmanager
def receiving(engine: Engine, *, valkey_url: str, home: Path, **settings: str) -> Iterator[IonReceiver]:
    """Runs a receiver with two stores; the second has no credentials for messages of M3."""
    key = generate_key()
    add_ion_store(engine, key)
    add_ion_store(engine, key, name=OTHER, opens=False)
    overrides = {
        "DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "REDIS_URL": valkey_url,
        "CONNECTOR_SECRET_KEYS": key,
        "CONNECTOR_CONFIG_DIR": str(ROOT / "config"),
        "CONNECTOR_HOME": str(home),
        **settings,
    }
    runtime = Runtime(read_settings(overrides), single_statements=True)
    try:
        yield IonReceiver(engine, runtime)
    finally:
        runtime.close()


def add_ion_store(engine: Engine, key: str, *, name: str = STORE, opens: bool = True) -> None:
    """Makes a store in the ledger."""
    secrets = {
        CredentialName.WOO_KEY: "ck_test",
        CredentialName.WOO_SECRET: "cs_test",
        CredentialName.WEBHOOK_SECRET: "webhook-secret",
        CredentialName.IONAPI: json.dumps(IONAPI),
    }
    if opens:
        secrets |= {
            CredentialName.ION_BASIC: BASIC,
            CredentialName.ION_API_KEY: API_KEY,
            CredentialName.ION_OAUTH: OAUTH,
        }
    with transaction(engine) as connection:
        save_store(
            connection,
            name,
            shop_url="https://shop.example",
            config=store_file(),
            config_source="test",
            sealed=seal_credentials(Cipher.from_keys([key]), secrets),
        )
