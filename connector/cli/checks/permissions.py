"""Tells what the M3 user and the shop's REST key of a store must be allowed, and no more. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connector.cli.checks.shop_requests import shop_requests
from connector.cli.checks.used_operations import Site, used_for
from connector.cli.output import print_table, say
from connector.flows.catalogue.rules import FLOW, ItemRules
from connector.m3.operations import Operation
from connector.mapping.engine import Mapping as FlowMapping
from connector.stores.config import StoreConfig


@dataclass(frozen=True)
class Transaction:
    """A transaction of M3 the service account must be allowed. `operations` are the keys it is bound under."""

    program: str
    transaction: str
    operations: tuple[str, ...]
    what: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """A request to the shop that the REST key's user must be allowed."""

    method: str
    path: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class Permissions:
    """What one store needs. `shop_right` is that of the REST key."""

    store: str
    m3: tuple[Transaction, ...]
    shop_right: str
    shop: tuple[Request, ...]


def site_of(config: StoreConfig, mappings: Mapping[str, FlowMapping]) -> Site:
    """Returns what a store has switched on."""
    items = config.publish.items
    return Site(config, None if items is None else ItemRules(items, mappings[FLOW]))


def permissions(store: str, site: Site, operations: Iterable[Operation]) -> Permissions:
    """Returns what a store needs, transactions and requests each once."""
    found: dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]] = {}
    for one in used_for(operations, site):
        name = (one.operation.program, one.operation.transaction)
        found.setdefault(name, []).append((one.operation.key, one.what))
    transactions = tuple(
        Transaction(
            *name, tuple(key for key, _ in used), tuple(dict.fromkeys(what for _, all_ in used for what in all_))
        )
        for name, used in sorted(found.items())
    )
    requests = tuple(
        Request(method, path, what)
        for request, what in shop_requests(site).items()
        for method, _, path in (request.partition(" "),)
    )
    writes = any(one.method != "GET" for one in requests)
    return Permissions(store, transactions, "Read/Write" if writes else "Read", requests)


def print_permissions(told: Iterable[Permissions]) -> None:
    """Prints two tables a store."""
    for one in told:
        print_table(
            ("Program", "Transaction", "For"),
            ((row.program, row.transaction, "; ".join(row.what)) for row in one.m3),
            title=f"Store {one.store}: what its M3 user must be allowed (MNS150, SES400), and no more",
        )
        say("")
        print_table(
            ("Method", "Path", "For"),
            ((row.method, f"/wp-json/wc/v3/{row.path}", "; ".join(row.what)) for row in one.shop),
            title=f"Store {one.store}: requests to the shop; a key with {one.shop_right}, of a user who may make them",
        )
        say("")
