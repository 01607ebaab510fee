"""Sets the stage in a new folder: database, broker, two shops, one M3, a store for each shop, all processes; ends all of it.

Used by demo/__main__.py. Every port is free when chosen, so two demos can run side by side.
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from connector.children import start_child, stop_child
from connector.ports import free_port
from connector.processes import child_environment, read_procfile
from connector.settings import environment
from connector.up import RELEASE, servers
from connector.vault.keyfile import ensure_key_file
from demo.commands import Commands
from demo.errors import DemoError
from demo.stack import Stack
from demo.stores import DIRECT, ROOT, STORE, direct_store, order_store
from demo.systems import System

POLL_S = 10
ION_USER = "ion"
START_LIMIT_S = 120.0

Announce = Callable[[str], None]
Dress = Callable[[System, System], None]


@dataclass(frozen=True)
class Stage:
    """What the story plays on: `shop` sells by orders in M3, `direct` by invoices in M3's ledger."""

    home: Path
    logs: Path
    shop: System
    direct: System
    m3: System
    stack: Stack
    commands: Commands
    redis_url: str
    receiver_url: str
    ion_password: str
    flower_url: str


@contextmanager
def set_stage(*, seed: int, dress: Dress, announce: Announce, keep_logs: Callable[[], bool]) -> Iterator[Stage]:
    """Yields the stage with everything started and the shop's webhooks installed; then ends all of it.

    Args:
        seed: Of both systems.
        dress: Is given shop and M3 before any process of the connector runs.
        announce: Is told each thing that begins.
        keep_logs: Asked at the end; if true, the logs are left and their place announced, all else is removed.

    Raises:
        DemoError: Something did not start; says where to look.
    """
    folder = Path(tempfile.mkdtemp(prefix="connector-demo-"))
    (folder / "logs").mkdir()
    is_ready = False
    try:
        with ExitStack() as ending:
            stage = _build(ending, folder, seed=seed, dress=dress, announce=announce)
            is_ready = True
            yield stage
        announce("Everything is stopped")
    finally:
        _clear(folder, announce=announce, with_logs=is_ready and not keep_logs())


def _build(ending: ExitStack, folder: Path, *, seed: int, dress: Dress, announce: Announce) -> Stage:
    home, logs = folder / "home", folder / "logs"
    announce("PostgreSQL and Valkey start in a folder of their own")
    base = ending.enter_context(servers(_clean_environment(home), home=home, durable=False))
    announce("Two shops and M3 start (sandbox)")
    started = _sandbox(ending, base, logs=logs, seed=seed)
    shop, m3 = started["shop"], started["m3"]
    direct = _sandbox(ending, base, logs=logs, seed=seed + 1, only="shop")["shop"]
    dress(shop, m3)
    ion_password = secrets.token_urlsafe(24)
    port, flower_port = free_port(), free_port()
    complete = {
        **base,
        "CONNECTOR_SECRET_KEYS_FILE": str(ensure_key_file(home)),
        "PORT": str(port),
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",  # the Procfile's line listens on all addresses
        "WEB_CONCURRENCY": "1",
        "FLOWER_PORT": str(flower_port),
    }
    commands = Commands(complete)
    announce("The ledger gets its tables, the stores their credentials (sealed)")
    commands.run("migrate")
    add = partial(_add_store, commands, folder, m3=m3, ion_password=ion_password)
    add(STORE, shop=shop, content=order_store())
    add(DIRECT, shop=direct, content=direct_store())
    announce("Receiver, seven pools of workers, beat and Flower start (Procfile)")
    types = [one for one in read_procfile(ROOT / "Procfile") if one.name != RELEASE]
    stack = Stack(types, environment=complete, logs=logs)
    ending.callback(stack.stop)
    stack.start()
    return Stage(
        home=home,
        logs=logs,
        shop=shop,
        direct=direct,
        m3=m3,
        stack=stack,
        commands=commands,
        redis_url=base["REDIS_URL"],
        receiver_url=f"http://127.0.0.1:{port}",
        ion_password=ion_password,
        flower_url=f"http://127.0.0.1:{flower_port}",
    )


def _clean_environment(home: Path) -> dict[str, str]:
    """Returns our environment without anybody's real installation in it: the demo must never touch that."""
    ours = ("CONNECTOR_", "DATABASE_URL", "REDIS_URL", "FLOWER_", "PORT", "GUNICORN_", "CELERY_", "SENDGRID_")
    kept = {name: value for name, value in environment().items() if not name.startswith(ours)}
    return {
        **kept,
        "CONNECTOR_HOME": str(home),
        "CONNECTOR_CONFIG_DIR": str(ROOT / "config"),
        "CONNECTOR_POLL_S": str(POLL_S),
        "CONNECTOR_LOG_LEVEL": "INFO",
    }


def _sandbox(ending: ExitStack, base: dict[str, str], *, logs: Path, seed: int, only: str = "") -> dict[str, System]:
    """Starts a shop and an M3, or one of them."""
    command = [sys.executable, "-m", "sandbox", "--shop-port", "0", "--m3-port", "0", "--quiet-start"]
    log = logs / f"sandbox{'-' if only else ''}{only}.log"
    with log.open("wb") as output:
        process = start_child(
            [*command, "--seed", str(seed), *(["--only", only] if only else [])],
            environment=child_environment(base),
            folder=ROOT,
            output=output,
        )
    ending.callback(stop_child, process)
    words = _first_line(log, process).split()
    if words[:1] != ["sandbox"] or len(words) % 2 != 1:
        raise DemoError(f"The sandbox did not start; see {log}.")
    return {name: System(name, url) for name, url in zip(words[1::2], words[2::2], strict=True)}


def _first_line(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        line, end, _ = log.read_text(encoding="utf-8", errors="replace").partition("\n")
        if end:
            return line
        time.sleep(0.05)
    return ""


def _add_store(
    commands: Commands, folder: Path, name: str, *, shop: System, m3: System, ion_password: str, content: str
) -> None:
    """Adds a store by the command a person would use; secrets go by the environment, so no list of processes has them."""
    config, ionapi = folder / f"{name}.yaml", folder / "demo.ionapi"
    config.write_text(content, encoding="utf-8")
    ionapi.touch(mode=0o600)
    ionapi.write_text(json.dumps(m3.look("ionapi")), encoding="utf-8")
    shop_keys = {"CONNECTOR_WOO_KEY": "ck_sandbox", "CONNECTOR_WOO_SECRET": "cs_sandbox"}
    commands.run(
        *("store", "add", name, "--woo-url", shop.url, "--ionapi", str(ionapi), "--config", str(config)),
        also={
            **shop_keys,
            "CONNECTOR_WEBHOOK_SECRET": secrets.token_urlsafe(24),
            "CONNECTOR_ION_BASIC": f"{ION_USER}:{ion_password}",
        },
    )
    ionapi.unlink()


def _clear(folder: Path, *, announce: Announce, with_logs: bool) -> None:
    if with_logs:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
        elif path.name != "logs":
            shutil.rmtree(path, ignore_errors=True)
    announce(f"The logs of all processes are kept in {folder / 'logs'}")
