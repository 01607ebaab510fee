"""Sets the stage of a soak: servers, both systems, one store, the processes of the Procfile; used by run.py."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import stack as base
from connector.broker import NOT_OF_EXCHANGES, QUEUES
from connector.flows.registry import FLOWS
from connector.processes import ProcessType, read_procfile
from demo.commands import Commands
from demo.errors import DemoError
from demo.stack import Stack as Processes
from demo.systems import System, is_ready
from tests.acceptance.soak.size import Size
from tests.acceptance.soak.traffic import LATE_S

STORE = base.STORE
CLOCK_OFF_S = 300
IDLE = set(QUEUES) - set(NOT_OF_EXCHANGES) - {entry.pool for entry in FLOWS.values()}
"""Pools that serve no flow yet."""
INSTANCES = {"orders": 5, "status": 2}
"""Pools of which more than one is run: an answer that is lost or late holds a process for seconds."""
LIMITS = {"requests_per_s": "200", "concurrency": "32", "backoff_s": "[2, 5, 10, 20, 30, 30, 30, 30, 30, 30]"}
"""What the store file says otherwise: limits above the traffic, and waits that end within the marks."""
READY_LIMIT_S = 300.0


@dataclass(frozen=True)
class Stage:
    """What a soak plays on. `under` is the part below the processes: servers, systems, ledger."""

    under: base.Stack
    processes: Processes
    types: tuple[ProcessType, ...]
    shop: System
    m3: System
    commands: Commands
    variables: dict[str, str]
    logs: Path

    def more(self, name: str) -> Processes:
        """Returns a second run of one process type, not started yet."""
        (found,) = (one for one in self.types if one.name == name)
        return Processes([replace(found, name=f"{name}-second")], environment=self.variables, logs=self.logs)


@contextmanager
def set_stage(folder: Path, size: Size, *, without: str | None) -> Iterator[Stage]:
    """Yields the stage with everything running and the shop's webhooks installed; then ends all of it.

    Args:
        folder: For data and logs.
        size: Of the run; its seed is that of both systems.
        without: A guard that is switched off in every process.

    Raises:
        DemoError: The receiver did not become ready.
    """
    logs = folder / "logs"
    logs.mkdir()
    with base.running(folder, seed=size.seed, changes=LIMITS, keeps_messages=False) as under:
        port = under.variables["PORT"]
        variables = {
            **under.variables,
            "CONNECTOR_LOG_LEVEL": "INFO",
            "CONNECTOR_POLL_S": str(size.poll_s),
            "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",
            "REMAP_SIGTERM": "SIGQUIT",
        }
        types = tuple(process_types(without))
        processes = Processes(types, environment=variables, logs=logs)
        shop, m3 = System("shop", under.shop_url), System("M3", under.m3_url)
        stage = Stage(under, processes, types, shop, m3, Commands(variables), variables, logs)
        processes.start()
        try:
            _open(stage, f"http://127.0.0.1:{port}")
            yield stage
        finally:
            processes.stop()


def process_types(without: str | None) -> Iterator[ProcessType]:
    """Yields what is run: receiver, beat and every pool that serves a flow, by the Procfile's own commands.

    One more process of the orders pool has a wrong clock.
    """
    commands = {one.name: one.command for one in read_procfile(base.ROOT / "Procfile")}
    yield ProcessType("web", _launched(commands["web"], without))
    yield ProcessType("beat", _launched(commands["beat"], without))
    for pool in (name.removeprefix("worker-") for name in commands if name.startswith("worker-")):
        if pool in IDLE:
            continue
        command = commands[f"worker-{pool}"]
        for number in range(1, INSTANCES.get(pool, 1) + 1):
            name = f"worker-{pool}" if number == 1 else f"worker-{pool}-{number}"
            yield ProcessType(name, _launched(_named(command, pool, f"{pool}{number}"), without))
    wrong = _alone(_named(commands["worker-orders"], "orders", "clock"))
    yield ProcessType("worker-orders-clock", _launched(wrong, without, clock_s=CLOCK_OFF_S))


def _named(command: Sequence[str], pool: str, node: str) -> tuple[str, ...]:
    """Two nodes of one host need two names."""
    return tuple(part.replace(f"{pool}@", f"{node}@") for part in command)


def _alone(command: Sequence[str]) -> tuple[str, ...]:
    """Returns the command of a pool with one process."""
    where = list(command).index("-c") + 1
    return (*command[:where], "1", *command[where + 1 :])


def _launched(command: Sequence[str], without: str | None, *, clock_s: float = 0) -> tuple[str, ...]:
    options = [*(("--without", without) if without else ()), *(("--clock", str(clock_s)) if clock_s else ())]
    if not options:
        return tuple(command)
    return (sys.executable, "-m", "tests.acceptance.soak.process", *options, "--", *command)


def _open(stage: Stage, receiver_url: str) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while not is_ready(receiver_url):
        if time.monotonic() > deadline:
            raise DemoError(
                f"The receiver did not become ready in {READY_LIMIT_S:.0f} s; see {stage.logs / 'web.log'}."
            )
        time.sleep(0.2)
    stage.commands.run("webhooks", "install", STORE, "--url", receiver_url)
    # A shop waits a minute for an answer; here it gives up sooner, so that the deliveries behind it are not held up.
    stage.shop.control("settings", {"late_s": LATE_S, "delivery_timeout_s": 8, "allow_basic_over_http": True})
