"""Flower shows the work of all stores, so it must not be opened by accident."""

from __future__ import annotations

import pytest

from connector.errors import ConfigurationError
from workers.monitor import flower_arguments


def test_flower_listens_on_loopback_reads_only_and_keeps_little() -> None:
    arguments = flower_arguments({})

    assert {"--address=127.0.0.1", "--read_only=True", "--max_tasks=5000", "--persistent=False"} <= set(arguments)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "flower.example"])
def test_flower_refuses_to_listen_elsewhere_without_a_password(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        flower_arguments({"FLOWER_ADDRESS": address, "FLOWER_BASIC_AUTH": ""})

    assert "FLOWER_BASIC_AUTH" in caught.value.resolution


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_loopback_needs_no_password(address: str) -> None:
    assert f"--address={address}" in flower_arguments({"FLOWER_ADDRESS": address})


def test_with_a_password_it_listens_where_it_is_told_and_the_password_is_not_an_argument() -> None:
    arguments = flower_arguments({"FLOWER_ADDRESS": "0.0.0.0", "FLOWER_BASIC_AUTH": "ana:secret"})

    assert "--address=0.0.0.0" in arguments
    assert not any("secret" in one for one in arguments)
