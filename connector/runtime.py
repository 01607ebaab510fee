"""The composition root: from settings to ledger, clients and mappings, once per process. Called by every entry point."""

from __future__ import annotations

import time
from functools import partial

import redis
from sqlalchemy import Engine

from connector.errors import ConfigurationError
from connector.flows.context import StoreContext
from connector.ion.access import IonSecrets
from connector.ion.rule_book import RuleBook
from connector.ledger.session import open_ledger, transaction, tried_twice
from connector.ledger.stores import StoreRow, find_store, list_stores, running_stores, sealed_credentials
from connector.ledger.tokens import LedgerTokenStore
from connector.m3.bulk import M3Context
from connector.m3.catalogue import Catalogue
from connector.m3.client import M3Client
from connector.m3.ionapi import Grant, IonApi, parse_ionapi
from connector.m3.operations import load_operations
from connector.m3.token import TokenSource
from connector.rule_files import load_mappings, load_store_layout
from connector.settings import Settings
from connector.stores.config import StoreConfig
from connector.stores.reading import parse_store_config
from connector.throttle.gate import Gate
from connector.vault.cipher import Cipher
from connector.vault.credentials import StoreCredentials, open_credentials, open_ion_credentials
from connector.woocommerce.client import WooClient

SECRET_KEPT_S = 30.0
STORES_KEPT_S = 30.0
REDIS_LIMIT_S = 2.0
ANSWER_S = 5.0  # no statement of the receiver takes this long; a shop waits 60 s for its answer


class Runtime:
    """What a process works with. Connections are opened when first needed, after the fork."""

    def __init__(self, settings: Settings, *, single_statements: bool = False) -> None:
        """Keeps the settings; opens nothing yet.

        Args:
            settings: The deployment.
            single_statements: This process's transactions have one statement each and somebody waits for them (the
                receiver): saves round trips, and does not wait for a silent database.
        """
        self.settings = settings
        self._single_statements = single_statements
        self.engine: Engine = open_ledger(
            settings.database_url, autocommit=single_statements, patience_s=ANSWER_S if single_statements else None
        )
        self.redis: redis.Redis = redis.Redis.from_url(
            settings.redis_url, socket_timeout=REDIS_LIMIT_S, socket_connect_timeout=REDIS_LIMIT_S
        )
        self._catalogue: Catalogue | None = None
        self._cipher: Cipher | None = None
        self._stores: dict[str, tuple[int, StoreContext]] = {}
        self._webhook_secrets: dict[str, tuple[float, str | None]] = {}
        self._ion_secrets: dict[str, tuple[float, IonSecrets | None]] = {}
        self._m3_scopes: dict[str, tuple[float, str]] = {}
        self._many_stores: tuple[float, bool] | None = None
        self._neighbours: dict[str, tuple[float, tuple[StoreContext, ...]]] = {}
        self._transactions: Engine | None = None
        self.event_rules = RuleBook(settings.config_dir)

    @property
    def transactions(self) -> Engine:
        """The ledger for transactions of several statements; a process of single statements has further connections for them.

        Changing how a pooled connection commits would cost two round trips a transaction.
        """
        if not self._single_statements:
            return self.engine
        if self._transactions is None:
            self._transactions = open_ledger(self.settings.database_url, patience_s=ANSWER_S)
        return self._transactions

    @property
    def cipher(self) -> Cipher:
        """Opens and seals the credentials.

        Raises:
            ConfigurationError: CONNECTOR_SECRET_KEYS is missing or malformed.
        """
        if self._cipher is None:
            self._cipher = Cipher.from_keys(self.settings.secret_keys)
        return self._cipher

    def close(self) -> None:
        """Closes all connections."""
        for _, store in self._stores.values():
            store.m3.close()
            store.shop.close()
        self._stores.clear()
        self.redis.close()
        self.engine.dispose()
        if self._transactions is not None:
            self._transactions.dispose()

    def store(self, name: str, *, version: int | None = None) -> StoreContext:
        """Returns a store ready to be worked for, made anew when its configuration changed.

        Args:
            name: The store code.
            version: Version read with the claim; None asks the ledger.

        Raises:
            ConfigurationError: The store, its file, credentials or mappings cannot be used; names file, line, field.
            LedgerUnavailableError: The database is away.
        """
        held = self._stores.get(name)
        if held is not None and held[0] == version:
            return held[1]
        row, credentials = self._read(name)
        if held is not None and held[0] == row.version:
            return held[1]
        store = self._compose(row, credentials)
        self._stores[name] = (row.version, store)
        return store

    def neighbours(self, name: str) -> tuple[StoreContext, ...]:
        """Returns the other stores that sell from, or show, warehouses of M3 this store does; at most 30 s old.

        One whose file or credentials cannot be used is left out: its own runs tell of it.

        Raises:
            LedgerUnavailableError: The database is away.
        """
        kept = self._neighbours.get(name)
        if kept is None or time.monotonic() - kept[0] >= STORES_KEPT_S:
            own = self.store(name)
            with transaction(self.engine) as connection:
                rows = [row for row in list_stores(connection) if row.name != name]
            found = [one for row in rows if (one := self._usable(row)) is not None and _share_stock(own, one)]
            kept = time.monotonic(), tuple(found)
            self._neighbours[name] = kept
        return kept[1]

    def _usable(self, row: StoreRow) -> StoreContext | None:
        try:
            return self.store(row.name, version=row.version)
        except ConfigurationError:
            return None

    def webhook_secret(self, store: str) -> str | None:
        """Returns the secret a store's deliveries are signed with, at most 30 s old; None for an unknown store."""
        kept = self._webhook_secrets.get(store)
        if kept is not None and time.monotonic() - kept[0] < SECRET_KEPT_S:
            return kept[1]
        sealed = tried_twice(self.engine, lambda connection: sealed_credentials(connection, store)).get(
            "webhook_secret"
        )
        secret = None if sealed is None else self.cipher.open(sealed).decode()
        if len(self._webhook_secrets) > 1000:
            self._webhook_secrets.clear()  # made-up store names must not fill the memory
        self._webhook_secrets[store] = (time.monotonic(), secret)
        return secret

    def ion_secrets(self, store: str) -> IonSecrets | None:
        """Returns what ION and M3 may show when they deliver for a store, at most 30 s old; None for an unknown store.

        Raises:
            LedgerUnavailableError: The database is away.
            ConfigurationError: None of our keys opens them.
        """
        kept = self._ion_secrets.get(store)
        if kept is not None and time.monotonic() - kept[0] < SECRET_KEPT_S:
            return kept[1]
        sealed = tried_twice(self.engine, lambda connection: sealed_credentials(connection, store))
        secrets = IonSecrets(*open_ion_credentials(self.cipher, sealed)) if sealed else None
        if len(self._ion_secrets) > 1000:
            self._ion_secrets.clear()  # made-up store names must not fill the memory
        self._ion_secrets[store] = (time.monotonic(), secrets)
        return secrets

    def m3_scope(self, store: str) -> str:
        """Returns tenant and company of M3 a store works with, at most 30 s old.

        Raises:
            LedgerUnavailableError: The database is away.
            ConfigurationError: The store's file or credentials cannot be used.
        """
        kept = self._m3_scopes.get(store)
        if kept is None or time.monotonic() - kept[0] >= SECRET_KEPT_S:
            row, credentials = self._read(store)
            config = parse_store_config(row.config, source=row.config_source)
            kept = time.monotonic(), _m3_scope(parse_ionapi(credentials.ionapi, grant=config.m3.grant), config)
            self._m3_scopes[store] = kept
        return kept[1]

    def has_many_stores(self) -> bool:
        """Tells whether more than one store is worked for; at most 30 s old.

        Raises:
            LedgerUnavailableError: The database is away.
        """
        kept = self._many_stores
        if kept is None or time.monotonic() - kept[0] >= STORES_KEPT_S:
            with transaction(self.engine) as connection:
                kept = time.monotonic(), running_stores(connection) > 1
            self._many_stores = kept
        return kept[1]

    def _read(self, name: str) -> tuple[StoreRow, StoreCredentials]:
        with transaction(self.engine) as connection:
            row = find_store(connection, name)
            sealed = sealed_credentials(connection, name)
        if row is None:
            raise ConfigurationError(f"There is no store {name}.", resolution="Add it: connector store add.")
        return row, open_credentials(self.cipher, sealed)

    def _compose(self, row: StoreRow, credentials: StoreCredentials) -> StoreContext:
        config = parse_store_config(row.config, source=row.config_source)
        ionapi = parse_ionapi(credentials.ionapi, grant=config.m3.grant)
        return StoreContext(
            name=row.name,
            config=config,
            m3_scope=_m3_scope(ionapi, config),
            shop=self._shop(row, config, credentials),
            m3=self._m3(ionapi, config),
            mappings=load_mappings(self.settings.config_dir, config, catalogue=self._catalogue),
            event_rules=self.event_rules,
            layout=load_store_layout(self.settings.config_dir, config),
            neighbours=partial(self.neighbours, row.name),
        )

    def _shop(self, row: StoreRow, config: StoreConfig, credentials: StoreCredentials) -> WooClient:
        limits = config.shop
        gate = Gate(
            self.redis,
            endpoint=row.shop_url,
            requests_per_s=limits.requests_per_s,
            concurrency=limits.concurrency,
            slot_lease_s=60,
        )
        return WooClient(
            row.shop_url,
            credentials.woo_key,
            credentials.woo_secret,
            gate=gate,
            allow_plain_http=limits.allow_plain_http,
        )

    def _m3(self, ionapi: IonApi, config: StoreConfig) -> M3Client:
        limits = config.m3
        if self._catalogue is None:
            self._catalogue = Catalogue.load()
        gate = Gate(
            self.redis,
            endpoint=f"m3/{ionapi.client_key(Grant(limits.grant))}",
            requests_per_s=limits.requests_per_s,
            concurrency=limits.concurrency,
            slot_lease_s=limits.gateway_cut_s + 10,
        )
        tokens = TokenSource(ionapi, grant=limits.grant, store=LedgerTokenStore(self.engine), cipher=self.cipher)
        context = M3Context(
            company=limits.company,
            division=limits.division,
            language=limits.language,
            gateway_cut_s=limits.gateway_cut_s,
            api_path=limits.api_path,
        )
        operations = load_operations(self.settings.config_dir, config.operations, catalogue=self._catalogue)
        return M3Client(
            ionapi, tokens=tokens, gate=gate, context=context, operations=operations, catalogue=self._catalogue
        )


def _m3_scope(ionapi: IonApi, config: StoreConfig) -> str:
    return f"{ionapi.ti}/{config.m3.company}"


def _share_stock(one: StoreContext, other: StoreContext) -> bool:
    return one.m3_scope == other.m3_scope and not one.config.warehouses.isdisjoint(other.config.warehouses)
