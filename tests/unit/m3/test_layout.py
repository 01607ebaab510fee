"""Positional lines: every value at its place, nothing cut, and a layout that cannot be right refused when it is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.accounting.accounts import Account
from connector.errors import ConfigurationError, MappingError
from connector.m3.layout import Layout, RecordKind, load_layout

SHIPPED = Path(__file__).parents[3] / "config" / "m3" / "layouts" / "webinv.yaml"
AMOUNT = {"field": "CUAM", "from": 3, "to": 12, "align": "right"}
SIDE = {"field": "DBCR", "from": 13, "to": 13}


REST: list[dict[str, Any]] = [
    {"field": name, "from": 20 + 40 * place, "to": 59 + 40 * place}
    for place, name in enumerate(("AIT1", "CUCD", "ACDT", "VTXT", "CUNO", "PYNO", "CINO", "DUDT"))
]
"""What every record must hold besides the amount; the last four only that of the receivable."""


def layout_of(*others: dict[str, Any], **more: Any) -> Layout:
    records = [
        {"identity": "I1", "for": "receivable", "fields": [{**AMOUNT, "decimals": 2}, *REST]},
        {"identity": "I2", "for": "other", "fields": [*(others or (AMOUNT, SIDE)), *REST[:4]]},
    ]
    return Layout.model_validate({"interface": "X", "records": records, **more})


def line(amount: dict[str, Any], *, value: str, side: str = "C", **more: Any) -> str:
    return layout_of({**AMOUNT, **amount}, SIDE, **more).render(
        RecordKind.OTHER, {"CUAM": Decimal(value), "DBCR": side}
    )


def test_shipped_layout_places_every_value() -> None:
    text = load_layout(SHIPPED).render(
        RecordKind.RECEIVABLE,
        {
            **{"CUNO": "GUESTDEEUR", "PYNO": "GUESTDEEUR", "CINO": "W1-54", "INYR": "2026", "CUCD": "EUR"},
            **{"IVDT": date(2026, 11, 20), "DUDT": date(2026, 12, 20), "ACDT": date(2026, 11, 20)},
            **{"CUAM": Decimal("189.75"), "VTXT": "W1I00000000001I1", "AIT1": "1510"},
        },
    )

    assert text[:60] == "I1GUESTDEEURGUESTDEEURW1-54          20262026112020261220EUR"
    assert (text[60:77], text[77:85], text[125:]) == (f"{'189.75':>17}", "20261120", "1510      D")


@pytest.mark.parametrize(
    ("amount", "more", "expected"),
    [
        ({}, {}, "    189.75"),
        ({"pad": "0"}, {}, "0000189.75"),
        ({"align": "left"}, {}, "189.75    "),
        ({}, {"decimal_mark": ","}, "    189,75"),
        ({"decimals": 2, "pad": "0"}, {"decimal_mark": ""}, "0000018975"),
        ({"decimals": 3}, {}, "   189.750"),
        ({"sign": "leading"}, {}, "   -189.75"),
        ({"sign": "leading", "pad": "0"}, {}, "-000189.75"),
        ({"sign": "trailing", "pad": "0"}, {}, "000189.75-"),
        ({"sign": "trailing"}, {}, "   189.75-"),
    ],
)
def test_amount_is_written_as_the_site_wants_it(amount: dict[str, Any], more: dict[str, Any], expected: str) -> None:
    assert line(amount, value="189.75", **more)[2:12] == expected


def test_debit_has_no_sign_and_its_own_letter() -> None:
    text = line({"sign": "trailing"}, value="5", side="D", debit="1", credit="2")

    assert text[2:].rstrip() == "         51"


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"CUAM": Decimal("12345678.90"), "DBCR": "C"}, "10 are there"),
        ({"CUAM": Decimal("1"), "DBCR": "C", "AIT2": "SHOP"}, "AIT2"),
        ({"CUAM": Decimal("1"), "DBCR": "C", "VTCD": "1"}, "VTCD"),
    ],
)
def test_value_without_room_is_held_and_never_cut(values: dict[str, Any], word: str) -> None:
    with pytest.raises(MappingError, match=word):
        layout_of().render(RecordKind.OTHER, values)


def test_more_decimals_than_the_place_has_are_held() -> None:
    with pytest.raises(MappingError, match="more than 1 decimals"):
        line({"decimals": 1}, value="1.25")


@pytest.mark.parametrize(
    ("others", "word"),
    [
        ([AMOUNT, {"field": "DBCR", "from": 12, "to": 12}], "overlap"),
        ([AMOUNT, SIDE, {"field": "VTXT", "from": 880, "to": 901}], "900"),
        ([AMOUNT, SIDE, {"field": "VTXT", "from": 20, "to": 19}], "before it begins"),
        ([AMOUNT, SIDE, {"field": "COLOUR", "from": 20, "to": 29}], "nothing fills it"),
        ([AMOUNT], "debit from credit"),
        ([SIDE], "CUAM"),
        ([{**AMOUNT, "align": "left", "pad": "0"}, SIDE], "makes another one"),
        ([{**AMOUNT, "pad": "9"}, SIDE], "blanks or zeros"),
        ([AMOUNT, SIDE], "AIT1, CUCD, ACDT, VTXT must stand in it"),
        ([AMOUNT, SIDE, *REST[1:4], {**REST[0], "value": "3010"}], "AIT1 must stand in it"),
    ],
)
def test_layout_that_cannot_be_right_is_refused_with_its_reason(
    others: list[dict[str, Any]], word: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.yaml"
    records = [
        {"identity": "I1", "for": "receivable", "fields": [AMOUNT, *REST]},
        {"identity": "I2", "for": "other", "fields": others},
    ]
    file.write_text(yaml.safe_dump({"interface": "X", "records": records}), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=word):
        load_layout(file)


@pytest.mark.parametrize("name", ["CUNO", "PYNO", "CINO", "DUDT"])
def test_receivable_without_what_makes_it_an_invoice_is_refused(name: str) -> None:
    records = [
        {"identity": "I1", "for": "receivable", "fields": [AMOUNT, *(one for one in REST if one["field"] != name)]},
        {"identity": "I2", "for": "other", "fields": [AMOUNT, SIDE, *REST[:4]]},
    ]

    with pytest.raises(ValueError, match=f"I1: {name} must stand in it"):
        Layout.model_validate({"interface": "X", "records": records})


@pytest.mark.parametrize(
    ("account", "has_vat_codes", "word"),
    [
        (Account(account="3010", vat_code="1"), False, "VTCD"),
        (Account(account="3010"), True, "VTCD"),
        (Account(account="3010", dimensions={"AIT4": "WEB"}), False, "AIT4"),
    ],
)
def test_account_whose_code_would_be_dropped_is_refused_when_the_files_are_read(
    account: Account, has_vat_codes: bool, word: str
) -> None:
    with pytest.raises(ConfigurationError, match=word):
        layout_of().require_room(RecordKind.OTHER, [account], has_vat_codes=has_vat_codes)


def test_receivable_that_cannot_tell_a_credit_is_refused_where_refunds_are_credited() -> None:
    with pytest.raises(ConfigurationError, match="I1"):
        layout_of().require_side(RecordKind.RECEIVABLE)

    load_layout(SHIPPED).require_side(RecordKind.RECEIVABLE)


def test_ruler_shows_where_each_value_begins() -> None:
    tens, ones, names = load_layout(SHIPPED).ruler(RecordKind.OTHER)

    assert names.index("DBCR"[:1], 41) == 42 and ones[42] == "3"
    assert (tens[9], tens[19], len(tens)) == ("1", "2", 93)
    assert names.startswith("INAIT1......AIT2......CUCCUAM")
