"""The two services of the sandbox, each a process that ends with its parent; `python -m sandbox` starts them."""

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

from sandbox.m3.app import create_app as create_m3
from sandbox.serving import SandboxServer
from sandbox.shop.app import create_app as create_shop

SERVICES = {"shop": create_shop, "m3": create_m3}


class Service:
    """One service in a process of its own; it ends when the pipe to its parent does."""

    def __init__(self, name: str, port: int, seed: int) -> None:
        self.name, self._port = name, port
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(name, port, seed, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def url(self) -> str:
        """Wait until the service listens and give its address."""
        try:
            said = self._pipe.recv()
        except EOFError:
            sys.exit(f"sandbox: the {self.name} service did not start, see above")
        if isinstance(said, OSError):
            sys.exit(
                f"sandbox: the {self.name} cannot listen on port {self._port} ({said.strerror}). Is another sandbox running?"
                f" Else give --{self.name}-port another port, or 0 for a free one."
            )
        return str(said)

    def is_alive(self) -> bool:
        """Tell whether the service runs."""
        return self._process.is_alive()

    def stop(self) -> None:
        """End the service."""
        self._pipe.close()
        self._process.join(timeout=2)
        if self._process.is_alive():
            self._process.kill()


def _serve(name: str, port: int, seed: int, parent: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us, too; the parent decides
    try:
        server = SandboxServer(SERVICES[name](seed=seed), port)
    except OSError as error:
        parent.send(error)
        return
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    parent.send(server.url)
    server.serve_forever(poll_interval=0.1)


def _end_with(parent: Connection) -> None:
    # The parent says nothing more. Its end of the pipe is closed when it stops or is killed, which is a reset if it had
    # not read our address yet. Nothing here is worth saving: the state is in memory.
    with suppress(EOFError, ConnectionError):
        parent.recv()
    os._exit(0)
