"""What M3's refusals become."""

from __future__ import annotations

import pytest

from connector.errors import ConfigurationError, ConnectorError, M3RejectedError, RecordLockedError
from connector.m3.rejections import (
    ERROR_TYPES,
    MESSAGES,
    Refusal,
    already_exists,
    is_not_found,
    rejection,
    without_personal_data,
)


def refused(message_id: str = "", *, text: str = "no", error_type: str = "", **sent: str) -> ConnectorError:
    refusal = Refusal(text, message_id, error_type, "ITNO")
    return rejection(refusal, program="OIS100MI", transaction="AddBatchLine", sent=sent)


@pytest.mark.parametrize(
    ("message_id", "kind"),
    [
        ("XO_1130", RecordLockedError),
        ("XUP0001", RecordLockedError),
        ("X_01003", ConfigurationError),
        ("XAU0008", ConfigurationError),
        ("WIT0103", M3RejectedError),
        ("WDL0701", M3RejectedError),
        ("XXX9999", M3RejectedError),
        ("", M3RejectedError),
    ],
)
def test_the_message_id_decides_what_to_do(message_id: str, kind: type[ConnectorError]) -> None:
    error = refused(message_id)

    assert type(error) is kind
    assert error.resolution
    assert error.context["message_id"] == message_id


def test_a_transaction_this_m3_does_not_have_is_a_matter_of_configuration() -> None:
    assert isinstance(refused(error_type="TransactionNotFound"), ConfigurationError)


def test_the_text_names_program_transaction_message_id_and_field() -> None:
    error = refused("WIT0103", text="Item number NOSUCH does not exist")

    assert error.message == "OIS100MI/AddBatchLine: Item number NOSUCH does not exist [WIT0103] (field ITNO)"
    assert isinstance(error, M3RejectedError)
    assert (error.program, error.transaction, error.message_id, error.field) == (
        *("OIS100MI", "AddBatchLine"),
        *("WIT0103", "ITNO"),
    )


def test_a_persons_data_repeated_by_m3_is_masked() -> None:
    text = "Name ANNA EXAMPLE, town Köln, mail anna@example.com invalid for item A1"

    error = refused("CPF9898", text=text, CUNM="Anna Example", TOWN="Köln ", ITNO="A1")

    assert (
        error.message
        == "OIS100MI/AddBatchLine: Name ***, town ***, mail *** invalid for item A1 [CPF9898] (field ITNO)"
    )


def test_a_persons_data_cut_off_by_the_end_of_m3s_text_is_masked() -> None:
    text = "The address could not be checked against the register: Annab"  # 60 characters

    assert without_personal_data(text, ["Annabella"]).endswith("register: ***")


def test_short_word_of_a_persons_data_is_not_read_out_of_other_words() -> None:
    assert without_personal_data("Order of An der Elbe", ["der", "Elbe"]) == "Order of An *** ***"


def test_a_persons_data_without_blanks_around_it_is_masked() -> None:
    assert without_personal_data("客户山田太郎不存在", ["山田太郎"]) == "客户***不存在"


def test_not_found_and_exists_are_recognised_by_message_id_only() -> None:
    assert is_not_found(refused("XRE0103")) and is_not_found(refused("WIT0103"))
    assert already_exists(refused("XRE0104"))
    assert not is_not_found(refused("XRE0104")) and not already_exists(refused("XRE0103"))
    assert not is_not_found(refused(text="Record does not exist")) and not is_not_found(None)


def test_every_known_message_has_a_remedy_and_a_source() -> None:
    for rule in [*MESSAGES.values(), *ERROR_TYPES.values()]:
        assert rule.resolution.endswith(".") and rule.source
