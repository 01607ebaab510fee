"""What the text of a ledger row says of the shop."""

from __future__ import annotations

import pytest

from connector.flows.books.keys import key_of
from connector.flows.reconciling.vouchers import read_key

EPOCH = "1795311984"


@pytest.mark.parametrize("store", ["w", "w1", "shop2024"])
@pytest.mark.parametrize("letter", ["P", "I"])
@pytest.mark.parametrize("order_id", [1, 54, 98765])
def test_what_the_flows_write_is_read_again(store: str, letter: str, order_id: int) -> None:
    key = key_of(store, letter, order_id, version=2)

    read = read_key(f"{key} {EPOCH} 1054", store=store)

    assert read is not None
    assert read.fact == (letter, order_id, EPOCH)
    assert read.version == "2"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rent for November",
        "W1P00000000001I1",
        "W1P0000000001i1 1795311984 54",
        "W2P00000000001I 1795311984",
        "W1P",
        "W1P00000000001I 17953119840 54",
    ],  # no moment in this era
)
def test_other_texts_are_nobodys(text: str) -> None:
    assert read_key(text, store="w1") is None


def test_a_store_whose_code_begins_as_anothers_is_told_apart() -> None:
    text = f"{key_of('w11', 'P', 54, version=1)} {EPOCH} 54"

    assert read_key(text, store="w1") is None
    assert read_key(text, store="w11") is not None


def test_a_store_whose_code_goes_on_with_a_letter_is_told_apart() -> None:
    text = f"{key_of('w1p', 'I', 54, version=1)} {EPOCH} 54"

    assert read_key(text, store="w1") is None
