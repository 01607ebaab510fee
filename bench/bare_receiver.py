"""The least a receiver can do: check the HMAC and insert one row. What bench/receiver.py compares ours with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading

import psycopg2
from flask import Flask, Response, request
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class with a lower-case name

from connector.settings import read_settings

SECRET = b"bench-webhook-secret"
INSERT = "INSERT INTO bare_delivery (store, body) VALUES (%s, %s)"

app = Flask(__name__)
_thread = threading.local()


@app.post("/webhooks/woocommerce/<store>")
def woocommerce(store: str) -> Response:
    """Stores a delivery that is signed rightly."""
    body = request.get_data()
    expected = base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest()).decode()
    if not hmac.compare_digest(expected, request.headers.get("X-WC-Webhook-Signature", "")):
        return Response(status=401)
    connection = _connection()
    with connection, connection.cursor() as cursor:
        cursor.execute(INSERT, (store, body))
    return Response(status=200)


@app.get("/healthz")
def health() -> Response:
    """Says that the process answers."""
    return Response(status=200)


def _connection() -> Connection:
    if not hasattr(_thread, "connection"):
        _thread.connection = psycopg2.connect(read_settings().database_url.replace("+psycopg2", ""))
    found: Connection = _thread.connection
    return found
