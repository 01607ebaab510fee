"""An M3 client against a gateway on loopback, with the real gate and token source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import redis
from cryptography.fernet import Fernet

from connector.m3.bulk import M3Context
from connector.m3.client import M3Client
from connector.m3.ionapi import IonApi, parse_ionapi
from connector.m3.operations import load_operations
from connector.m3.token import TokenSource
from connector.stores.config import OperationConfig
from connector.throttle.gate import Gate
from tests.integration.m3.gateway import Gateway, Running
from tests.integration.m3.token_store import MemoryTokens, Sealing

CONFIG = Path(__file__).parents[3] / "config"

MakeClient = Callable[..., M3Client]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Running() as running:
        yield running


@pytest.fixture
def ionapi(gateway: Gateway) -> IonApi:
    return parse_ionapi(json.dumps(gateway.ionapi))


@pytest.fixture
def sealing() -> Sealing:
    return Sealing(Fernet(Fernet.generate_key()))


@pytest.fixture
def gate(valkey_url: str) -> Iterator[Gate]:
    with closing(redis.Redis.from_url(valkey_url)) as client:
        yield Gate(client, endpoint="m3:ACME_TST", requests_per_s=1000, concurrency=4, slot_lease_s=10, failing_s=0)


@pytest.fixture
def make_client(gate: Gate, ionapi: IonApi, sealing: Sealing) -> Iterator[MakeClient]:
    with ExitStack() as stack:

        def make(*, gateway_cut_s: float = 5, **overrides: OperationConfig) -> M3Client:
            tokens = TokenSource(ionapi, grant="password", store=MemoryTokens(), cipher=sealing)
            stack.callback(tokens.close)
            client = M3Client(
                ionapi,
                tokens=tokens,
                gate=gate,
                context=M3Context(company=1, division="AAA", gateway_cut_s=gateway_cut_s),
                operations=load_operations(CONFIG, {key.replace("__", "."): one for key, one in overrides.items()}),
            )
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> M3Client:
    return make_client()
