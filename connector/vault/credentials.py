"""Which secrets a store has, and their sealed form in the ledger; called by the runtime and `connector store add`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector.errors import ConfigurationError
from connector.vault.cipher import Cipher


class CredentialName(StrEnum):
    """The secrets of a store, by the name of their row in the ledger."""

    WOO_KEY = "woo_key"  # consumer key of the shop's REST API
    WOO_SECRET = "woo_secret"  # noqa: S105 - a name, no secret
    WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 - signs the shop's deliveries
    IONAPI = "ionapi"  # content of the .ionapi file
    ION_BASIC = "ion_basic"  # user:password that ION and M3 show when they deliver
    ION_API_KEY = "ion_api_key"  # the same as a key in a header
    ION_OAUTH = "ion_oauth"  # the same as key:secret of OAuth 1.0a


NEEDED = (CredentialName.WOO_KEY, CredentialName.WOO_SECRET, CredentialName.WEBHOOK_SECRET, CredentialName.IONAPI)
"""Those without which a store cannot work; the others only open a door to us."""
ION = (CredentialName.ION_BASIC, CredentialName.ION_API_KEY, CredentialName.ION_OAUTH)
"""What ION and M3 may show when they deliver; a store may have any of them or none."""


@dataclass(frozen=True)
class StoreCredentials:
    """The opened secrets of one store; never shown, also not by accident in a traceback or a log line."""

    woo_key: str = field(repr=False)
    woo_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    ionapi: str = field(repr=False)


def seal_credentials(cipher: Cipher, secrets: Mapping[CredentialName, str]) -> dict[str, bytes]:
    """Seals the given secrets for the ledger; those left out are not touched there."""
    return {str(name): cipher.seal(secret.encode("utf-8")) for name, secret in secrets.items()}


def open_credentials(cipher: Cipher, sealed: Mapping[str, bytes]) -> StoreCredentials:
    """Opens the secrets of one store.

    Args:
        cipher: The keys of this deployment.
        sealed: Sealed secrets by name, as the ledger holds them.

    Raises:
        ConfigurationError: One is missing, or none of the keys opens it.
    """
    missing = [name for name in NEEDED if name not in sealed]
    if missing:
        raise ConfigurationError(
            f"The store lacks credentials: {', '.join(missing)}.",
            resolution="Add them with `connector store add NAME "
            + " ".join(f"--{name.replace('_', '-')} ..." for name in missing)
            + "`.",
        )
    opened = {str(name): cipher.open(sealed[name]).decode("utf-8") for name in NEEDED}
    return StoreCredentials(**opened)


def open_ion_credentials(cipher: Cipher, sealed: Mapping[str, bytes]) -> tuple[str | None, str | None, str | None]:
    """Opens what ION and M3 may show when they deliver: Basic, API key and OAuth, None for what is not set up.

    Raises:
        ConfigurationError: None of the keys opens one of them.
    """
    basic, api_key, oauth = (cipher.open(sealed[name]).decode("utf-8") if name in sealed else None for name in ION)
    return basic, api_key, oauth
