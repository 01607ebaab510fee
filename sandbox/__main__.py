"""Run the sandbox shop and the sandbox M3: `python -m sandbox`; `connector sandbox run` and the demo start it.

Each service is one process with threads, since its state is in memory; two services are two processes, so that a busy
shop does not slow M3 down.
"""

import argparse
import signal
import sys
import threading

from sandbox.services import SERVICES, Service

HINT = "books: GET /_book of either; faults and master data: /_control/...; Ctrl-C ends it"


def main() -> int:
    """Start what was asked for, say where, and serve until SIGTERM or SIGINT."""
    arguments = _parse()
    ports = {"shop": arguments.shop_port, "m3": arguments.m3_port}
    wanted = [arguments.only] if arguments.only else list(SERVICES)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    children = [Service(service, ports[service], arguments.seed) for service in wanted]
    try:
        urls = {child.name: child.url() for child in children}
        _say(" ".join(["sandbox", *(f"{name} {url}" for name, url in urls.items())]))
        if not arguments.quiet_start:
            _say("\n".join([*_keys(urls), HINT]))
        while not stop.wait(0.2) and all(child.is_alive() for child in children):
            continue
    finally:
        for child in children:
            child.stop()
    return 0 if stop.is_set() else 1


def _keys(urls: dict[str, str]) -> list[str]:
    """Say with what one gets in."""
    lines = {
        "shop": "shop keys: ck_sandbox and cs_sandbox (read and write)",
        "m3": f"M3's .ionapi file: curl -s {urls.get('m3')}/_control/ionapi",
    }
    return [lines[name] for name in urls]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A WooCommerce and an M3 that behave.")
    parser.add_argument("--shop-port", type=int, default=8091, help="0 = choose a free one")
    parser.add_argument("--m3-port", type=int, default=8092, help="0 = choose a free one")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same run")
    parser.add_argument("--quiet-start", action="store_true", help="print nothing but the line of addresses")
    parser.add_argument("--only", choices=list(SERVICES), help="start one of the two")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
