"""Checks what `connector store add` was given, before anything is stored: name, address, secrets, files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from connector.errors import ConfigurationError
from connector.flows.issues.require_unit import require_unit
from connector.ledger.stores import StoreRow
from connector.m3.ionapi import Grant, parse_ionapi
from connector.m3.operations import load_operations
from connector.rule_files import load_mappings, load_store_layout
from connector.runtime import Runtime
from connector.settings import environment
from connector.stores.config import STORE_CODE, StoreConfig
from connector.stores.reading import parse_store_config, refuse_names_twice
from connector.vault.credentials import NEEDED, CredentialName

STDIN = "-"
SHORTEST_SECRET = 8


@dataclass(frozen=True)
class Given:
    """The pieces given on the command line."""

    name: str
    shop_url: str | None
    config_file: Path | None
    secrets: Mapping[CredentialName, str]


@dataclass(frozen=True)
class WholeStore:
    """A store that is complete and checked. `changed` names the given pieces."""

    shop_url: str
    config: str
    config_source: str
    changed: tuple[str, ...]


def require_store_name(name: str) -> None:
    """Makes sure that a store's code can be one.

    Raises:
        ConfigurationError: It has another form.
    """
    if STORE_CODE.fullmatch(name) is None:
        raise ConfigurationError(
            f"{name!r} cannot be a store's code.",
            resolution="Take 1 to 8 small letters and digits, like w1. It becomes part of every reference in M3 and "
            "never changes.",
        )


def given_secrets(options: Mapping[CredentialName, str | None]) -> dict[CredentialName, str]:
    """Collects the secrets from options, standard input (`-`) and environment; those given nowhere are left out.

    Args:
        options: What the command line says of each, None for nothing; of the .ionapi file its path.

    Raises:
        ConfigurationError: Two want standard input, one is empty, or the .ionapi file cannot be read.
    """
    from_stdin = [name for name, value in options.items() if value == STDIN]
    if len(from_stdin) > 1:
        raise ConfigurationError(
            f"Standard input cannot be {' and '.join(from_stdin)} at once.",
            resolution="Give the others as environment variables: CONNECTOR_WOO_KEY, CONNECTOR_WOO_SECRET, "
            "CONNECTOR_WEBHOOK_SECRET.",
        )
    variables = environment()
    found = {}
    for name, option in options.items():
        value = variables.get(f"CONNECTOR_{name.upper()}") if option is None else _option_value(name, option)
        if value is not None:
            found[name] = _checked_secret(name, value)
    return found


def complete_store(
    given: Given, *, known: StoreRow | None, sealed: Mapping[str, bytes], runtime: Runtime
) -> WholeStore:
    """Puts the given pieces over the known ones and checks the whole.

    Args:
        given: What the command line says.
        known: The store as the ledger has it, None for a new one.
        sealed: Its sealed secrets.
        runtime: Loads mapping files, and opens the known .ionapi file, which must fit a changed store file.

    Raises:
        ConfigurationError: Something is missing or wrong.
        MappingError: The file does not say in which unit the shop sells.
    """
    _require_all(given, known, sealed)
    if given.config_file is not None:
        text, source = _read(given.config_file, "store file"), str(given.config_file)
    else:
        assert known is not None, "a new store without a file was refused above"
        text, source = known.config, known.config_source
    shop_url = given.shop_url or (known.shop_url if known else "")
    config = parse_store_config(text, source=source)
    if given.config_file is not None:
        refuse_names_twice(text, source=source)
        require_unit(config)  # one that was taken before this was asked holds its stock issues alone
    load_mappings(runtime.settings.config_dir, config)
    load_store_layout(runtime.settings.config_dir, config)
    load_operations(runtime.settings.config_dir, config.operations)
    ionapi = given.secrets.get(CredentialName.IONAPI) or runtime.cipher.open(sealed[CredentialName.IONAPI]).decode(
        "utf-8"
    )
    parse_ionapi(ionapi, grant=Grant(config.m3.grant))
    changed = [name for name, value in (("woo_url", given.shop_url), ("config", given.config_file)) if value]
    return WholeStore(_checked_url(shop_url, config), text, source, (*changed, *map(str, given.secrets)))


def _require_all(given: Given, known: StoreRow | None, sealed: Mapping[str, bytes]) -> None:
    missing = [] if known or given.shop_url else ["--woo-url"]
    missing += [f"--{name.replace('_', '-')}" for name in NEEDED if name not in given.secrets and name not in sealed]
    missing += [] if known or given.config_file else ["--config"]
    if missing:
        raise ConfigurationError(
            f"The store {given.name} is not complete: {', '.join(missing)} missing.",
            resolution="Add what is missing. Secrets can also come from the environment (CONNECTOR_WOO_KEY, "
            "CONNECTOR_WOO_SECRET, CONNECTOR_WEBHOOK_SECRET, CONNECTOR_IONAPI), or one of them from standard input "
            "with `-`.",
        )
    if known and not (given.shop_url or given.config_file or given.secrets):
        raise ConfigurationError(
            f"Nothing was given that would change store {given.name}.",
            resolution="Name what is to be changed; `connector store add --help` lists what there is.",
        )


def _checked_url(url: str, config: StoreConfig) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            "The shop's address (--woo-url) is no web address.", resolution="Write it as https://shop.example."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            "The shop's address (--woo-url) holds more than scheme, host and path.",
            resolution="Leave user, password, ? and # out; keys go into --woo-key and --woo-secret.",
        )
    if parts.scheme == "http" and not config.shop.allow_plain_http:
        raise ConfigurationError(
            f"The shop's address http://{parts.hostname} is not encrypted.",
            resolution="Use https://, or allow it in the store file: shop: {allow_plain_http: true}.",
        )
    return url.rstrip("/").removesuffix("/wp-json/wc/v3").rstrip("/")


def _option_value(name: CredentialName, option: str) -> str:
    if option == STDIN:
        return sys.stdin.read() if name is CredentialName.IONAPI else sys.stdin.readline()
    return _read(Path(option), ".ionapi file") if name is CredentialName.IONAPI else option


def _checked_secret(name: CredentialName, value: str) -> str:
    # Every character of a webhook secret counts, blanks at its end too; only the line end of stdin is not part of it.
    cleaned = value.rstrip("\r\n") if name is CredentialName.WEBHOOK_SECRET else value.strip()
    if not cleaned:
        raise ConfigurationError(f"The credential {name} is empty.", resolution="Give its value.")
    if name is CredentialName.WEBHOOK_SECRET and len(cleaned) < SHORTEST_SECRET:
        raise ConfigurationError(
            f"The webhook secret has {len(cleaned)} characters; anybody could guess it and send us orders.",
            resolution=f"Take at least {SHORTEST_SECRET} random characters, like those of `connector keys generate`.",
        )
    return cleaned


def _read(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The {what} {path} cannot be read ({error.strerror}).", resolution="Correct the path or its rights."
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"The {what} {path} is no UTF-8 text.", resolution="Save it as UTF-8 and try again."
        ) from None
