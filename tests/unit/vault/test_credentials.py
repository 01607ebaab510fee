"""The secrets of a store: complete or refused, and never shown by accident."""

from __future__ import annotations

import pytest

from connector.errors import ConfigurationError
from connector.vault.cipher import Cipher, generate_key
from connector.vault.credentials import CredentialName, open_credentials, seal_credentials

SECRETS = {
    CredentialName.WOO_KEY: "ck_visible",
    CredentialName.WOO_SECRET: "cs_visible",
    CredentialName.WEBHOOK_SECRET: " ž & trailing ",
    CredentialName.IONAPI: '{"saak": "visible"}',
}


@pytest.fixture
def cipher() -> Cipher:
    return Cipher.from_keys([generate_key()])


def test_every_character_of_a_secret_survives_sealing(cipher: Cipher) -> None:
    opened = open_credentials(cipher, seal_credentials(cipher, SECRETS))

    assert opened.webhook_secret == " ž & trailing "
    assert opened.ionapi == '{"saak": "visible"}'


def test_the_text_form_of_credentials_shows_no_secret(cipher: Cipher) -> None:
    opened = open_credentials(cipher, seal_credentials(cipher, SECRETS))

    assert "visible" not in f"{opened!r} {opened}"


def test_missing_credentials_are_named_with_the_option_that_adds_them(cipher: Cipher) -> None:
    sealed = seal_credentials(cipher, {CredentialName.WOO_KEY: "ck"})

    with pytest.raises(ConfigurationError) as caught:
        open_credentials(cipher, sealed)

    assert "woo_secret, webhook_secret, ionapi" in caught.value.message
    assert "--webhook-secret" in caught.value.resolution
