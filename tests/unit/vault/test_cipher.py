"""What is sealed can only be opened with one of our keys, and keys never show."""

from __future__ import annotations

import pytest

from connector.errors import ConfigurationError
from connector.vault.cipher import Cipher, generate_key


def test_what_one_key_sealed_opens_after_a_newer_key_was_put_before_it() -> None:
    old, new = generate_key(), generate_key()
    sealed = Cipher.from_keys([old]).seal(b"secret")

    opened = Cipher.from_keys([new, old]).open(sealed)

    assert opened == b"secret"


def test_the_old_key_is_not_needed_any_more_after_rotating() -> None:
    old, new = generate_key(), generate_key()
    sealed = Cipher.from_keys([old]).seal(b"secret")

    rotated = Cipher.from_keys([new, old]).rotate(sealed)

    assert Cipher.from_keys([new]).open(rotated) == b"secret"
    with pytest.raises(ConfigurationError):
        Cipher.from_keys([old]).open(rotated)


def test_sealed_bytes_do_not_hold_the_secret() -> None:
    sealed = Cipher.from_keys([generate_key()]).seal(b"cs_1234567890")

    assert b"cs_1234567890" not in sealed


def test_a_changed_byte_is_noticed() -> None:
    cipher = Cipher.from_keys([generate_key()])
    sealed = bytearray(cipher.seal(b"secret"))
    sealed[20] ^= 1

    with pytest.raises(ConfigurationError):
        cipher.open(bytes(sealed))


def test_no_key_says_how_to_make_one() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Cipher.from_keys([])

    assert "connector keys generate" in caught.value.resolution


def test_a_malformed_key_is_named_by_its_place_and_never_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Cipher.from_keys([generate_key(), "not-a-key-but-secret"])

    assert "Key 2" in caught.value.message
    assert "not-a-key-but-secret" not in str(caught.value) + caught.value.resolution
    assert caught.value.__cause__ is None
