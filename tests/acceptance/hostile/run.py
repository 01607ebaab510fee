"""Drives one run: blocks of requests, rows and memory compared after each, then the flows over what was taken."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import FlakyFailure
from sqlalchemy import text

from connector.embedded.postgres import embedded_postgres
from connector.embedded.valkey import embedded_valkey
from connector.ledger.inbox import KEPT_BODY_BYTES
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger, transaction
from tests.acceptance.hostile.carrying import carry, fates
from tests.acceptance.hostile.judging import Judge, growth
from tests.acceptance.hostile.making import deliveries, heavy
from tests.acceptance.hostile.sending import send
from tests.acceptance.hostile.sent import Known, Sent
from tests.harness import STORE, WEBHOOK_SECRET, Connector, running_sandbox
from tests.integration.flows.story import quick_store
from tests.integration.webhook_receiver.serving import Server, serving

RECORDED = Path(__file__).parents[2] / "fixtures" / "woocommerce" / "recorded"
PATH = f"/webhooks/woocommerce/{STORE}"
API_KEY = "hostile-api-key"
BLOCK = 1000
WARM_UP, AT_ONCE = 24, 12  # each kind that takes much memory, through all threads of both processes
SHOP_KINDS = ("guest", "registered", "coupon_percent", "fee_negative", "two_tax_rates", "zero_line", "long_address")

Tell = Callable[[int, float], None]
"""Gets how many requests were judged and the growth of memory so far."""


@dataclass(frozen=True)
class Result:
    """What a run measured."""

    sent: int
    answers: dict[str, Counter[int]]
    fates: Counter[str]
    growth: float
    memory_mb: float
    took_s: float


@dataclass(frozen=True)
class Ground:
    """The receiver as gunicorn serves it, a connector over the same ledger, and bodies as the shop sends them."""

    web: Server
    connector: Connector
    known: Known


def run(folder: Path, *, bodies: int, seed_: int, tell: Tell) -> Result:
    """Sends that many requests and runs the flows over what was taken.

    Args:
        folder: For the data and the logs.
        bodies: How many requests.
        seed_: The same seed sends the same.
        tell: Is told of the progress.

    Raises:
        WrongError: Says what the receiver or the workers did wrong, with the smallest request found.
    """
    began = time.monotonic()
    with _ground(folder) as ground:
        judge = Judge(ground.connector.engine, KEPT_BODY_BYTES)
        _warm_up(ground, judge)
        factor = 1.0
        for block, size in enumerate(_blocks(bodies)):
            _send_block(ground, judge, size=size, seed_=seed_ * 1_000_003 + block)
            judge.compare_rows()
            carry(ground.connector)
            if block == 0:
                warm = _memory(ground.web)
            factor = growth(warm, _memory(ground.web))
            tell(judge.sent, factor)
        return Result(
            sent=judge.sent,
            answers=judge.answers,
            fates=fates(ground.connector),
            growth=factor,
            memory_mb=sum(_memory(ground.web).values()) / 1e6,
            took_s=time.monotonic() - began,
        )


def _warm_up(ground: Ground, judge: Judge) -> None:
    """Lets every thread of the receiver meet the heaviest bodies before its memory is first read."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for sent in heavy(path=PATH, secret=WEBHOOK_SECRET):
            for status in pool.map(partial(send, port=ground.web.port), [sent] * WARM_UP):
                judge.take_answer(sent, status)


def _blocks(bodies: int) -> Iterator[int]:
    """Yields sizes: Hypothesis remembers what it drew, so that one long run would fill the memory of this process."""
    for start in range(0, bodies, BLOCK):
        yield min(BLOCK, bodies - start)


def _send_block(ground: Ground, judge: Judge, *, size: int, seed_: int) -> None:
    @seed(seed_)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(deliveries(ground.known, path=PATH, secret=WEBHOOK_SECRET, api_key=API_KEY))
    def each(sent: Sent) -> None:
        judge.take_answer(sent, send(sent, port=ground.web.port))

    try:
        each()
    except FlakyFailure as error:  # it did not happen again with the same request: what happened first is told
        raise error.exceptions[0] from None


def _memory(web: Server) -> dict[int, int]:
    return {pid: psutil.Process(pid).memory_info().rss for pid in web.workers()}


@contextmanager
def _ground(folder: Path) -> Iterator[Ground]:
    with ExitStack() as stack:
        postgres = stack.enter_context(embedded_postgres(folder / "postgres", durable=False))
        valkey = stack.enter_context(embedded_valkey(folder / "valkey", durable=False))
        sandbox = stack.enter_context(running_sandbox())
        upgrade(postgres.url)
        ledger = open_ledger(postgres.url)
        stack.callback(ledger.dispose)
        connector = Connector(ledger, valkey_url=valkey.url, sandbox=sandbox, home=folder)
        stack.callback(connector.close)
        connector.configure(quick_store(guests="per_email"))
        _let_m3_in(connector)
        placed = [json.dumps(sandbox.place(kind=kind)).encode() for kind in SHOP_KINDS]
        variables = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "CONNECTOR_SECRET_KEYS": ",".join(connector.settings.secret_keys),
            "GUNICORN_CMD_ARGS": "--max-requests 0",  # its memory is measured over the whole run
        }
        web = stack.enter_context(serving(folder, variables))
        bodies = (*_recorded(), *placed * 5)
        known = Known(bodies, orders=tuple(body for body in bodies if b'"line_items"' in body))
        yield Ground(web, connector, known)


def _let_m3_in(connector: Connector) -> None:
    sealed = connector.cipher.seal(API_KEY.encode())
    with transaction(connector.engine) as connection:
        values = {"store": STORE, "sealed": sealed}
        connection.execute(
            text("INSERT INTO credential (store, name, sealed) VALUES (:store, 'ion_api_key', :sealed)"), values
        )


def _recorded() -> tuple[bytes, ...]:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RECORDED.glob("*.json"))]
    return tuple(one["body_raw"].encode() for one in found if one["topic"])
