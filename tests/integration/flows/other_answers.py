"""An M3 that answers single reads otherwise, for what the sandbox's M3 never says: records without fields, one record refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from connector.errors import M3RejectedError
from connector.m3.calls import Answer, Call
from tests.harness import STORE, Connector

Alter = Callable[[Answer], Answer]


def altered(monkeypatch: pytest.MonkeyPatch, connector: Connector, alter: Alter) -> None:
    """Lets every answer M3 gives to a read go through `alter` before the connector sees it."""
    client = connector.process.runtime.store(STORE).m3
    asked = client.read

    def read(calls: Sequence[Call], **options: Any) -> list[Answer]:
        return [alter(one) for one in asked(calls, **options)]

    monkeypatch.setattr(client, "read", read)


def refused(answer: Answer) -> Answer:
    """Returns an answer by which M3 says no to one record."""
    error = M3RejectedError(
        "The record cannot be read [CPF9898]", program="MMS015MI", transaction="Get", message_id="CPF9898"
    )
    return replace(answer, records=(), error=error)
