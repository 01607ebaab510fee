"""Seals and opens secrets with the keys of CONNECTOR_SECRET_KEYS; called by the runtime and the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from connector.errors import ConfigurationError

HOW_TO_MAKE_ONE = "Make a key with `connector keys generate` and set it as CONNECTOR_SECRET_KEYS."


class Cipher:
    """Symmetric, authenticated encryption with several keys: the first one seals, each of them opens."""

    def __init__(self, fernet: MultiFernet) -> None:
        """Keeps the keys; use `from_keys`."""
        self._fernet = fernet

    @classmethod
    def from_keys(cls, keys: Sequence[str]) -> Self:
        """Makes the cipher of this deployment.

        Args:
            keys: 32 random bytes each, URL-safe base64; the first one seals.

        Raises:
            ConfigurationError: There is no key, or one is malformed; tells which, never shows it.
        """
        if not keys:
            raise ConfigurationError(
                "CONNECTOR_SECRET_KEYS is not set, so stored credentials can be neither sealed nor opened.",
                resolution=HOW_TO_MAKE_ONE,
            )
        return cls(MultiFernet([_fernet(key, place) for place, key in enumerate(keys, start=1)]))

    def seal(self, secret: bytes) -> bytes:
        """Encrypts with the first key."""
        return self._fernet.encrypt(secret)

    def open(self, sealed: bytes) -> bytes:
        """Decrypts with whichever key fits.

        Raises:
            ConfigurationError: None of the keys fits, or the sealed bytes were changed.
        """
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise _cannot_open() from None

    def rotate(self, sealed: bytes) -> bytes:
        """Seals anew with the first key what any of the keys opens.

        Raises:
            ConfigurationError: None of the keys fits.
        """
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken:
            raise _cannot_open() from None


def generate_key() -> str:
    """Returns a new random key in the form CONNECTOR_SECRET_KEYS wants."""
    return Fernet.generate_key().decode("ascii")


def _fernet(key: str, place: int) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise ConfigurationError(
            f"Key {place} of CONNECTOR_SECRET_KEYS is malformed: 32 bytes in URL-safe base64 (44 characters) are "
            f"wanted, it has {len(key)} characters.",
            resolution=f"{HOW_TO_MAKE_ONE} Several keys are separated by commas.",
        ) from None


def _cannot_open() -> ConfigurationError:
    return ConfigurationError(
        "A stored secret cannot be opened: none of the keys in CONNECTOR_SECRET_KEYS sealed it.",
        resolution="Add the key that was used before (after a comma), or enter the credentials again with "
        "`connector store add`.",
    )
